"""What a package is made of: recorded judgements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Session"]


@dataclass(frozen=True)
class Session:
    """Records of one recorded judgement, in order.

    Parameters
    ----------
    name : str
        Unique in the package.
    kind : str
        See `entries.begin`.
    settings : mapping
        See docs/audit.md; of JSON. SHA-256s of `files` and the seed's hash are added.
    records : iterable of bytes
        `entries`; read once, as they are written.
    files : mapping of str to bytes
        By name: tables, models, raw codes. They lie in ``files/<session>/<name>``.
    seed : int or None
        Of the chance that breaks ties. It is given away: draw a new one for what comes after.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]
    records: Iterable[bytes]
    files: Mapping[str, bytes] = field(default_factory=dict)
    seed: int | None = None

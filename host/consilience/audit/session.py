"""What a package is made of: recorded judgements, and what is promised of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["Guarantee", "Session"]


class Guarantee(NamedTuple):
    """A line of the page, as in a service-level agreement.

    Parameters
    ----------
    what : str
        What is promised.
    bound : str
        The number, with its unit.
    confidence : str
        How sure: "certain", or with which probability over what.
    needs : str
        What has to hold for it.
    """

    what: str
    bound: str
    confidence: str
    needs: str


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
    guarantees : sequence of Guarantee
        For the page.
    """

    name: str
    kind: str
    settings: Mapping[str, Any]
    records: Iterable[bytes]
    files: Mapping[str, bytes] = field(default_factory=dict)
    seed: int | None = None
    guarantees: Sequence[Guarantee] = ()

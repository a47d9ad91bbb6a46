"""Files of frozen tables and of models: canonical bytes, with what people can read beside them.

A JSON object. Of a table: ``consilience`` "frozen table", ``binning`` (how scores become the
integers that `edges` are), ``delta``, ``kappas``, ``counts``, ``edges``, ``bytes`` (base64). Of a
model: ``consilience`` "model increments", ``contexts`` and ``symbols`` (names; left out, they are
numbers), ``bytes``. The bytes count; what stands beside them is compared. Or the bytes alone.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.frozen_bytes import MAGIC
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.model_bytes import MODEL_MAGIC
from consilience.monitor.model_increments import ModelIncrements

__all__ = ["BINNING", "FrozenSource", "ModelSource", "frozen_text", "model_text", "read_source"]

BINNING = "floor(65536 x)"
"""How scores become integers."""
_TABLE, _MODEL = "frozen table", "model increments"
_MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class FrozenSource:
    """A frozen table, and how the scores are binned that its edges are of."""

    table: FrozenTable
    binning: str = BINNING

    @property
    def digest(self) -> str:
        """SHA-256 of all that increments follow from."""
        return hashlib.sha256(self.binning.encode() + b"\0" + bytes(self.table)).hexdigest()


@dataclass(frozen=True)
class ModelSource:
    """A model's increments, and the names of its contexts and symbols.

    Parameters
    ----------
    increments : ModelIncrements
    contexts, symbols : tuple of str, or None
        None: they are numbers from 0 on.
    """

    increments: ModelIncrements
    contexts: tuple[str, ...] | None = None
    symbols: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for axis, names in enumerate((self.contexts, self.symbols)):
            count = self.increments.codes.shape[axis]
            if names is not None and not len(set(names)) == len(names) == count:
                raise BadInput(f"{len(set(names))} different names for {count} of the model")

    @property
    def digest(self) -> str:
        """SHA-256 of all that increments follow from."""
        names = json.dumps([self.contexts, self.symbols])
        return hashlib.sha256(names.encode() + b"\0" + bytes(self.increments)).hexdigest()

    def context(self, value: object) -> int:
        """Return the row of a context; BadInput if the model has none of the name."""
        place = _place(value, self.contexts, self.increments.codes.shape[0])
        if place is None:
            raise BadInput(f"context {value!r} is none of the model's")
        return place

    def symbol(self, value: object) -> int:
        """Return the column of a call; UNSEEN if it has none of its own."""
        count = self.increments.codes.shape[1]
        place = _place(value, self.symbols, count)
        if place == self.increments.end:
            raise BadInput(f"symbol {value!r} is the end of a run; say it by event end")
        if place is None and self.symbols is None:
            raise BadInput(f"symbol {value!r} is none of the model's, 0 .. {count - 1}")
        return self.increments.unseen if place is None else place

    def code(self, context: int, symbol: int) -> int:
        """Return the increment of a call, or of the end, in a context."""
        return int(self.increments.codes[context, symbol])


def frozen_text(source: FrozenSource) -> str:
    """Return the file of a frozen table."""
    return json.dumps({"consilience": _TABLE, **_readable(source), **_bytes(source.table)})


def model_text(source: ModelSource) -> str:
    """Return the file of a model."""
    names = {"contexts": source.contexts, "symbols": source.symbols}
    told = {name: value for name, value in names.items() if value is not None}
    return json.dumps({"consilience": _MODEL, **told, **_bytes(source.increments)})


def read_source(path: Path) -> FrozenSource | ModelSource:
    """Return the table or model of a file; its promise is proved again.

    Raises
    ------
    BadInput
        It cannot be read, is of another kind, or says something else than its bytes.
    """
    try:
        data = path.read_bytes()[: _MOST_BYTES + 1]
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    if not data.startswith((MAGIC, MODEL_MAGIC)):
        _refuse_others(data, path)
    try:
        if data.startswith(MAGIC):
            return FrozenSource(FrozenTable.from_bytes(data))
        if data.startswith(MODEL_MAGIC):
            return ModelSource(ModelIncrements.from_bytes(data))
        facts = json.loads(data)
        kind = facts.get("consilience") if isinstance(facts, dict) else None
        if kind not in (_TABLE, _MODEL):
            raise BadInput(f"is neither a {_TABLE} nor {_MODEL}")
        body = base64.b64decode(facts["bytes"], validate=True)
        return _table(facts, body) if kind == _TABLE else _model(facts, body)
    except KeyError as error:
        raise BadInput(f"{path}: {error} is missing; write the file anew") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput(f"{path}: {error}; write the file anew") from None


def _refuse_others(data: bytes, path: Path) -> None:
    """Raise BadInput for what is no file of ours at all, or one that is for another command."""
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError):
        raise BadInput(
            f"{path}: is neither JSON nor the bytes of a table or model; write the file anew, "
            "tables by `consilience calibrate`"
        ) from None
    if isinstance(facts, dict) and facts.get("format") == "consilience model":
        raise BadInput(
            f"{path}: is a model of `consilience fit`, which gives scores; write them with "
            f"`consilience score`, and watch these by their ranks, without --frozen and --model"
        )


def _table(facts: dict[str, Any], body: bytes) -> FrozenSource:
    source = FrozenSource(FrozenTable.from_bytes(body), str(facts["binning"]))
    for name, value in _readable(source).items():
        if facts[name] != value:
            raise BadInput(f"{name} is another than in its bytes")
    return source


def _model(facts: dict[str, Any], body: bytes) -> ModelSource:
    names = (_names(facts.get("contexts")), _names(facts.get("symbols")))
    return ModelSource(ModelIncrements.from_bytes(body), *names)


def _names(names: Sequence[object] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise BadInput("contexts and symbols are lists of text")
    return tuple(map(str, names))


def _readable(source: FrozenSource) -> dict[str, Any]:
    fields = source.table.fields
    return {
        "binning": source.binning,
        "delta": str(fields.delta),
        "kappas": [str(one) for one in fields.kappas],
        "counts": list(fields.counts),
        "edges": None if fields.edges is None else list(fields.edges),
    }


def _bytes(what: FrozenTable | ModelIncrements) -> dict[str, str]:
    return {"bytes": base64.b64encode(bytes(what)).decode()}


def _place(value: object, names: tuple[str, ...] | None, count: int) -> int | None:
    """Return the place of a name, or of a number where there are no names; None if it has none."""
    if names is not None:
        return names.index(value) if value in names else None
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count:
        return value
    return None

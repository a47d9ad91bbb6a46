"""Log-likelihoods of runs to scores: how much more likely the best other hypothesis is."""

from typing import Any

import msgspec

from consilience.errors import BadInput
from consilience.monitor.implied import RowRefused
from consilience.service.intake.columns import Columns
from consilience.service.intake.rows import ObservationReader, Row

__all__ = ["read_evidence"]

_FIELDS = {"agent", "run", "step", "event", "at", "group", "cut", "reporter"}
_NOT_HYPOTHESES = _FIELDS | {"weight", "score", "x"}


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    evidence: list[dict[str, Any]]


def read_evidence(body: bytes, against: str, reader: ObservationReader) -> Columns:
    """Return the rows of a body of `POST /v1/evidence`.

    A row names agent and run, as an observation does; its other numbers are log-likelihoods by
    hypothesis. Its score is the largest of them less that of `against`. `weight` is not used.

    Raises
    ------
    RowRefused
        A row cannot be understood.
    BadInput
        The body is no such JSON.
    """
    try:
        rows = msgspec.json.decode(body, type=_Body).evidence
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f'{error}; send {{"evidence": [{{...}}]}}') from None
    except RecursionError:
        raise BadInput("the body is nested too deeply; a row is one flat object") from None
    found = []
    for place, fields in enumerate(rows):
        try:
            found.append(_row(fields, against))
        except (BadInput, msgspec.ValidationError) as error:
            raise RowRefused(place, str(error)) from None
    return reader.columns(found)


def _row(fields: dict[str, Any], against: str) -> Row:
    given = {name: value for name, value in fields.items() if name in _FIELDS}
    likely: dict[str, float] = {}
    for name, value in fields.items():
        if name in _NOT_HYPOTHESES or value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            kind = type(value).__name__  # its text may be a secret that was put in the wrong place
            raise BadInput(f"{name} must be a log-likelihood, a number, not a value of type {kind}")
        likely[name] = value
    row = msgspec.convert(given, Row)
    if row.event in ("start", "acknowledge", "recalibrate") or (row.event == "end" and not likely):
        return row
    if against not in likely:
        raise BadInput(f"no {against}, the hypothesis of good behaviour (--against)")
    others = [value for name, value in likely.items() if name != against]
    if not others:
        raise BadInput(f"no hypothesis beside {against}")
    row.score = max(others) - likely[against]
    return row

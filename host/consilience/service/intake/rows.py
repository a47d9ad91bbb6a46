"""JSON of observations, one object or a line a row, to columns; a row that cannot be is named."""

import contextlib
import re
from typing import Any, Literal, NoReturn

import msgspec

from consilience.errors import BadInput
from consilience.monitor.agent_index import checked_id
from consilience.monitor.history import CUTS
from consilience.monitor.implied import RowRefused
from consilience.monitor.line_fields import binned, code_of
from consilience.monitor.watch_options import WatchOptions
from consilience.service.intake.columns import NOTES, Columns, Event

__all__ = ["ObservationReader", "Row", "reader_of"]

_EVENTS = {one.name.lower(): one for one in Event}
_MOST_STEP = 1 << 62
_MOST_NAME, _MOST_NAMED = 40, 10
_CALLED = {
    "run_id": "run",
    "session_id": "run",
    "trace_id": "run",
    "agent_id": "agent",
    "agent_name": "agent",
    "ts": "at (ms)",
    "timestamp": "at (ms)",
    "judge_score": "score",
}
"""Fields of logs, and what they are called in a row."""
_PLACE = re.compile(r"\[(\d+)\]")


class Row(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One observation.

    Attributes
    ----------
    agent : int or str
    run : int or str
        One task of the agent; needed, but for acknowledge and recalibrate.
    step : int
        Place of a score in its run, 0 or 1 the first: the same step counts once.
    score : float
        Of the whole run, or so far; high is suspect.
    event : str
        run (the whole of it, the default), start, score, end, acknowledge, recalibrate.
    at : int
        Clock in ms; orders nothing, but ends runs by --deadline.
    group : int or str
    cut : str
        Why the run was cut: independent, or suspected.
    x : list of float
        Increments in bits, where they are asserted.
    reporter : int or str
        Who says it, where several speak of a run and some may lie.
    """

    agent: int | str
    run: int | str | None = None
    step: int | None = None
    score: int | float | None = None
    event: Literal["run", "start", "score", "end", "acknowledge", "recalibrate"] = "run"
    at: int | None = None
    group: int | str | None = None
    cut: str | None = None
    x: list[float] | None = None
    reporter: int | str | None = None


class _Body(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    observations: list[Row]


class ObservationReader:
    """Understands bodies of `POST /v1/observations`.

    Parameters
    ----------
    asserted : int
        K, if rows bring increments; else 0.
    low_is_suspect : bool
    reported : bool
        A row is what its `reporter` says of a run, as a whole; one without starts or ends it.
    """

    def __init__(
        self, asserted: int = 0, low_is_suspect: bool = False, reported: bool = False
    ) -> None:
        self._asserted, self._low, self._reported = asserted, low_is_suspect, reported
        self._body = msgspec.json.Decoder(_Body)
        self._lines = msgspec.json.Decoder(Row)

    def read(self, body: bytes, *, lines: bool = False) -> Columns:
        """Return the rows of a body.

        Parameters
        ----------
        body : bytes
        lines : bool
            A JSON object a line, in place of {"observations": [...]}.

        Raises
        ------
        RowRefused
            A row cannot be understood.
        BadInput
            The body is no such JSON.
        """
        try:
            rows = self._lines.decode_lines(body) if lines else self._body.decode(body).observations
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            _refuse(error, body)
        except RecursionError:
            raise BadInput("the body is nested too deeply; a row is one flat object") from None
        return self.columns(rows)

    def columns(self, rows: list[Row]) -> Columns:
        """Return rows as columns, checked."""
        if not rows:
            raise BadInput("the body has no observation; send one or more")
        events = [_EVENTS[row.event] for row in rows]
        scores: list[int | None] = []
        for place, (row, event) in enumerate(zip(rows, events, strict=True)):
            try:
                scores.append(self._score(row, event))
            except (BadInput, OverflowError) as error:
                raise RowRefused(place, str(error)) from None
        found = Columns(
            [row.agent for row in rows],
            [row.run for row in rows],
            list(map(int, events)),
            scores,
            [row.step for row in rows],
        )
        at = [row.at for row in rows]
        groups = [row.group for row in rows]
        cuts = [row.cut for row in rows]
        reporters = [row.reporter for row in rows]
        found.reporters = reporters if any(one is not None for one in reporters) else None
        found.at = at if any(one is not None for one in at) else None
        found.groups = groups if any(one is not None for one in groups) else None
        found.cuts = cuts if any(one is not None for one in cuts) else None
        if self._asserted:
            found.increments = [[code_of(bits) for bits in row.x or ()] for row in rows]
        return found

    def _score(self, row: Row, event: Event) -> int | None:
        """Return the binned score of a row that can be; BadInput if it cannot."""
        for name in (row.agent, row.run, row.group, row.reporter):
            if name is not None:
                checked_id(name)
        if row.at is not None and not -(1 << 62) < row.at < 1 << 62:
            raise BadInput(f"at {row.at} is wider than 62 bits; give whole ms")
        if event in NOTES:
            if row.reporter is not None:
                raise BadInput(f"event {row.event} is of a user, no reporter's; leave reporter out")
            return None
        if row.run is None:
            raise BadInput(
                "no run; name each run of an agent, so that what is sent twice counts once"
            )
        if row.cut not in (None, *CUTS):
            raise BadInput(f"cut {row.cut!r} is none of {', '.join(CUTS)} (of the score)")
        if row.step is not None and not 0 <= row.step < _MOST_STEP:
            raise BadInput(f"step {row.step}: count steps of a run from 0 or 1 on, below 2**62")
        self._check_reporter(row, event)
        if self._reported and event is not Event.RUN:
            return None  # a start or an end: reports say the rest
        if self._asserted:
            self._check_increments(row, event)
            return None
        if row.x is not None:
            raise BadInput("x are increments, valid only if you say so: start with --asserted K")
        if event is Event.SCORE and row.step is None:
            raise BadInput(
                "no step; number the scores of a run, so that what is sent twice counts once"
            )
        if row.score is None:
            if event in (Event.RUN, Event.SCORE):
                raise BadInput("no score; give a number, high = suspect")
            return None
        return binned(row.score, self._low)

    def _check_reporter(self, row: Row, event: Event) -> None:
        if not self._reported:
            if row.reporter is not None:
                raise BadInput(
                    "reporter: here a row is the truth about its run; where several speak of it, "
                    "start with --faulty F --reporters N, else leave reporter out"
                )
            return
        if event is Event.SCORE or row.step is not None:
            raise BadInput(
                "with --faulty a reporter speaks once of a run, when it is over: send event run, "
                "without step"
            )
        if (row.reporter is None) == (event is Event.RUN):
            raise BadInput(
                "with --faulty a row with a reporter is all it says of a run (event run); rows of "
                "event start and end have none"
            )
        if event is not Event.RUN and (row.score is not None or row.x is not None):
            raise BadInput(f"event {row.event}: with --faulty a score is of a reporter, event run")
        if self._asserted and event is Event.START:
            raise BadInput("event start: asserted increments come whole, their first report starts")

    def _check_increments(self, row: Row, event: Event) -> None:
        if event is not Event.RUN:
            raise BadInput(f"event {row.event}: asserted increments come whole, without events")
        if row.x is None or len(row.x) != self._asserted or row.score is not None:
            raise BadInput(
                f"{self._asserted} increments are asserted: give x, as many numbers in bits, and "
                "no score"
            )


def reader_of(options: WatchOptions) -> ObservationReader:
    """Return what understands the rows of a service with these options."""
    return ObservationReader(
        options.asserted, options.low_is_suspect, reported=options.faulty is not None
    )


def _fields_of_row(body: bytes, place: int) -> str:
    """Return which fields of a row are none, and which there are; else where they are named."""
    row, known = _row_at(body, place), Row.__struct_fields__
    others = [name for name in row if name not in known]
    if not others:
        return "; see /docs for the fields of a row"
    named = ", ".join(name[:_MOST_NAME] for name in others[:_MOST_NAMED])
    renamed = [f"{name} to {_CALLED[name]}" for name in others if name in _CALLED]
    cure = f"rename {', '.join(renamed)}" if renamed else "leave them out"
    return f"; see /docs: a row has {', '.join(known)}, and not {named}: {cure}"


def _row_at(body: bytes, place: int) -> dict[str, Any]:
    """Return a row of a body that was refused, as it is; nothing where it is no object."""
    for is_lines in (False, True):
        with contextlib.suppress(
            msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, IndexError
        ):
            if is_lines:
                rows = msgspec.json.Decoder(Any).decode_lines(body)
            else:
                rows = msgspec.json.decode(body)["observations"]
            row = rows[place]
            if isinstance(row, dict):
                return row
    return {}


def _refuse(error: Exception, body: bytes) -> NoReturn:
    """Raise the error of a body that is no such JSON, with its row where it is of one."""
    words = str(error)
    found = _PLACE.search(words)
    if found is not None:
        raise RowRefused(int(found[1]), f"{words}{_fields_of_row(body, int(found[1]))}") from None
    if body[:2] == b"\x1f\x8b":
        words = "the body is packed; say so: Content-Encoding: gzip"
    raise BadInput(f'{words}; send {{"observations": [...]}}, or JSON lines as '
                   "application/x-ndjson") from None  # fmt: skip

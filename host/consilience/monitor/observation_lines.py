"""Lines of a file or a stream, CSV or JSON, to observations of runs; in order, none skipped."""

import csv
import json
from collections.abc import Sequence
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.line_cures import of_bytes, refuse_document, refuse_header
from consilience.monitor.line_fields import (
    binned,
    code_of,
    name_of,
    number_of,
    reason_of,
    sequence_of,
    whole_of,
)
from consilience.monitor.line_names import AS_THEY_ARE, IGNORED, LineNames, NamedColumns
from consilience.monitor.line_score import FIELDS, REPORTER, ScoreField, score_cure
from consilience.monitor.observation import NOTES, Observation, What
from consilience.monitor.source_file import ModelSource

__all__ = ["LineReader"]

_INCREMENT = "x"
_OF_MODELS = "context", "symbol"


class LineReader:
    """Understands lines one by one; the first of a CSV are the names of its columns.

    Columns, or keys of JSON objects: ``agent``; ``score`` (a number, high = suspect); and where
    there are any ``run``, ``event`` (run, start, score, end), ``at`` (an integer clock), ``group``,
    ``cut`` (independent, suspected), ``sequence``. Asserted increments: ``x1`` .. ``xK``, in bits.

    Parameters
    ----------
    asserted : int
        K, if increments are asserted; else 0.
    low_is_suspect : bool
    against : str or None
        The lines are evidence: the score is the largest other log-likelihood less this one.
    model : ModelSource or None
        The lines are calls, ``context`` and ``symbol``, and ends of runs, with the context in which
        they ended.
    reported : bool
        A line is what its ``reporter`` says of a run, as a whole; one without it starts or ends it.
    columns : NamedColumns
        What the user says of the columns' names; others go by `consilience.field_names`.

    A line without a score, null or an empty cell, is an observation whose score is None.
    """

    def __init__(
        self,
        asserted: int = 0,
        low_is_suspect: bool = False,
        against: str | None = None,
        model: ModelSource | None = None,
        reported: bool = False,
        columns: NamedColumns = AS_THEY_ARE,
    ) -> None:
        self._increments = [f"{_INCREMENT}{k}" for k in range(1, asserted + 1)]
        self._low, self._against, self._model = low_is_suspect, against, model
        self._needed = list(_OF_MODELS) if model else self._increments or [against or "score"]
        self._reported = reported
        self._used = {*FIELDS, *self._needed, *([REPORTER] if reported else [])}
        self._score = ScoreField(columns.score or "score", against, frozenset(self._used))
        self._whole_runs = columns.whole_runs
        if columns.whole_runs and (asserted or model or reported or against):
            raise BadInput("--whole-runs is of scores, a line each; leave it out")
        self._names = LineNames(columns, sorted(self._used), against)
        self._header: list[str] | None = None
        self._columns: list[str] | None = None
        self._begun = False
        self.unnamed = 0
        """Whole runs whose lines name none."""
        self.passed_over = 0
        """Lines that have no score, where those that have one are whole runs."""
        self.unused: set[str] = set()
        """Names that say nothing to the reader."""

    @property
    def columns(self) -> list[str] | None:
        """Names of the columns of a CSV, as it has them; None before its first line, and for
        JSON."""
        return self._header

    @columns.setter
    def columns(self, columns: Sequence[str] | None) -> None:
        self._header = None if columns is None else list(columns)
        self._columns = None if columns is None else self._names.known(columns)

    @property
    def taken(self) -> dict[str, str]:
        """What the file calls a field that it does not call by its name."""
        return self._names.taken

    def read(self, line: bytes, number: int) -> Observation | None:
        """Return what a line says; None of an empty one, and of the names of columns.

        Parameters
        ----------
        line : bytes
        number : int
            Of the line, 1 the first.

        Raises
        ------
        BadInput
            It cannot be understood; the message names the line.
        """
        try:
            text = line.decode().strip("\r\n")
            if number == 1:
                text = text.removeprefix("\ufeff")
            if not text.strip():
                return None
            if not self._begun and self._columns is None:
                refuse_document(text)
            self._begun = True
            if text.lstrip().startswith("{"):
                return self._observation(self._object(text), number)
            cells = next(csv.reader([text], strict=True))
            if self._columns is None:
                self._take_columns(cells)
                return None
            names = [cell.strip() for cell in cells]
            if names == self._header or {"agent", *self._needed} <= set(names):
                self._take_columns(cells)  # said again, as by a producer that starts anew
                return None
            if len(cells) != len(self._columns):
                raise BadInput(f"{len(cells)} cells for {len(self._columns)} columns")
            fields = zip(self._columns, cells, strict=True)
            said = {name: cell or None for name, cell in fields if cell or name == "score"}
            return self._observation(said, number)
        except UnicodeDecodeError:
            raise BadInput(f"line {number}: {of_bytes(line)}") from None
        except (BadInput, ValueError, csv.Error) as error:
            raise BadInput(f"line {number}: {error}") from None
        except RecursionError:
            raise BadInput(
                f"line {number}: is nested too deeply; a line is one flat object"
            ) from None

    def _take_columns(self, cells: Sequence[str]) -> None:
        header = [cell.strip() for cell in cells]
        refuse_header(header)
        names = self._names.known(header)
        missing = [name for name in ("agent", *self._needed) if name not in names]
        if "score" in missing and f"{_INCREMENT}1" in names:
            raise BadInput(
                "columns x1 .. are increments, which are valid only if you say so: pass --asserted"
            )
        others = [name for name in names if name not in (*FIELDS, "weight", REPORTER, IGNORED)]
        if missing == ["score"] and others and self._score.name == "score":
            raise BadInput(f"no column score; {score_cure(others)}")
        if self._reported and REPORTER not in names:
            raise BadInput("no column reporter, and --faulty is of reporters; leave --faulty out")
        if missing and "event" not in names:
            lacks = self._score.name if missing[0] == "score" else missing[0]
            raise BadInput(
                f"no column {lacks}; the first line names the columns: agent, score, and run, "
                "event, at, group, cut, sequence where there are any"
            )
        self._header, self._columns = header, names

    def _object(self, text: str) -> dict[str, Any]:
        said = json.loads(text)
        found = zip(self._names.known(said), said.values(), strict=True)
        return {name: value for name, value in found if value is not None or name == "score"}

    def _observation(self, fields: dict[str, Any], number: int) -> Observation | None:
        fields.pop(IGNORED, None)
        if self._against is None:
            self.unused |= fields.keys() - self._used
        agent = name_of(fields.get("agent"), "agent")
        what = self._what(fields.get("event", What.CALL.value if self._model else What.WHOLE.value))
        if what in NOTES:
            return Observation(what, agent, number, at=whole_of(fields, "at"))
        if self._whole_runs and "score" not in fields:
            self.passed_over += 1
            return None
        if "run" not in fields and what is not What.WHOLE:
            raise BadInput(f"event {what.value} needs a run")
        run = name_of(fields["run"], "run") if "run" in fields else number
        reporter = self._reporter(what, fields) if self._reported else None
        increments: tuple[int, ...] | None = None
        if self._reported and what is not What.WHOLE:
            pass  # a start or an end: reports say the rest
        elif self._model:
            increments = (self._increment(self._model, what, fields),)
        elif self._increments:
            increments = tuple(code_of(number_of(fields, name)) for name in self._increments)
        elif f"{_INCREMENT}1" in fields and "score" not in fields:
            raise BadInput("x1 is an increment, which is valid only if you say so: pass --asserted")
        score = None
        whole = what is What.WHOLE or not self._reported
        if what is not What.START and increments is None and whole:
            found = self._score.of(fields, what)
            score = None if found is None else binned(found, self._low)
        self.unnamed += "run" not in fields
        return Observation(
            what,
            agent,
            run,
            score,
            whole_of(fields, "at"),
            None if "group" not in fields else name_of(fields["group"], "group"),
            reason_of(fields.get("cut")),
            sequence_of(fields),
            increments,
            "run" in fields,
            reporter,
        )

    @staticmethod
    def _reporter(what: What, fields: dict[str, Any]) -> AgentId | None:
        """Return who says a line; None of the start or the end of a run."""
        if (REPORTER in fields) != (what is What.WHOLE):
            raise BadInput(
                "with --faulty a line with a reporter is all it says of a run; lines of event "
                "start and end have none"
            )
        if "run" not in fields:
            raise BadInput("with --faulty each line names its run: reports of one are put together")
        return name_of(fields[REPORTER], REPORTER) if REPORTER in fields else None

    @staticmethod
    def _increment(model: ModelSource, what: What, fields: dict[str, Any]) -> int:
        if "context" not in fields or (what is What.CALL and "symbol" not in fields):
            raise BadInput("a call needs context and symbol, the end of a run its context")
        context = model.context(fields["context"])
        if what is What.END:
            return model.code(context, model.increments.end)
        return model.code(context, model.symbol(fields["symbol"]))

    def _what(self, word: object) -> What:
        if self._whole_runs:
            return next((one for one in NOTES if one.value == word), What.WHOLE)
        of_model = (What.END, What.CALL, What.ACKNOWLEDGE, What.RECALIBRATE)
        no_words = What.CALL, What.UNLATCH
        words = [
            one.value for one in What if (one in of_model if self._model else one not in no_words)
        ]
        if word not in words:
            cure = "" if self._model else "; where each line with a score is a run: --whole-runs"
            raise BadInput(f"event {word!r} is none of {', '.join(words)}{cure}")
        what = What(word)
        closes = self._reported and what is What.END
        if self._increments and what in (What.START, What.SCORE, What.END) and not closes:
            raise BadInput(f"event {what.value}: asserted increments come whole, without events")
        return what

"""Which format a file is of, by what it holds and never by its name; and its reading."""

import contextlib
import gc
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.traces.adk import ADK
from consilience.traces.agentdojo import AGENTDOJO
from consilience.traces.atif import ATIF
from consilience.traces.atof import ATOF
from consilience.traces.call_lines import CALL_LINES, lacking
from consilience.traces.claude_code import CLAUDE_CODE
from consilience.traces.cloudwatch import CLOUDWATCH
from consilience.traces.codex import CODEX, CODEX_EVENTS
from consilience.traces.event_stream import EVENT_STREAM
from consilience.traces.format import Format
from consilience.traces.gemini_cli import GEMINI_CLI
from consilience.traces.inspect_log import INSPECT
from consilience.traces.jaeger import JAEGER
from consilience.traces.json_rpc import MCP
from consilience.traces.json_values import finite
from consilience.traces.langfuse import LANGFUSE
from consilience.traces.managed_agent import MANAGED_AGENT
from consilience.traces.messages import MESSAGES
from consilience.traces.metric_table import METRIC_TABLE
from consilience.traces.mini_swe_agent import MINI_SWE_AGENT
from consilience.traces.openai_api import COMPLETIONS, RESPONSES
from consilience.traces.openclaw import OPENCLAW, OPENCLAW_SESSIONS
from consilience.traces.openclaw_trajectory import OPENCLAW_TRAJECTORIES
from consilience.traces.opencode import OPENCODE
from consilience.traces.openhands import OPENHANDS
from consilience.traces.otlp import OTLP
from consilience.traces.otlp_protobuf import OTLP_PROTOBUF
from consilience.traces.prometheus import PROMETHEUS_QUERY, PROMETHEUS_TEXT
from consilience.traces.run_rows import SERVICES
from consilience.traces.score_table import SCORE_TABLE
from consilience.traces.source import Source
from consilience.traces.span_lists import SPAN_LISTS
from consilience.traces.steps import Reading
from consilience.traces.swe_agent import SWE_AGENT
from consilience.traces.tau_bench import TAU2_BENCH, TAU_BENCH, TAU_BENCH_TEXT
from consilience.traces.tool_bench import TOOL_BENCH
from consilience.traces.walker import ANY_JSON

__all__ = ["AUTO", "FORMATS", "TraceFile", "read_trace"]

AUTO = "auto"

FORMATS: tuple[Format, ...] = (
    # Named by keys of their own; what may be taken for another's comes later.
    OTLP_PROTOBUF, OTLP, JAEGER, LANGFUSE, ATOF, ATIF, INSPECT, AGENTDOJO, TOOL_BENCH, TAU_BENCH,
    TAU2_BENCH, TAU_BENCH_TEXT, CLAUDE_CODE, MANAGED_AGENT, OPENCLAW_TRAJECTORIES, OPENCLAW,
    OPENCLAW_SESSIONS, ADK, SWE_AGENT, MINI_SWE_AGENT, OPENHANDS, CODEX, CODEX_EVENTS, GEMINI_CLI,
    OPENCODE, MCP,
    *SERVICES, PROMETHEUS_QUERY, CLOUDWATCH, EVENT_STREAM, COMPLETIONS, RESPONSES, SPAN_LISTS,
    MESSAGES, PROMETHEUS_TEXT, SCORE_TABLE, METRIC_TABLE, CALL_LINES, ANY_JSON,
)  # fmt: skip
"""In the order in which `auto` tries them."""

_GENERAL = (COMPLETIONS, RESPONSES, SPAN_LISTS, MESSAGES, SCORE_TABLE, METRIC_TABLE, CALL_LINES,
            ANY_JSON)  # fmt: skip
"""What files of other formats hold, too: no reason for doubt."""


@dataclass(frozen=True, slots=True)
class TraceFile:
    """A file that was read.

    Attributes
    ----------
    format : Format
    why : str
        What it was recognised by.
    reading : Reading
    """

    format: Format
    why: str
    reading: Reading

    def as_json(self, file: str) -> dict[str, Any]:
        """Return the reading as JSON, with the file's name and format."""
        value: dict[str, Any] = {"file": file, "format": self.format.name}
        value["recognised_by"] = self.why
        value |= finite(self.reading.as_json())
        return value


def read_trace(path: Path, name: str = AUTO) -> TraceFile:
    """Read a file of agents' traces, of metrics or of scores.

    Parameters
    ----------
    path : Path
    name : str
        The format's name, or `auto`.

    Raises
    ------
    BadInput
        The file cannot be read, is of no known format, or not of the one that was named.
    """
    try:
        source = Source(path)
        with _no_collection():
            format_, why = _found(source) if name == AUTO else _asked(source, name)
            reading = _read(source, format_, name)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{path}: cannot be read ({error}); copy it again") from None
    except RecursionError:
        raise BadInput(f"{path}: nested too deep; give a flatter file") from None
    reading.warnings += source.doubts
    if source.broken:
        reading.warnings.append(
            f"{source.broken} lines are no JSON objects or lists, and were left out"
        )
    named = any(sequence.steps for sequence in reading.sequences)
    if reading.kind == "tool_calls" and not named and not reading.warnings:
        reading.warnings.append("the file names no tool call")
    odd = _odd_name(reading)
    if odd is not None:
        reading.warnings.append(
            f"something is named {odd!r}, where names of tools or metrics should be; check the file"
        )
    return TraceFile(format_, why, reading)


def _odd_name(reading: Reading) -> str | None:
    """Return a name that can hardly be meant: a number, or nothing."""
    for sequence in reading.sequences:
        for step in sequence.steps:
            if step.name.isdecimal() or not step.name:
                return step.name
    return None


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Let the collector of circles rest: JSON has none, and it would walk all that is kept."""
    resting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if resting:
            gc.enable()


def _asked(source: Source, name: str) -> tuple[Format, str]:
    """Return the format of a name; it is taken as such, whatever its beginning looks like."""
    for one in FORMATS:
        if one.name == name:
            why = one.recognise(source)
            return one, "as asked" if why is None else f"as asked; {why}"
    raise BadInput(f"{name}: no format; choose {AUTO}, {_known()}")


def _known() -> str:
    return ", ".join(one.name for one in FORMATS)


def _read(source: Source, format_: Format, name: str) -> Reading:
    """Return what a file holds; BadInput if it is not of the format that was asked for."""
    if name == AUTO or format_.recognise(source) is not None:
        return format_.read(source)
    try:
        reading = format_.read(source)
    except BadInput as refusal:
        raise BadInput(f"{refusal}{_looks_like(source)}") from None
    if not any(sequence.steps for sequence in reading.sequences):
        cure = _looks_like(source) or f"; leave --format out, or choose of {_known()}"
        raise BadInput(f"{source.path}: has nothing that format {name} reads{cure}")
    reading.warnings.append(
        f"was read as {name}, as asked, though it does not begin like such a file; compare the "
        "calls"
    )
    return reading


def _looks_like(source: Source) -> str:
    """Return in words what a file is rather taken for; nothing if that is not known either."""
    try:
        other, why = _found(source)
    except BadInput:
        return ""
    return f"; it looks like {other.name} ({why}): leave --format out"


def _found(source: Source) -> tuple[Format, str]:
    for place, one in enumerate(FORMATS):
        why = one.recognise(source)
        if why is not None:
            later = (other for other in FORMATS[place + 1 :] if other not in _GENERAL)
            doubtful = [other.name for other in later if other.recognise(source) is not None]
            if doubtful and one not in _GENERAL:
                source.doubts.append(
                    f"may be of format {' or '.join(doubtful)} as well: if it is, name that"
                )
            return one, why
    if source.shape == "text" and (separators := _other_separators(source)):
        raise BadInput(
            f"{source.path}: columns are separated by commas, not by {separators}; save it so"
        )
    if (lacks := lacking(source)) is not None:
        raise BadInput(
            f"{source.path}: of no known format; {lacks}; name them so, or, if later lines have "
            f"them, pass --format {CALL_LINES.name}; other formats are in docs/traces.md"
        )
    raise BadInput(
        f"{source.path}: of no known format; export it as OTLP JSON, or as JSON lines of messages; "
        f"known are {_known()}"
    )


def _other_separators(source: Source) -> str | None:
    """Return in words what separates the columns of a table, if it is no commas."""
    lines = source.first_lines(2)
    for mark, words in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        columns = lines[0].count(mark)
        if columns > lines[0].count(",") and all(line.count(mark) == columns for line in lines):
            return words
    return None

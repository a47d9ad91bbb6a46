"""Agents whose steps are traced with the OpenTelemetry SDK, as its GenAI conventions name them."""

import random
from collections.abc import Sequence
from pathlib import Path

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.trace import Span, SpanKind, set_span_in_context

__all__ = ["HIJACKED", "SpanLines", "TracedAgent", "good_run"]

_GOOD = (
    ("list_mail", "read_mail", "draft_reply", "send_reply"),
    ("list_mail", "read_mail", "search_calendar", "draft_reply", "send_reply"),
    ("list_mail", "read_mail", "read_mail", "summarise"),
    ("search_calendar", "create_event", "draft_reply", "send_reply"),
    ("search_files", "read_file", "summarise"),
)
HIJACKED = ("list_mail", "read_mail", "search_files", "read_file", "list_contacts", "send_money")
"""What a mail makes the agent do whose text holds instructions of somebody else."""


def good_run(chance: random.Random) -> tuple[str, ...]:
    """Return the tools of a run as the agents usually do them, sometimes one twice."""
    tools = list(chance.choice(_GOOD))
    if chance.random() < 0.2:
        place = chance.randrange(len(tools))
        tools.insert(place, tools[place])
    return tuple(tools)


class TracedAgent:
    """An agent; each of its runs is a trace.

    Parameters
    ----------
    name : str
    exporter : SpanExporter
        Where its spans go.
    at_once : bool
        Export each span as it ends; else in batches, as is usual.
    """

    def __init__(self, name: str, exporter: SpanExporter, *, at_once: bool) -> None:
        self._name = name
        self._provider = TracerProvider(resource=Resource({"service.name": "mail-agents"}))
        processor = SimpleSpanProcessor if at_once else BatchSpanProcessor
        self._provider.add_span_processor(processor(exporter))
        self._tracer = self._provider.get_tracer("live_service")

    def run(self, tools: Sequence[str]) -> None:
        """Do a whole run."""
        root = self.begin()
        for tool in tools:
            self.step(root, tool)
        root.end()

    def begin(self) -> Span:
        """Begin a run; it ends with its span."""
        values = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": self._name}
        return self._tracer.start_span(f"invoke_agent {self._name}", attributes=values)

    def step(self, root: Span, tool: str) -> None:
        """Call a tool within a run."""
        values = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "gen_ai.agent.name": self._name,
        }
        context = set_span_in_context(root)
        self._tracer.start_span(
            f"execute_tool {tool}", context, kind=SpanKind.INTERNAL, attributes=values
        ).end()

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class SpanLines(SpanExporter):  # type: ignore[misc]
    """Appends spans to a file as lines of OTLP's JSON, which `consilience fit` reads.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write them."""
        from google.protobuf.json_format import MessageToJson
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

        self._file.write(MessageToJson(encode_spans(spans), indent=None) + "\n")
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the file."""
        self._file.close()

"""How fast spans are read: OTLP JSON lines, as a collector writes them, a tenth of them tools."""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from consilience.traces.detection import read_trace

__all__ = ["spans_a_second"]

_IN_A_TRACE = 20
_IN_A_LINE = 200
_START = 1_700_000_000_000_000_000


def spans_a_second(count: int) -> tuple[float, float]:
    """Return spans read in a second of processor time, and bytes of a span."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spans.jsonl"
        with path.open("w") as file:
            for first in range(0, count, _IN_A_LINE):
                spans = [_span(number) for number in range(first, first + _IN_A_LINE)]
                batch = {"resource": {"attributes": []}, "scopeSpans": [{"spans": spans}]}
                file.write(json.dumps({"resourceSpans": [batch]}) + "\n")
        started = time.process_time()
        reading = read_trace(path).reading
        seconds = time.process_time() - started
        assert reading.extra["spans"] == count
        return count / seconds, path.stat().st_size / count


def _span(number: int) -> dict[str, Any]:
    trace, place = divmod(number, _IN_A_TRACE)
    tool = place % 10 == 3
    values = {
        "gen_ai.operation.name": "execute_tool" if tool else "chat",
        "gen_ai.conversation.id": f"conversation {trace}",
        "gen_ai.request.model": "model",
        "gen_ai.usage.input_tokens": number % 1000,
        "server.address": "model.example.org",
        "user.name": "user",
    }
    if tool:
        values |= {"gen_ai.tool.name": "search", "gen_ai.tool.call.id": f"call_{number}"}
    return {
        "traceId": f"{trace + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "parentSpanId": f"{trace * _IN_A_TRACE + 1:016x}" if place else "",
        "name": "execute_tool search" if tool else "chat model",
        "kind": 1,
        "startTimeUnixNano": str(_START + number * 1000),
        "endTimeUnixNano": str(_START + number * 1000 + 500),
        "attributes": [
            {"key": key, "value": {"stringValue": value} if isinstance(value, str)
             else {"intValue": str(value)}}
            for key, value in values.items()
        ],
        "status": {},
    }  # fmt: skip

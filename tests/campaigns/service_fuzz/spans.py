"""Spans of agents: right, with values that cannot be, in protobuf with bytes changed; a million."""

import functools
import gzip
import json
import random
import struct
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from consilience.cli.app import main

__all__ = ["deep_spans", "fitted", "packed_million", "spans"]

JSON, PROTOBUF = "application/json", "application/x-protobuf"
_TOOLS = ("search", "read", "answer", "delete_all", "")
_BAD: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 2**70, 1.5, "", "x", "0" * 32, "f" * 600, "\ud800", [], {},
    [None], "\0",
)  # fmt: skip
_KEYS = (
    "gen_ai.operation.name",
    "gen_ai.agent.name",
    "gen_ai.tool.name",
    "gen_ai.input.messages",
    "",
)


def fitted(folder: Path) -> Path:
    """Return a model fitted on sixty good runs, as a service needs one to take spans."""
    runs = [
        _run(random.Random(n), 900 + n, ["search", "read", "answer"][: 2 + n % 2])
        for n in range(60)
    ]
    path = folder / "traces.jsonl"
    path.write_text("\n".join(json.dumps(_request(run)) for run in runs))
    if main(["fit", str(path), "--out", str(folder / "model.json"), "--json"]):
        raise RuntimeError("no model could be fitted")
    return folder / "model.json"


def spans(rng: random.Random) -> tuple[bytes, str]:
    """Return a body of spans and its type."""
    tools = [rng.choice(_TOOLS) for _ in range(rng.randrange(6))]
    run = _run(rng, rng.randrange(1, 400), tools)
    rng.shuffle(run)
    run = run[: rng.randrange(len(run) + 1)]
    odd = rng.random() < 0.5
    for _ in range(rng.randrange(1, 5) if odd and run else 0):
        _change(rng, rng.choice(run))
    whole = _request(run)
    if odd and rng.random() < 0.2:
        around: Any = rng.choice((*_BAD, [{"scopeSpans": rng.choice(_BAD)}], [{"resource": "x"}]))
        whole = {"resourceSpans": around}
    if rng.random() < 0.5:
        return json.dumps(whole).encode("utf-8", "surrogatepass"), JSON
    try:
        message = ParseDict(whole, ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except (ParseError, TypeError, ValueError, AttributeError, SystemError):
        return json.dumps(whole).encode("utf-8", "surrogatepass"), JSON
    data = bytearray(message.SerializeToString())
    if data and rng.random() < 0.4:
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        data = data[: rng.randrange(len(data)) + 1] if rng.random() < 0.3 else data
    return bytes(data), PROTOBUF


def deep_spans(rng: random.Random) -> tuple[bytes, str]:
    """Return a span with values in values in values, or with texts that are no UTF-8."""
    value = _field(1, rng.choice((b"a", b"\xff\xfe", b"\xed\xa0\x80", b"\0")))
    for _ in range(rng.choice((0, 30, 99, 1_000, 5_000))):
        value = _field(5, _field(1, value))  # an array of one
    key = rng.choice((b"gen_ai.agent.name", b"\xc0\xaf", b"k"))
    attribute = _field(9, _field(1, key) + _field(2, value))
    span = _field(1, rng.randbytes(16)) + _field(2, rng.randbytes(8)) + attribute
    return _field(1, _field(2, _field(2, span))), PROTOBUF


def _run(rng: random.Random, trace: int, tools: list[str]) -> list[dict[str, Any]]:
    """Return the spans of a run: its root, and its calls of tools."""
    root = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": f"p{rng.randrange(5)}"}
    found = [_span(trace, 1, "", root)]
    for number, tool in enumerate(tools):
        call = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
        found.append(_span(trace, number + 2, f"{1:016x}", call))
    return found


def _span(trace: int, number: int, parent: str, values: dict[str, str]) -> dict[str, Any]:
    attributes = [{"key": key, "value": {"stringValue": text}} for key, text in values.items()]
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}",
        "parentSpanId": parent,
        "name": "x",
        "startTimeUnixNano": str(trace * 10**9 + number),
        "endTimeUnixNano": str(trace * 10**9 + 10**6),
        "attributes": attributes,
    }


def _request(run: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": run}]}]}


def _change(rng: random.Random, span: dict[str, Any]) -> None:
    """Put something that cannot be somewhere in a span."""
    kind = rng.choice(("string", "int", "double", "bool", "array", "kvlist", "bytes", "other"))
    value = rng.choice((*_BAD, {"values": [{"stringValue": "a"}]}, {"values": rng.choice(_BAD)}))
    name = rng.choice((*span, "events", "links", "status", "kind", "extra", "attributes"))
    attribute = {"key": rng.choice(_KEYS), "value": {f"{kind}Value": value}}
    span[name] = rng.choice((*_BAD, [attribute], [attribute] * 50))


@functools.cache
def packed_million(in_rows: bool) -> tuple[bytes, str]:
    """Return 10^6 attributes, packed: names in a row of an observation, or of one span."""
    if in_rows:
        names = b",".join([b'"x":1'] * 1_000_000)
        row = b'{"observations":[{"agent":"a","run":1,"score":1,' + names + b"}]}"
        return gzip.compress(row, 9, mtime=0), JSON
    one = _field(9, _field(1, b"a") + _field(2, b"\x18\x01"))
    span = _field(1, bytes(range(1, 17))) + _field(2, bytes(range(1, 9))) + one * 1_000_000
    return gzip.compress(_field(1, _field(2, _field(2, span))), 9, mtime=0), PROTOBUF


def _field(number: int, content: bytes) -> bytes:
    """Return a field of protobuf that holds bytes."""
    size, length = len(content), b""
    while size > 127:
        length += struct.pack("B", size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content

"""OTLP as SDKs send it: any order, late, twice; an alarm with the step; an end with the root."""

import gzip
import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from consilience.cli.app import main
from consilience.monitor.watch_options import WatchOptions

AGENT = "planner"


def span(trace, number, name=None, parent="aa" * 8, ended=True):
    """Return a span of OTLP's JSON: the run of an agent, or a call of a tool."""
    kind = "execute_tool" if name else "invoke_agent"
    values = {"gen_ai.operation.name": kind, "gen_ai.agent.name": None if name else AGENT,
              "gen_ai.tool.name": name}  # fmt: skip
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}" if name else "aa" * 8,
        "parentSpanId": parent if name else "",
        "name": f"{kind} {name or AGENT}",
        "startTimeUnixNano": str(trace * 10**9 + number),
        "endTimeUnixNano": str(trace * 10**9 + 10**6 + number) if ended else "0",
        "attributes": [
            {"key": key, "value": {"stringValue": value}}
            for key, value in values.items() if value
        ],
    }  # fmt: skip


def request(*spans):
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def run(trace, tools):
    return [span(trace, n + 1, name) for n, name in enumerate(tools)] + [span(trace, 0)]


OPTIONS = WatchOptions(arl="12", n0=50, ties="full")
"""One bad run is enough to alarm, and no chance is in it."""
GOOD = ["search", "read", "answer"]
BAD = ["wire_money", "delete_all", "wire_money", "delete_all"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A chain fitted on good runs alone, as `consilience fit` makes it."""
    folder = tmp_path_factory.mktemp("fit")
    lines = [json.dumps(request(*run(900 + n, GOOD[: 2 + n % 2]))) for n in range(60)]
    (folder / "traces.jsonl").write_text("\n".join(lines))
    path = folder / "model.json"
    assert main(["fit", str(folder / "traces.jsonl"), "--out", str(path)]) == 0
    return path


@pytest.fixture
def asked(start, model):
    return lambda: start(options=OPTIONS, model=model)


def post(asked, *spans):
    return asked.ask("POST", "/v1/traces", json=request(*spans))


def learn(asked, first=1):
    spans = [one for trace in range(first, first + 60) for one in run(trace, GOOD[: 2 + trace % 2])]
    assert post(asked, *spans).json() == {}


def test_without_a_model_spans_are_refused_and_the_cure_is_named(start):
    found = post(start(), *run(1, GOOD))
    assert (found.status_code, found.json()["type"][-8:]) == (409, "no-model")
    assert "--model" in found.json()["detail"]


def test_a_hijacked_run_alarms_with_its_step_and_once_more_when_it_has_ended(asked):
    asked = asked()
    learn(asked)
    assert asked.get(f"/v1/agents/{AGENT}")["runs"] == 60
    trace = 500
    post(asked, span(trace, 0, ended=False), span(trace, 1, "search"))
    assert asked.get("/v1/alarms")["alarms"] == []
    post(asked, span(trace, 2, BAD[0]), span(trace, 3, BAD[1]))
    (first,) = asked.get("/v1/alarms")["alarms"]
    assert (first["agent"], first["provisional"]) == (AGENT, True)
    post(asked, span(trace, 0))
    alarms = asked.get("/v1/alarms")["alarms"]
    assert [one["provisional"] for one in alarms] == [True, False]
    found = post(asked, span(trace, 4, "late"))
    assert found.json()["partialSuccess"]["rejectedSpans"] == "1"


def test_spans_in_any_order_and_twice_are_one_run(asked, start, model):
    ordered = asked()
    learn(ordered)
    other = start("other", options=OPTIONS, model=model)
    learn(other)
    spans = run(500, BAD)
    for one in spans:
        post(ordered, one)
    post(other, *spans[2:-1], *spans[2:-1])
    post(other, *spans[:3])
    post(other, spans[-1])
    for one in (ordered, other):
        assert one.get(f"/v1/agents/{AGENT}")["history"][-1]["run"] == f"{500:032x}"
    scores = [one.get(f"/v1/agents/{AGENT}")["history"][-1]["score"] for one in (ordered, other)]
    assert scores[0] == scores[1]


def test_protobuf_packed_and_what_is_damaged(asked):
    asked = asked()
    made = ExportTraceServiceRequest()
    scope = made.resource_spans.add().scope_spans.add()
    one = scope.spans.add(trace_id=bytes([5] * 16), span_id=bytes([6] * 8), name="invoke_agent x",
                          start_time_unix_nano=5, end_time_unix_nano=6)  # fmt: skip
    one.attributes.add(key="gen_ai.operation.name").value.string_value = "invoke_agent"
    body = made.SerializeToString()

    def posted(content, **headers):
        kind = {"content-type": "application/x-protobuf", **headers}
        return asked.ask("POST", "/v1/traces", content=content, headers=kind)

    assert posted(gzip.compress(body), **{"content-encoding": "gzip"}).content == b""
    again = ExportTraceServiceResponse.FromString(posted(body).content)
    assert again.partial_success.rejected_spans == 1
    assert posted(body[:-3]).status_code == 422
    assert posted(body, **{"content-type": "text/plain"}).status_code == 415
    deep = b'{"resourceSpans":' + b"[" * 500_000 + b"]" * 500_000 + b"}"
    assert posted(deep, **{"content-type": "application/json"}).status_code == 422
    assert posted(b'{"resourceLogs":[]}', **{"content-type": "application/json"}).status_code == 422


def test_an_open_trace_goes_on_after_a_new_start_and_ends_when_it_is_idle(asked, start, model):
    first = asked()
    learn(first)
    post(first, span(500, 0, ended=False), *run(500, BAD)[:2])
    seen = first.get(f"/v1/agents/{AGENT}")["last_seen_ms"]
    first.service.close()
    again = start(options=OPTIONS, model=model, idle_ms=0)
    again.service.engine.end_idle()
    again.send({"agent": "other", "run": 1, "score": 1})  # behind it in the queue
    found = again.get(f"/v1/agents/{AGENT}")
    assert found["history"][-1]["run"] == f"{500:032x}"
    assert found["last_seen_ms"] == seen  # a clock ended it: the agent was not heard


@pytest.mark.parametrize("start_ns", [2**64, 2**70, -1, -(2**70), "9" * 25])
def test_a_time_that_cannot_be_is_none(asked, start_ns):
    one = asked()
    found = one.ask(
        "POST", "/v1/traces", json=request({**span(1, 0), "startTimeUnixNano": start_ns})
    )
    assert found.status_code == 200 and found.json() == {}

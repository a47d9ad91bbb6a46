"""Requests are counted by route and status; no request makes a new label."""

import asyncio

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client import CollectorRegistry

from consilience.service.telemetry.http_metrics import HttpMetrics, NamesRoute


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def ask(registry):
    """Return a function that asks an app: without a server, and else as one does."""
    app = FastAPI()

    @app.get("/v1/agents/{agent}")
    async def agent(agent: str) -> dict[str, str]:
        if agent == "broken":
            raise RuntimeError("broken")
        return {"agent": agent}

    @app.get("/events")
    async def events() -> StreamingResponse:
        return StreamingResponse(iter([b"data: 1\n\n"]), media_type="text/event-stream")

    app.add_middleware(NamesRoute)

    async def guard(scope, receive, send):
        await app({**scope, "identity": 1}, receive, send)  # another dictionary, as a guard has

    counted = HttpMetrics(guard, registry)

    def run(path, method="GET"):
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("127.0.0.1", 1),
            "client": ("127.0.0.1", 2),
            "root_path": "",
        }

        async def receive():
            await asyncio.sleep(10)

        async def send(message):
            pass

        asyncio.run(counted(scope, receive, send))

    return run


def requests(registry):
    return {
        (one.labels["method"], one.labels["route"], one.labels["status"]): one.value
        for family in registry.collect()
        for one in family.samples
        if one.name == "consilience_http_requests_total"
    }


def test_by_route_and_status(ask, registry):
    ask("/v1/agents/a"), ask("/v1/agents/b")
    ask("/v1/agents/a", "DELETE")
    for path in ("/nowhere", "/nowhere/else"):
        ask(path)
        ask(path, "BREW")
    with pytest.raises(RuntimeError):
        ask("/v1/agents/broken")
    assert requests(registry) == {
        ("GET", "/v1/agents/{agent}", "200"): 2,
        ("DELETE", "/v1/agents/{agent}", "405"): 1,
        ("GET", "other", "404"): 2,
        ("other", "other", "404"): 2,
        ("GET", "/v1/agents/{agent}", "500"): 1,
    }
    assert registry.get_sample_value("consilience_http_requests_open") == 0
    seconds = "consilience_http_request_seconds_count"
    assert registry.get_sample_value(seconds, {"route": "/v1/agents/{agent}"}) == 4


def test_each_request_is_a_line_at_level_debug(ask, caplog):
    caplog.set_level("DEBUG", "consilience.service.telemetry")
    ask("/v1/agents/a")
    (line,) = caplog.records
    assert (line.method, line.path, line.status) == ("GET", "/v1/agents/a", 200)


def test_a_stream_of_events_has_no_time(ask, registry):
    ask("/events")
    assert requests(registry) == {("GET", "/events", "200"): 1}
    seconds = "consilience_http_request_seconds_count"
    assert registry.get_sample_value(seconds, {"route": "/events"}) is None


def test_a_client_that_left_before_there_was_an_answer(registry):
    async def silent(*_):
        pass

    scope = {"type": "http", "method": "GET", "path": "/"}
    asyncio.run(HttpMetrics(silent, registry)(scope, None, None))
    assert requests(registry) == {("GET", "other", "499"): 1}


def test_other_protocols_pass(registry):
    seen = []

    async def app(scope, *_):
        seen.append(scope["type"])

    asyncio.run(HttpMetrics(app, registry)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"] and requests(registry) == {}

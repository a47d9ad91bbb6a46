"""The service itself behind the guard: who takes data in takes no alarm away."""

import asyncio
import gzip

import httpx
import pytest

from consilience.service.access.audit_log import read_changes
from consilience.service.access.guard import Guard
from consilience.service.access.limits import Limits


@pytest.fixture
def ask(start, tokens, audit):
    asked = start()
    guard = Guard(asked._app, tokens, Limits(), audit)

    def sent(token, *rows):
        async def send():
            transport = httpx.ASGITransport(guard)
            async with httpx.AsyncClient(transport=transport, base_url="http://any") as client:
                return await client.post(
                    "/v1/observations",
                    json={"observations": rows},
                    headers={"authorization": f"Bearer {token.text}"},
                )

        return asyncio.run(send())

    return sent


@pytest.mark.parametrize("event", ["acknowledge", "recalibrate"])
def test_acknowledgements_need_admin(ask, tokens, event, tmp_path):
    sender, _ = tokens.create("sender", ["ingest"])
    operator, made = tokens.create("operator", ["admin"])
    row = {"agent": "a", "run": 1, "score": 1}
    note = {"agent": "a", "run": "note", "event": event}
    assert ask(sender, row).status_code == 200
    refused = ask(sender, {**row, "run": 2}, note)
    assert refused.status_code == 403 and "scope admin" in refused.json()["detail"]
    assert not list(read_changes(tmp_path / "changes.jsonl"))
    answer = ask(operator, {**row, "run": 2}, note)
    assert answer.status_code == 200 and answer.json()["accepted"] == 2
    (line,) = read_changes(tmp_path / "changes.jsonl")
    assert line["who"] == f"token {made.id} (operator)" and line["what"] == {"agent": "a"}
    assert line["did"].startswith(event.removesuffix("e")) and line["did"].endswith("d an agent")


def test_a_packed_body_is_measured_once(start, tokens, audit):
    """Unpacked above the limit of what comes, within that of what is unpacked."""
    sender, _ = tokens.create("sender", ["ingest"])
    guard = Guard(start(None)._app, tokens, Limits(), audit)
    note = " " * 400  # rows of a good size
    rows = b"\n".join(
        b'{"agent":"a","run":%d,"score":1}%b' % (n, note.encode()) for n in range(4000)
    )
    assert len(rows) > 1 << 20
    headers = {"authorization": f"Bearer {sender.text}", "content-encoding": "gzip"}
    headers["content-type"] = "application/x-ndjson"

    async def send():
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://any") as client:
            return await client.post(
                "/v1/observations", content=gzip.compress(rows), headers=headers
            )

    answer = asyncio.run(send())
    assert answer.status_code == 200 and answer.json()["accepted"] == 4000, answer.text


def test_no_answer_shows_what_was_sent_by_mistake(start, tokens):
    """A token in a path, a query or a row is in no problem."""
    token, _ = tokens.create("any", ["read"])
    asked = start(None)
    for method, path in (
        ("GET", f"/v1/agents/{token.text}"),
        ("DELETE", f"/v1/agents/{token.text}"),
        ("GET", f"/{token.text}"),
        ("GET", f"/v1/agents?limit={token.text}"),
        ("GET", f"/v1/agents?after={token.text}&state={token.text}"),
    ):
        found = asked.ask(method, path)
        assert token.secret.hex() not in found.text
        assert found.headers["content-type"] in ("application/problem+json", "application/json")
    found = asked.send({"agent": "a", "run": 1, "score": 1, "cut": token.text})
    assert found.status_code == 422 and token.secret.hex() not in found.text
    # A path with a slash too many is another path, not a redirection to the client's Host.
    assert asked.ask("GET", "/v1/fleet/").status_code == 404

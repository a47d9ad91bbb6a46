"""The service itself behind the guard: who takes data in takes no alarm away."""

import asyncio

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

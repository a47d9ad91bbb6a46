"""Alarms listed, acknowledged and silenced: by the clients and by the command line."""

import asyncio
import json

import pytest

from consilience.cli.app import main
from consilience.client import AsyncClient, Client
from consilience.errors import BadInput
from tests.host.client.conftest import Served

GOOD = [{"agent": "a", "run": f"g{i}", "score": i % 7} for i in range(60)]
BAD = [{"agent": "a", "run": f"b{i}", "score": 50 + i} for i in range(8)]


@pytest.fixture
def alarmed(tmp_path):
    """A service with an alarm of agent a."""
    served = Served(tmp_path / "state")
    with Client(served.url) as client:
        for rows in (GOOD, BAD):
            client.send(rows)
    served.service.alerting.catch_up()
    yield served
    served.close()


@pytest.fixture
def told(alarmed, capsys):
    """Return a function that runs a command and returns (exit code, stdout, stderr)."""

    def run(*words):
        code = main(["service", *words, "--url", alarmed.url])
        return code, *capsys.readouterr()

    return run


def test_the_clients(alarmed):
    with Client(alarmed.url) as client:
        (alarm,) = client.alerts()
        silence = client.silence("a*", 60_000, "load test")
        assert client.silences() == [silence]
        assert client.lift(silence["id"])["pattern"] == "a*"
        assert client.acknowledge(alarm["id"], "seen") == [alarm["id"]]
        assert list(client.alerts(page=1)) == []
        (ended,) = client.alerts(standing=False)
        assert ended["ended"]["note"] == "seen"
        with pytest.raises(BadInput, match="no alarm 9"):
            client.acknowledge(9)

    async def the_same():
        async with AsyncClient(alarmed.url) as client:
            assert [one["id"] async for one in client.alerts(standing=False)] == [1]
            assert await client.acknowledge(1) == [1]
            silence = await client.silence("b", 60_000)
            assert await client.silences() == [silence]
            assert (await client.lift(silence["id"]))["id"] == silence["id"]

    asyncio.run(the_same())


def test_the_command_line_from_an_alarm_to_its_end(told):
    code, out, _ = told("alarms")
    assert code == 0 and "no target" in out and " a " in out
    code, out, _ = told("silence", "a*", "--for", "2h", "--note", "load test")
    assert code == 0 and out.startswith("silence 1: nobody is told of a* until")
    assert "silenced" in told("alarms")[1]
    assert "load test" in told("silences")[1]
    assert told("silence", "--lift", "1")[1] == "silence 1 of a* has ended\n"
    assert told("silences")[1] == "no silence holds\n"
    assert "no alarm stands now whose agent matches b" in told("silence", "b", "--for", "1m")[2]
    assert told("acknowledge", "1")[1] == "acknowledged: 1\n"
    assert told("alarms")[1] == "no alarm stands\n"
    (ended,) = json.loads(told("alarms", "--ended", "--json")[1])["alerts"]
    assert ended["ended"]["how"] == "acknowledged"
    assert "acknowledged" in told("alarms", "--ended")[1]


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (["silence"], "--for TIME"),
        (["silence", "a"], "--for TIME"),
        (["silence", "a", "--for", "2 hours"], "30m, 12h, 90d"),
        (["silence", "a", "--lift", "1"], "give it alone"),
        (["silence", "--lift", "7"], "no silence 7"),
        (["silence", "a[", "--for", "1h"], "[[]"),
        (["acknowledge", "7"], "no alarm 7"),
    ],
)
def test_mistakes_on_the_command_line(told, words, cure):
    code, _, err = told(*words)
    assert code == 2
    assert cure in err

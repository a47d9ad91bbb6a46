"""The client against a service on a socket: what is sent counts once, whatever is lost."""

import asyncio

import numpy as np
import pytest

from consilience.client import AsyncClient, Client, Receipt, Retrying, ServiceError
from consilience.client.address import Address
from consilience.errors import BadInput, NoDevice, PermissionRefused
from consilience.link.token_proof import Token

AT_ONCE = Retrying(tries=4, first_s=0.0, most_s=0.0)


def good(count, agent="a"):
    return [{"agent": agent, "run": f"g{i}", "score": i % 7} for i in range(count)]


BAD = [{"agent": "a", "run": f"b{i}", "score": 50 + i} for i in range(8)]


def test_what_is_sent_is_read_back(served):
    with Client(served.url) as client:
        assert client.send(good(120), batch=50) == Receipt(accepted=120, position=3)
        assert client.send(good(120), batch=50).duplicates == 120
        assert client.send(BAD).alarms == (1,)
        assert client.fleet()["alarm"] == 1
        assert client.agent("a")["state"] == "alarm"
        assert [one["agent"] for one in client.agents(state="alarm", page=1)] == ["a"]
        assert [one["id"] for one in client.alarms(page=1)] == [1]
        assert client.status()["observations"] == 128


def test_the_async_client_does_the_same(served):
    async def talk():
        async with AsyncClient(served.url) as client:
            receipt = await client.send(good(60) + BAD, batch=40)
            agents = [one async for one in client.agents()]
            alarms = [one async for one in client.alarms()]
            followed = await anext(client.follow_alarms())
            return receipt, agents[0]["agent"], [one["id"] for one in alarms], followed["id"]

    receipt, agent, alarms, followed = asyncio.run(talk())
    assert (receipt.accepted, agent, alarms, followed) == (68, "a", [1], 1)


@pytest.mark.parametrize("refusal", ["lost", 503, 429, 507])
def test_a_batch_is_tried_again_and_counts_once(served, refusal):
    served.refusals += [refusal, refusal]
    with Client(served.url, retrying=AT_ONCE) as client:
        receipt = client.send(good(30))
    assert receipt.accepted + receipt.duplicates == 30
    assert served.service.status()["observations"] == 30
    assert len(served.asked) == 3


def test_a_run_without_a_name_counts_once_too(served):
    served.refusals.append("lost")
    with Client(served.url, retrying=AT_ONCE) as client:
        client.send([{"agent": "a", "score": np.float64(1.5)}, {"agent": "a", "score": 1.5}])
    assert served.service.status()["observations"] == 2


def test_what_cannot_be_is_not_tried_again(served):
    with Client(served.url, retrying=AT_ONCE) as client:
        with pytest.raises(BadInput, match=r"POST /v1/observations: .*\(HTTP 422\)"):
            client.send([{"agent": "a", "score": "high"}])
        with pytest.raises(BadInput, match="agent 'z' was not heard"):
            client.agent("z")
    assert len(served.asked) == 2


def test_after_the_last_try_the_service_s_own_words(served):
    served.refusals += [503] * 4
    with (
        Client(served.url, retrying=AT_ONCE) as client,
        pytest.raises(ServiceError, match=r"busy: come back later \(HTTP 503\)") as error,
    ):
        client.fleet()
    assert error.value.status == 503
    assert len(served.asked) == 4


def test_a_measurement_is_not_made_twice(served):
    served.refusals.append("lost")
    with Client(served.url, retrying=AT_ONCE) as client, pytest.raises(NoDevice):
        client.benchmark("here")
    assert len(served.asked) == 1


def test_a_stream_that_breaks_goes_on_after_the_last_alarm(served):
    with Client(served.url, retrying=AT_ONCE) as client:
        client.send(good(60) + BAD)
        client.send([{"agent": "a", "event": "acknowledge", "run": "note"}])
        client.send([{"agent": "a", "run": f"c{i}", "score": 90 + i} for i in range(3)])
        served.refusals.append("cut")
        alarms = client.follow_alarms()
        assert [next(alarms)["id"], next(alarms)["id"]] == [1, 2]


def test_nobody_there(served):
    port = served.url.rpartition(":")[2]
    served.close()
    with (
        Client(f"http://127.0.0.1:{port}", retrying=AT_ONCE) as client,
        pytest.raises(NoDevice, match="start one with: consilience serve --http"),
    ):
        client.fleet()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://me:hunter2@127.0.0.1:1", "give a token instead"),
        ("ftp://127.0.0.1", "is no address of a service"),
        ("127.0.0.1:8080", "is no address of a service"),
        ("http://", "is no address of a service"),
    ],
)
def test_addresses_that_cannot_be(url, words):
    with pytest.raises(BadInput, match=words) as error:
        Client(url)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("status", [401, 403])
def test_who_may_not(served, status):
    served.refusals.append(status)
    with (
        Client(served.url, token="s3cret", retrying=AT_ONCE) as client,
        pytest.raises(PermissionRefused, match="CONSILIENCE_TOKEN") as error,
    ):
        client.fleet()
    assert "s3cret" not in f"{error.value!r} {client!r}"


@pytest.mark.parametrize(
    ("rows", "words"),
    [([1], "observation 0"), ([{"agent": "a", "score": float("nan")}], "finite")],
)
def test_rows_that_are_none(served, rows, words):
    with Client(served.url) as client, pytest.raises(BadInput, match=words):
        client.send(rows)


def test_a_token_in_a_file(tmp_path, monkeypatch):
    token, file = Token.drawn(), tmp_path / "token"
    file.write_text(token.text)
    file.chmod(0o600)
    monkeypatch.setenv("CONSILIENCE_TOKEN_FILE", str(file))
    address = Address("http://127.0.0.1:8080")
    assert address.options()["headers"]["Authorization"] == f"Bearer {token.text}"
    assert token.secret.hex() not in repr(address)
    file.chmod(0o644)
    with pytest.raises(PermissionRefused, match="chmod 600"):
        address.options()


def test_an_agent_is_removed_once(served):
    async def again():
        async with AsyncClient(served.url) as client:
            await client.remove_agent("b")

    with Client(served.url) as client:
        client.send([{"agent": name, "run": 1, "score": 1} for name in "abc"])
        assert client.remove_agent("a") == 2
        asyncio.run(again())
        assert [one["agent"] for one in client.agents()] == ["c"]
        with pytest.raises(BadInput, match="agent 'a' was not heard"):
            client.remove_agent("a")

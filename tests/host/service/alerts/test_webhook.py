"""A webhook: what is signed, what a receiver is promised, and what is never said."""

import base64
import datetime
import json
import logging
import shutil
import subprocess
from pathlib import Path

import pytest

from consilience.errors import BadInput
from consilience.service.alerts.alert import Ended
from consilience.service.alerts.http_post import HttpPost
from consilience.service.alerts.signature import Signer
from consilience.service.alerts.target_secret import Secret
from consilience.service.alerts.webhook import utc
from tests.host.service.receiving import KEY

SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture
def told(dispatcher, webhook, receiver, alarm):
    found = dispatcher(webhook())
    found.offer(alarm(1))
    found.senders[0].turn()
    return receiver.posts[0]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, another HMAC")
def test_the_signature_is_that_of_another_implementation(told, clock):
    headers, body = told
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = ["-mac", "HMAC", "-macopt", f"hexkey:{KEY.hex()}"]
    found = subprocess.run(
        ["openssl", "dgst", "-sha256", "-binary", *key], input=signed, capture_output=True
    )
    assert headers["webhook-signature"] == "v1," + base64.b64encode(found.stdout).decode()
    assert int(headers["webhook-timestamp"]) == clock.now // 1000
    assert headers["webhook-id"] == "d1-1-1700000000000-raised"


def test_the_recipe_of_the_docs_accepts_it_and_nothing_else(told, clock):
    page = (Path(__file__).parents[4] / "docs" / "alerts.md").read_text()
    recipe = {}
    exec(page.split("```python")[1].split("```")[0], recipe)
    headers, body = told
    now = clock.now / 1000

    def verified(secret=SECRET, body=body, now=now, **changed):
        return recipe["verified"](secret, headers | changed, body, now)

    assert verified()
    assert verified(**{"webhook-signature": f"v1,AAAA {headers['webhook-signature']}"})
    assert not verified(body=body + b" ")
    assert not verified(secret="whsec_" + "A" * 43 + "=")
    assert not verified(now=now + 301)
    assert not verified(**{"webhook-id": "another"})
    assert not verified(**{"webhook-timestamp": str(clock.now // 1000 + 1)})


def test_the_body_has_the_alarm_and_its_reason(told, alarm):
    headers, body = told
    found = json.loads(body)
    assert headers["content-type"] == "application/json"
    assert (found["type"], found["service"]) == ("alarm.raised", "tests")
    assert found["timestamp"] == "2023-11-14T22:13:20.000Z"
    assert found["data"] == {**alarm(1), "ended": None}


def test_the_body_of_an_end_says_who_and_why(dispatcher, webhook, receiver, alarm, clock):
    found = dispatcher(webhook())
    found.offer(alarm(1))
    found.senders[0].turn()
    clock.now += 5000
    found.end_alarm("1", Ended.ACKNOWLEDGED, "kim", "a load test")
    found.senders[0].turn()
    body = json.loads(receiver.posts[-1][1])
    assert body["timestamp"] == "2023-11-14T22:13:25.000Z"
    assert body["data"]["ended"] == {
        "at_ms": clock.now,
        "how": "acknowledged",
        "by": "kim",
        "note": "a load test",
    }


def test_two_keys_sign_while_a_receiver_changes_its_key():
    other = base64.b64encode(b"k" * 24).decode()
    signer = Signer.of(Secret(f"{SECRET}\nwhsec_{other}\n", "a file"))
    both = signer.headers("i", 1, b"{}")["webhook-signature"].split()
    assert both[0] == Signer((KEY,)).headers("i", 1, b"{}")["webhook-signature"]
    assert both[1] == Signer((b"k" * 24,)).headers("i", 1, b"{}")["webhook-signature"]


@pytest.mark.parametrize("secret", ["hunter2hunter2", "whsec_ss!", "whsec_c2hvcnQ=", "whsec_"])
def test_a_weak_or_wrong_key_is_refused_and_not_shown(secret):
    with pytest.raises(BadInput, match="openssl rand -base64 32") as found:
        Signer.of(Secret(secret, "the file"))
    assert secret.removeprefix("whsec_") not in str(found.value).replace("whsec_ and", "") or (
        secret == "whsec_"
    )
    assert "hunter" not in repr(Secret(secret, "the file")) + repr(Signer((secret.encode(),)))


@pytest.mark.parametrize("status", [301, 400, 401, 404, 500, 503])
def test_neither_logs_nor_errors_show_the_address_or_the_key(
    status, dispatcher, webhook, receiver, alarm, caplog
):
    caplog.set_level(logging.DEBUG, "consilience")
    logging.getLogger("httpx").info("the level that would show addresses")
    receiver.answers.append(status)
    receiver.headers = {"location": receiver.url}
    found = dispatcher(webhook())
    found.offer(alarm(1))
    found.senders[0].turn()
    shown = caplog.text + json.dumps(found.listed())
    assert f"answered {status}" in shown
    for secret in ("of-nobody-else", "hidden", SECRET, KEY.hex()):
        assert secret not in shown
    assert len(receiver.posts) == 1  # a redirection is not followed


def test_a_receiver_that_is_not_there_and_one_that_is_silent(
    dispatcher, webhook, receiver, alarm, caplog, monkeypatch
):
    monkeypatch.setattr("consilience.service.alerts.http_post._ANSWER_S", 0.2)
    slow = webhook()
    receiver.before_answer = lambda: __import__("time").sleep(0.5)
    found = dispatcher(slow)
    found.offer(alarm(1))
    found.senders[0].turn()
    assert "did not answer within" in caplog.text
    gone = HttpPost("http://127.0.0.1:1/hidden", {})
    status, answer = gone.post(b"", {}, lambda: 0)
    gone.close()
    assert (status, answer.error) == (0, "http://127.0.0.1:1: [Errno 111] Connection refused")


def test_what_a_refusal_says_is_in_the_message_in_one_short_line(receiver):
    receiver.answers.append(500)
    receiver.headers = {"content-length": "5000"}
    post = HttpPost(receiver.url, {})
    answer = post.post(b"{}", {}, lambda: 0)[1]
    post.close()
    assert answer.error.endswith("answered 500: " + "x" * 200)


@pytest.mark.parametrize("at_ms", [-1, 0, 1_700_000_000_123, 10**18])
def test_times_are_rfc_3339(at_ms):
    assert datetime.datetime.fromisoformat(utc(at_ms)).tzinfo is datetime.UTC
    assert at_ms != 1_700_000_000_123 or utc(at_ms) == "2023-11-14T22:13:20.123Z"

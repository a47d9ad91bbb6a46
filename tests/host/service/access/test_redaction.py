"""No secret in what is logged, in any of the forms in which it comes."""

import pytest

from consilience.link.token_proof import Token
from consilience.service.access.redaction import redacted

TOKEN = Token("0123456789abcdef", bytes(range(32)))
SECRET = TOKEN.secret.hex()


@pytest.mark.parametrize(
    "text",
    [
        f"x {SECRET and TOKEN.text} y",
        f"GET /v1/agents?access={TOKEN.text[:60]}",
        f"Authorization: Bearer {SECRET}",
        f"[(b'host', b'a'), (b'authorization', b'Basic {SECRET}')]",
        f'{{"Authorization": "Negotiate {SECRET}"}}',
        f"cookie: session={SECRET}; b={SECRET}",
        f"sent Basic {SECRET} to it",
        f"nats://user:{SECRET}@host:4222 and https://{SECRET}@host/path",
        f"password={SECRET}&next=1",
        f"{{'password': '{SECRET} with spaces'}}",
        f"--token {TOKEN.text}",
        f"API-Key: {SECRET}",
        f"'-----BEGIN PRIVATE KEY-----\nMC4{SECRET}\n-----END PRIVATE KEY-----'",
    ],
)
def test_redacted(text):
    assert SECRET in text or SECRET[:20] in text
    shown = redacted(text)
    assert SECRET[:20] not in shown and "spaces" not in shown
    assert "***" in shown
    assert redacted(shown) == shown


def test_what_stays():
    for text in (
        "agent a7 behaves; 3 alarms at http://127.0.0.1:8443/v1/alarms?after=3",
        "the token is expired; make another one: consilience service tokens create NAME",
        "mail a@b.example about basic checks",
    ):
        assert redacted(text) == text
    assert TOKEN.id in redacted(TOKEN.text)

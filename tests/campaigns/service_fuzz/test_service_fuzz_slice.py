"""A slice of the campaign against the service, on loopback with a token, and faults it must see."""

import pytest

from tests.campaigns.service_fuzz.__main__ import run
from tests.campaigns.service_fuzz.attempts import KINDS, Attempt, Secrets, drawn
from tests.campaigns.service_fuzz.judging import Tally
from tests.campaigns.service_fuzz.services import Service, Shown
from tests.campaigns.service_fuzz.wire import Outcome

SECRETS = Secrets(*(f"cns_{n:016x}_{n:064x}" for n in range(11, 17)), "correct-horse-battery")


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(Service))
def test_a_slice(kind):
    tally = run(range(500), seed=2, revoked=2, is_outside=False, kind=kind)
    assert tally.holds, tally.complaints
    assert tally.kinds.total() == 500
    assert {200, 400, 401, 403, 404, 422} <= set(tally.statuses)
    assert (len(tally.shown) > 5) == (kind is Service.TLS)


def test_the_same_number_is_the_same_request():
    once, again = ([drawn(3, n, SECRETS) for n in range(150)] for _ in range(2))
    assert once == again
    assert {one.kind for one in once} >= set(KINDS) - {"slow clients", "10^6 attributes"}


@pytest.mark.parametrize(
    ("trusted", "statuses", "data", "what"),
    [
        (True, (200, 500), b"", "500"),
        (False, (401,), b"", None),
        (False, (404,), b"", "let in"),
        (False, (401, 200), b"", "let in"),
        (True, (404,), f"x{11:064x}"[-40:].encode(), "leak"),
        (True, (404,), b"correct-horse-battery", "leak"),
        (True, (), b"", "no answer"),
    ],
)
def test_what_must_not_be_is_seen(trusted, statuses, data, what):
    tally = Tally(SECRETS)
    attempt = Attempt("bodies with the right token", (b"",), trusted)
    tally.take(1, attempt, Shown(), Outcome(statuses, data, 0.1))
    assert dict(tally.forbidden) == ({what: 1} if what else {})


@pytest.mark.parametrize(
    ("shown", "trusted", "statuses", "what"),
    [
        ("trusted", False, (200,), None),
        ("unknown name", False, (200,), "let in"),
        ("unknown name", False, (401,), None),
        ("other authority", True, (401,), "let in"),
        ("in clear text", True, (200,), "let in"),
        ("in clear text", True, (), None),
    ],
)
def test_who_is_answered_over_tls(shown, trusted, statuses, what):
    tally = Tally(SECRETS)
    attempt = Attempt("bodies with the right token", (b"",), trusted)
    tally.take(1, attempt, Shown(shown), Outcome(statuses, b"", 0.1))
    assert dict(tally.forbidden) == ({what: 1} if what else {})

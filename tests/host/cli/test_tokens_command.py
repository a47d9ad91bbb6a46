"""`consilience service tokens` and `changes`: shown once, listed without secrets, revoked."""

import json

import pytest

from consilience.cli.app import main
from consilience.link.token_proof import PATTERN
from consilience.service.access.tokens import Tokens


@pytest.fixture
def told(tmp_path, capsys):
    """Return a function that runs a command and returns (exit code, stdout, stderr)."""

    def run(*words):
        code = main(["service", *words, "--state", str(tmp_path / "state")])
        return code, *capsys.readouterr()

    return run


def test_a_token_from_its_making_to_its_end(told, tmp_path):
    code, out, err = told("tokens", "create", "collector", "--scope", "ingest", "--scope", "read")
    text = out.strip()
    assert code == 0 and PATTERN.fullmatch(text)
    assert "not shown again" in err and text not in err
    with Tokens(tmp_path / "state" / "access.db") as table:
        assert table.check(text).name == "collector"
        code, out, _ = told("tokens", "list", "--json")
        (listed,) = json.loads(out)["tokens"]
        assert (listed["scopes"], listed["state"]) == (["ingest", "read"], "valid")
        assert listed["expires_ms"] - listed["made_ms"] == 365 * 86_400_000
        assert told("tokens", "revoke", "collector")[0] == 0
        assert table.check(text) == "revoked"
    code, out, _ = told("changes", "--json")
    changes = json.loads(out)["changes"]
    assert [one["did"] for one in changes] == ["made a token", "revoked a token"]
    assert text.rpartition("_")[2] not in out + "".join(told("tokens", "list")[1:])


def test_with_json_and_for_certificates(told):
    code, out, _ = told("tokens", "create", "a", "--scope", "admin", "--expires", "never", "--json")
    made = json.loads(out)
    assert code == 0 and PATTERN.fullmatch(made["token"]) and made["expires_ms"] is None
    code, out, _ = told("tokens", "create", "b", "--scope", "read", "--certificate", "--json")
    made = json.loads(out)
    assert code == 0 and made["token"] is None and made["kind"] == "certificate"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tokens", "create", "a", "--scope", "write"), "ingest, read, admin, device"),
        (("tokens", "create", "a", "--scope", "read", "--expires", "1y"), "give 30m, 12h, 90d"),
        (("tokens", "create", "a"), "--scope"),
        (("tokens", "revoke", "nobody"), "see `tokens list`"),
    ],
)
def test_what_cannot_be(told, words, said):
    code, _, err = told(*words)
    assert code == 2 and said in " ".join(err.split())
    assert "no token; make one" in told("tokens", "list")[1]
    assert "nothing was changed yet" in told("changes")[1]

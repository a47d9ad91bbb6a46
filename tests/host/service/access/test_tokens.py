"""Tokens: shown once, checked against hashes, refused from the moment they are revoked."""

import sqlite3
import stat

import pytest

from consilience.errors import BadInput, PermissionRefused
from consilience.link.token_proof import NO_KEYS, PATTERN, Token
from consilience.service.access.scopes import Scope, needed_scope
from consilience.service.access.tokens import Tokens


@pytest.mark.parametrize("kind", list(Scope))
def test_a_token_is_what_it_was_made_for(tokens, kind):
    token, made = tokens.create("name", [kind])
    holder = tokens.check(token.text)
    assert holder == made.identity and holder.scopes == {kind}
    assert {one for one in Scope if holder.allows(one)} == (
        set(Scope) if kind is Scope.ADMIN else {kind}
    )


def test_nothing_of_a_secret_is_on_the_disk_or_in_a_repr(tokens, tmp_path):
    token, made = tokens.create("name", ["read"])
    tokens.close()
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.id.encode() in files
    for secret in (token.secret, token.secret.hex().encode(), token.text.encode()):
        assert secret not in files
    assert token.secret.hex() not in repr(token) and repr(token.secret) not in repr((token, made))
    assert stat.S_IMODE((tmp_path / "access.db").stat().st_mode) == 0o600


def test_what_opens_nothing(tokens):
    token, _ = tokens.create("name", ["read"])
    other, _ = tokens.create("other", ["read"])
    flipped = bytes([token.secret[0] ^ 1]) + token.secret[1:]
    for text in (
        "",
        "name",
        token.text[:-1],
        token.text + " ",
        token.text.upper(),
        Token(token.id, flipped).text,
        Token(other.id, token.secret).text,
        Token.drawn().text,
        f"cns_{token.id}_{bytes(32).hex()}",
    ):
        assert tokens.check(text) == "unknown"


def test_a_token_of_a_certificate_row_is_none(tokens):
    made = tokens.trust_certificate("host.example", ["admin"])
    assert tokens.check(Token(made.id, bytes(32)).text) == "unknown"
    assert tokens.keys_of(made.id, Scope.READ) is None
    assert tokens.of_certificate("host.example") == made.identity
    assert tokens.of_certificate("other.example") is None


def test_expiry_to_the_millisecond(tmp_path):
    now = [1000]
    with Tokens(tmp_path / "access.db", clock=lambda: now[0]) as table:
        token, made = table.create("short", ["read"], lifetime_ms=500)
        subject = table.trust_certificate("host", ["read"], lifetime_ms=500)
        now[0] = 1499
        assert table.check(token.text) == made.identity and table.is_valid(made.identity)
        now[0] = 1500
        assert table.check(token.text) == "expired" and not table.is_valid(made.identity)
        assert table.keys_of(token.id, Scope.READ) is None
        assert table.of_certificate(subject.name) is None
        table.create("short", ["read"])  # the name is free again


def test_another_process_revokes(tokens, tmp_path):
    token, made = tokens.create("name", ["device"])
    assert tokens.keys_of(token.id, Scope.DEVICE) == token.keys
    assert tokens.keys_of(token.id, Scope.READ) is None
    with Tokens(tmp_path / "access.db") as other:
        assert other.revoke("name").id == token.id
        with pytest.raises(BadInput, match="no token has this id or name"):
            other.revoke("name")
        with pytest.raises(BadInput) as told:  # a token in the place of its name
            other.revoke(token.text)
        assert token.secret.hex() not in str(told.value)
    assert tokens.check(token.text) == "revoked"
    assert not tokens.is_valid(made.identity)
    assert tokens.keys_of(token.id, Scope.DEVICE) is None


def test_names(tokens):
    tokens.create("name", ["read"])
    for bad in ("name", "", " ", "a\nb", "x" * 201):
        with pytest.raises(BadInput):
            tokens.create(bad, ["read"])
    for scopes in ([], ["write"], [""]):
        with pytest.raises(BadInput, match="ingest, read, admin, device"):
            tokens.create("other", scopes)
    assert [one.name for one in tokens.all()] == ["name"]


def test_files_that_are_none_of_ours(tmp_path):
    (tmp_path / "text").write_bytes(b"no database" * 500)
    base = sqlite3.connect(tmp_path / "other")
    base.execute("PRAGMA application_id = 7")
    base.close()
    base = sqlite3.connect(tmp_path / "later")
    base.execute(f"PRAGMA application_id = {0x434E5341}")
    base.execute("PRAGMA user_version = 2")
    base.close()
    for name in ("text", "other", "later"):
        (tmp_path / name).chmod(0o600)
        with pytest.raises(BadInput, match=name):
            Tokens(tmp_path / name)
    (tmp_path / "other").chmod(0o640)
    with pytest.raises(PermissionRefused, match="chmod 600"):
        Tokens(tmp_path / "other")
    with pytest.raises(BadInput, match="cannot be made"):
        Tokens(tmp_path / "missing" / "access.db")


def test_proofs():
    token = Token.drawn()
    proof = token.proof(b"message")
    answer = token.keys.take(b"message", proof)
    assert token.answered(b"message", answer)
    assert not token.answered(b"massage", answer)
    assert not Token.drawn().answered(b"message", answer)
    assert token.keys.take(b"massage", proof) is None
    assert token.keys.take(b"message", proof[:-1]) is None
    assert Token.drawn().keys.take(b"message", proof) is None
    assert NO_KEYS.take(b"message", proof) is None
    assert PATTERN.fullmatch(token.text) and Token.of_text(token.text) == token


def test_what_a_server_keeps_opens_nothing():
    """Who has read the keys, and no proof, cannot make one."""
    token = Token.drawn()
    for secret in token.keys:
        assert token.keys.take(b"message", Token(token.id, secret).proof(b"message")) is None


def test_scopes_of_requests():
    assert needed_scope("GET", "/v1/agents") is Scope.READ
    assert needed_scope("HEAD", "/") is Scope.READ
    assert needed_scope("POST", "/v1/observations") is Scope.INGEST
    for method, path in (
        ("POST", "/v1/observations/"),
        ("POST", "//v1/observations"),
        ("PUT", "/v1/observations"),
        ("POST", "/v1/benchmark"),
        ("DELETE", "/v1/agents/a"),
        ("TRACE", "/"),
        ("get", "/v1/agents"),
    ):
        assert needed_scope(method, path) is Scope.ADMIN

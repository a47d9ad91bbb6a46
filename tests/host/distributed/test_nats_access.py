"""Who is let in at a real NATS server, and the cure that each refusal names."""

import asyncio
import base64
import json
import logging
import time

import nkeys
import pytest
from nats.errors import Error as NatsError

from consilience.cli.app import main
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.distributed.nats_refusals import refusal_of
from consilience.errors import BadInput, NoDevice, PermissionRefused
from tests.host.distributed.authority import Authority
from tests.host.distributed.test_multi_site_pubsub import until
from tests.host.distributed.test_nats_pubsub import processes, server

__all__ = ["processes", "server"]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def told(url, access=None):
    """Return why a server lets one not in; "" if it does, and carries a message."""

    async def talk():
        heard = []
        pubsub = await NatsPubsub.connect(url, access)
        await pubsub.listen("said", heard.append)
        await pubsub.publish("said", b"in private")
        assert await until(lambda: heard == [b"in private"])
        await pubsub.close()

    try:
        asyncio.run(talk())
    except NoDevice as error:
        assert "\n" not in str(error)
        return str(error)
    return ""


def tls(pem, key, *more):
    return "tls: {" + ", ".join([f'cert_file: "{pem}"', f'key_file: "{key}"', *more]) + "}"


def test_certificates_of_servers(server, authority, tmp_path):
    trusting = NatsAccess(authority.pem)
    server.start(tls(*authority.certificate("server")))
    assert told(server.url("tls"), trusting) == ""
    assert "give --nats-ca the file of its CA" in told(server.url("tls"))
    (tmp_path / "other").mkdir()
    other = NatsAccess(Authority(tmp_path / "other").pem)
    assert "give --nats-ca the file of its CA" in told(server.url("tls"), other)
    server.stop()
    server.start(tls(*authority.certificate("past", days=(-2, -1))))
    assert "expired; renew it at the server" in told(server.url("tls"), trusting)
    server.stop()
    server.start(tls(*authority.certificate("elsewhere", host="127.0.0.2")))
    assert "for another address" in told(server.url("tls"), trusting)


def test_certificates_of_clients(server, authority, tmp_path):
    pem, key = authority.certificate("server")
    server.start(tls(pem, key, f'ca_file: "{authority.pem}"', "verify: true"))

    def with_certificate(of, *arguments):
        return told(server.url("tls"), NatsAccess(authority.pem, *of.certificate(*arguments)))

    assert with_certificate(authority, "client") == ""
    assert "--nats-cert and --nats-key" in told(server.url("tls"), NatsAccess(authority.pem))
    with pytest.raises(BadInput, match="has expired"):
        with_certificate(authority, "late", (-2, -1))
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "stranger")
    assert "refuses this client's certificate" in with_certificate(other, "client")


def test_users_with_nkeys(server, tmp_path):
    seeds = [nkeys.encode_seed(bytes([n]) * 32, nkeys.PREFIX_BYTE_USER) for n in (1, 2)]
    public = nkeys.from_seed(bytearray(seeds[0])).public_key.decode()
    for name, seed in zip(("right", "wrong"), seeds, strict=True):
        (tmp_path / name).write_bytes(bytes(seed) + b"\n")
        (tmp_path / name).chmod(0o600)
    server.start(f"authorization: {{users: [{{nkey: {public}}}]}}")
    assert told(server.url(), NatsAccess(nkey=tmp_path / "right")) == ""
    for access in (NatsAccess(nkey=tmp_path / "wrong"), None):
        assert "--nats-nkey or --nats-creds" in told(server.url(), access)


def jwt(key, subject, claims):
    """A token of NATS' decentralised accounts, under its issuer's key."""

    def packed(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    public = key.public_key.decode()
    body = {"jti": "1", "iat": int(time.time()), "iss": public, "sub": subject, "nats": claims}
    parts = {"typ": "JWT", "alg": "ed25519-nkey"}, body
    text = b".".join(packed(json.dumps(part).encode()) for part in parts)
    return (text + b"." + packed(key.sign(text))).decode()


def test_users_with_a_creds_file(server, tmp_path):
    prefixes = nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_USER
    seeds = [nkeys.encode_seed(bytes([n]) * 32, prefix) for n, prefix in enumerate(prefixes)]
    operator, account, user = (nkeys.from_seed(bytearray(seed)) for seed in seeds)
    names = [one.public_key.decode() for one in (operator, account, user)]
    limits = {"subs": -1, "data": -1, "payload": -1, "conn": -1, "imports": -1, "exports": -1}
    limits |= {"wildcards": True, "leaf": -1}
    of_account = jwt(operator, names[1], {"type": "account", "version": 2, "limits": limits})
    of_user = jwt(account, names[2], {"type": "user", "version": 2} | limits)
    server.start(
        f"operator: {jwt(operator, names[0], {'type': 'operator', 'version': 2})}",
        "resolver: MEMORY",
        f"resolver_preload: {{{names[1]}: {of_account}}}",
    )
    creds = tmp_path / "user.creds"
    creds.write_text(
        f"-----BEGIN NATS USER JWT-----\n{of_user}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seeds[2].decode()}\n------END USER NKEY SEED------\n"
    )
    creds.chmod(0o600)
    assert told(server.url(), NatsAccess(credentials=creds)) == ""
    assert "--nats-nkey or --nats-creds" in told(server.url())


def test_files_that_are_not_what_they_should_be(tmp_path, authority, capsys):
    pem, key = authority.certificate("client")
    seed = tmp_path / "seed"
    seed.write_bytes(nkeys.encode_seed(bytes(32), nkeys.PREFIX_BYTE_USER)[:-1] + b"A")
    seed.chmod(0o600)
    secret = seed.read_text()
    tls_url, url = ["tls://127.0.0.1:1"], ["nats://127.0.0.1:1"]
    for urls, access, reason in [
        (url, NatsAccess(ca=pem), "give --nats as tls://"),
        ([*tls_url, *url], NatsAccess(None, pem, key), "give --nats as tls://"),
        (tls_url, NatsAccess(None, pem), "go together"),
        (tls_url, NatsAccess(key), "no certificates in PEM"),
        (tls_url, NatsAccess(tmp_path / "none"), "no certificates in PEM"),
        (tls_url, NatsAccess(None, key, key), "no certificate and its private key"),
        (tls_url, NatsAccess(None, tmp_path / "none", key), "no such file"),
        (url, NatsAccess(nkey=seed, credentials=seed), "give one"),
        (url, NatsAccess(nkey=seed), "is not the seed of a user"),
        (url, NatsAccess(credentials=seed), "is not a user's creds file"),
        (url, NatsAccess(nkey=tmp_path / "none"), "no such file"),
    ]:
        with pytest.raises(BadInput, match=reason) as refused:
            access.check(urls)
        assert secret not in str(refused.value) and "\n" not in str(refused.value)
    for name, access in [
        (seed, NatsAccess(nkey=seed)),
        (key, NatsAccess(None, pem, key)),
    ]:
        name.chmod(0o644)
        with pytest.raises(PermissionRefused, match="lets others"):
            access.check(tls_url)
    words = ["watch", "--nats", url[0], "--nats-nkey", str(seed)]
    assert main(words) == 5 and "lets others" in capsys.readouterr().err


def test_a_connection_that_ends_before_the_alert_is_read():
    """As happens on a busy machine."""
    for error in (ConnectionResetError(104, "reset"), NatsError("nats: unexpected EOF")):
        assert "--nats-cert and --nats-key" in refusal_of(error, tls=True)
        assert "--nats-cert" not in refusal_of(error)


def test_one_that_goes_on_trying_says_why(server, authority, caplog):
    """It was silent for ever about a certificate that it did not trust."""
    server.start(tls(*authority.certificate("server")))

    async def talk():
        pubsub = NatsPubsub(server.url("tls"))
        starting = asyncio.create_task(pubsub.start())
        assert await until(lambda: "give --nats-ca" in caplog.text)
        starting.cancel()
        await pubsub.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(talk())
    assert len(caplog.records) == 1

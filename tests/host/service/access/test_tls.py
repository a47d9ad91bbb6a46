"""Certificates of the server: refused when no client would take them, read again when replaced."""

import logging
import ssl

import pytest
from cryptography import x509

from consilience.errors import BadInput, PermissionRefused
from consilience.service.access.tls import ServerTls, subject_of
from tests.host.service.access.certificates import DAY, Authority


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def test_files_that_do_not_do(authority, tmp_path):
    certificate, key = authority.sign("server")
    _, other = authority.sign("other")
    text = tmp_path / "text"
    text.write_text("no pem")
    for files, told in (
        ((certificate, tmp_path / "missing"), "missing: no file that can be read"),
        ((certificate, other), "belong together"),
        ((text, key), "belong together"),
        ((certificate, key, text), "text: holds no certificate"),
        (authority.sign("old", lifetime=-DAY), "has expired"),
        (authority.sign("locked", password=b"x"), "has a password"),
    ):
        with pytest.raises(BadInput, match=told):
            ServerTls(*files)
    key.chmod(0o644)
    with pytest.raises(PermissionRefused, match="everybody may read"):
        ServerTls(certificate, key)


def test_an_end_that_is_near(authority, caplog):
    with caplog.at_level(logging.WARNING):
        ServerTls(*authority.sign("late", lifetime=40 * DAY))
        assert not caplog.records
        ServerTls(*authority.sign("soon", lifetime=3 * DAY))
    assert "ends in 3 days; renew it" in caplog.text


def test_replaced_files_are_read_again(authority, monkeypatch, caplog):
    monkeypatch.setattr("consilience.service.access.tls._LOOK_S", -1.0)
    tls = ServerTls(*authority.sign("server"))
    first = tls.current()
    assert tls.current() is first
    authority.sign("server")
    second = tls.current()
    assert second is not first
    authority.sign("server", lifetime=-DAY)
    with caplog.at_level(logging.ERROR):
        assert tls.current() is second
    assert "has expired" in caplog.text and "stays in use" in caplog.text
    assert first.minimum_version == ssl.TLSVersion.TLSv1_2


def test_names_of_certificates(authority):
    def name(*names):
        certificate, _ = authority.sign("common", names=names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(certificate)
        return subject_of(ssl._ssl._test_decode_cert(certificate))

    assert name() == "common"
    assert name(x509.DNSName("a.example"), x509.DNSName("b.example")) == "a.example"
    assert name(x509.UniformResourceIdentifier("spiffe://a/b")) == "spiffe://a/b"
    assert subject_of({}) is None

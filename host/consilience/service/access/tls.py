"""TLS of a server: its certificate, who signs for its clients, and new files without a restart."""

import hashlib
import logging
import os
import ssl
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from consilience.errors import BadInput, PermissionRefused

__all__ = ["ServerTls", "subject_of"]

_LOOK_S = 5.0
"""Seconds between two looks at whether the files have changed."""

_SOON_S = 14 * 86_400
"""Seconds before the end of a certificate from which on a warning says so."""

_log = logging.getLogger("consilience.service.access")


class ServerTls:
    """A server's side of TLS 1.2 and 1.3; files that are replaced are read again within seconds.

    `digest` is the SHA-256 of the certificate of the context that `current` returned last.

    Parameters
    ----------
    certificate, key : Path
        PEM; the certificate with those between it and its authority. The key has no password, and
        not everybody may read it.
    client_authority : Path, optional
        PEM of the authorities of client certificates. A client may then show one; one that they
        have not signed ends the handshake.

    Raises
    ------
    BadInput
        A file is none of these, they do not belong together, or the certificate is out of date.
    PermissionRefused
        Everybody may read the key.
    """

    def __init__(self, certificate: Path, key: Path, client_authority: Path | None = None) -> None:
        self._files = [one for one in (certificate, key, client_authority) if one is not None]
        self._certificate, self._key, self._authority = certificate, key, client_authority
        self._looked = time.monotonic()
        self._seen = self._marks()
        self._context, self.digest = self._made()

    def current(self) -> ssl.SSLContext:
        """Return the context for the next handshake."""
        now = time.monotonic()
        if now - self._looked > _LOOK_S:
            self._looked = now
            marks = self._marks()
            if marks != self._seen:
                self._seen = marks
                try:
                    self._context, self.digest = self._made()
                    _log.info("%s: read again", self._certificate)
                except (BadInput, PermissionRefused) as error:
                    _log.error("%s; the certificate of before stays in use", error)
        return self._context

    def _marks(self) -> list[tuple[int, int] | None]:
        marks: list[tuple[int, int] | None] = []
        for path in self._files:
            try:
                status = path.stat()
                marks.append((status.st_mtime_ns, status.st_ino))
            except OSError:
                marks.append(None)
        return marks

    def _made(self) -> tuple[ssl.SSLContext, bytes]:
        for path in self._files:
            if not path.is_file() or not os.access(path, os.R_OK):
                raise BadInput(f"{path}: no file that can be read; give PEM files")
        if self._key.stat().st_mode & stat.S_IRWXO:
            raise PermissionRefused(
                f"{self._key}: everybody may read this key; make a new one, with mode 0600"
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
        except ssl.SSLError as error:
            raise BadInput(
                f"{self._certificate} and {self._key} are no certificate and its key "
                f"({error.reason or error}); give PEM files that belong together"
            ) from None
        digest = _checked(self._certificate, context)
        if self._authority is not None:
            try:
                context.load_verify_locations(self._authority)
            except ssl.SSLError:
                raise BadInput(f"{self._authority}: holds no certificate; give PEM") from None
            context.verify_mode = ssl.CERT_OPTIONAL
        return context, digest


def subject_of(certificate: Mapping[str, Any]) -> str | None:
    """Return the name of a client certificate: its first URI, DNS or e-mail name, else its CN."""
    names: tuple[tuple[str, str], ...] = certificate.get("subjectAltName", ())
    for kind, name in names:
        if kind in ("URI", "DNS", "email"):
            return name
    for part in certificate.get("subject", ()):
        for key, value in part:
            if key == "commonName":
                return str(value)
    return None


def _no_password() -> NoReturn:
    raise BadInput("the key of the certificate has a password; give one without, of mode 0600")


def _checked(path: Path, server: ssl.SSLContext) -> bytes:
    """Return the digest of a certificate; warn near its end.

    BadInput if a client that trusts the certificate itself refuses it. A handshake in memory: what
    a client will see is looked at, as a client looks at it.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(path)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                raise BadInput(
                    f"{path}: no client would take it ({error.verify_message}); renew it"
                ) from None
    seen = ends[0].getpeercert()
    assert seen is not None
    left = ssl.cert_time_to_seconds(str(seen["notAfter"])) - time.time()
    if left < _SOON_S:
        _log.warning("%s: ends in %.0f days; renew it", path, left / 86_400)
    return hashlib.sha256(ends[0].getpeercert(binary_form=True) or b"").digest()

"""How a NATS server is reached: whom it must prove to be, and as whom one speaks."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from consilience.distributed.epochs.owned_files import read_owned
from consilience.distributed.nats_address import wants_tls
from consilience.errors import BadInput
from consilience.extras import naming_extras

__all__ = ["NatsAccess"]


@dataclass(frozen=True)
class NatsAccess:
    """Files of one client. Secret ones must be their owner's alone (mode 0600).

    Parameters
    ----------
    ca : Path or None
        Certificates, in PEM, of those who may vouch for the server; None: the system's.
    certificate, key : Path or None
        Certificate of this client and its private key, in PEM, for servers that ask for one.
    nkey : Path or None
        Seed of a user's nkey (``SU...``).
    credentials : Path or None
        A user's creds file: JWT and seed.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    nkey: Path | None = None
    credentials: Path | None = None

    def check(self, urls: Sequence[str]) -> None:
        """Raise unless these files can be used together with all of these servers.

        Raises
        ------
        BadInput
            A file is missing or is not what it should be, or two do not go together.
        PermissionRefused
            Others may read a secret one.
        ToolMissing
            The extra for nkeys is not installed.
        """
        if (self.certificate is None) != (self.key is None):
            raise BadInput("--nats-cert and --nats-key go together: a certificate and its key")
        if self.nkey is not None and self.credentials is not None:
            raise BadInput("--nats-nkey and --nats-creds are two ways to be one user; give one")
        clear = [url for url in urls if not wants_tls(url)]
        if clear and (self.ca or self.certificate):
            raise BadInput("--nats-ca and --nats-cert are for TLS; give --nats as tls://HOST:4222")
        for url in urls:
            self.options(url)

    def options(self, url: str) -> dict[str, Any]:
        """Return what the NATS client is told for a server, from the files as they are now."""
        found: dict[str, Any] = {}
        if wants_tls(url):
            found["tls"] = self._context()
        secret = self.nkey or self.credentials
        if secret is not None:
            with naming_extras("a user's nkey"):
                import nkeys  # noqa: F401  (the client imports it where it cannot say what is missing)
            try:
                text = read_owned(secret, secret=True)
            except FileNotFoundError:
                raise BadInput(f"{secret}: no such file; give the one of this user") from None
            self._check_seed(text, secret)
        if self.nkey is not None:
            found["nkeys_seed_str"] = text.decode().strip()
        elif self.credentials is not None:
            found["user_credentials"] = str(self.credentials)
        return found

    def _context(self) -> ssl.SSLContext:
        """Return the TLS settings: certificate and name of the server are always checked."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError) as error:
            raise BadInput(
                f"{self.ca}: no certificates in PEM ({error.strerror}); give --nats-ca the file of "
                "the server's CA"
            ) from None
        if self.certificate is not None and self.key is not None:
            try:
                read_owned(self.key, secret=True)
                # An encrypted key is refused, and not asked for on the terminal.
                context.load_cert_chain(self.certificate, self.key, password=lambda: b"")
                self._check_dates(self.certificate)
            except FileNotFoundError as error:
                raise BadInput(f"{error.filename}: no such file; look at --nats-cert") from None
            except BadInput:
                raise
            except (ssl.SSLError, ValueError):
                raise BadInput(
                    f"{self.certificate}, {self.key}: no certificate and its private key, in PEM "
                    "and without a passphrase; give --nats-cert and --nats-key those of this client"
                ) from None
        return context

    @staticmethod
    def _check_dates(certificate: Path) -> None:
        """Raise BadInput for a certificate that is over: servers do not say why they refuse it."""
        from cryptography.x509 import load_pem_x509_certificate

        ends = load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
        if ends < datetime.now(UTC):
            raise BadInput(f"{certificate}: has expired ({ends:%Y-%m-%d}); renew it")

    def _check_seed(self, text: bytes, path: Path) -> None:
        import nkeys

        lines = [line.strip() for line in text.splitlines()]
        seeds = [line for line in lines if line.startswith(b"SU")]
        wanted = "the seed of a user, SU..." if self.nkey else "a user's creds file"
        is_right = len(seeds) == 1 and (self.nkey is None or lines[0] == seeds[0])
        try:
            if is_right and (self.nkey or b"BEGIN NATS USER JWT" in text):
                prefix, raw = nkeys.decode_seed(bytearray(seeds[0]))
                if nkeys.encode_seed(raw, prefix) == seeds[0]:  # its checksum, too
                    return
        except (nkeys.NkeysError, ValueError):
            pass
        # Without the cause: what a parser says of a damaged seed may quote it.
        raise BadInput(f"{path}: is not {wanted}; give the file that `nsc` or `nk` wrote") from None

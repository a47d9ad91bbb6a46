"""A certificate authority for the tests: servers and clients, good, expired, of another."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.host.service.access.certificates import key_usage

__all__ = ["Authority"]

DAY = timedelta(days=1)


class Authority:
    """Signs certificates in a folder.

    Parameters
    ----------
    folder : Path
    name : str
        Its own; the file of its certificate is ``NAME.pem``.
    """

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.pem, _ = self._written(name, self.key, None, (-DAY, DAY), None)

    def certificate(self, name, days=(-1, 1), host="127.0.0.1"):
        """Write a certificate and its key; return their paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        valid = tuple(DAY * day for day in days)
        return self._written(name, key, self.name, valid, host)

    def _written(self, name, key, issuer, valid, host):
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        by = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer or name)])
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + valid[0])
            .not_valid_after(now + valid[1])
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
            .add_extension(own, False)
            .add_extension(signer, False)
            .add_extension(key_usage(issuer is None), True)
        )
        if host is not None:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
            built = built.add_extension(names, False)
        signed = built.sign(self.key, hashes.SHA256())
        pem, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        secret.chmod(0o600)
        return pem, secret

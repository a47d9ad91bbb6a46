"""An authority, and certificates that it signs, in files of a folder."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """Signs certificates into `folder`; `path` is its own."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.path = folder / f"{name}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        own = self._built(self._name, self._key.public_key(), DAY, [])
        self.path.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def sign(self, name, *, lifetime=30 * DAY, names=(), password=None):
        """Return the paths of certificate and key of a name."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._built(subject, key.public_key(), lifetime, names)
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        locked = serialization.NoEncryption()
        if password:
            locked = serialization.BestAvailableEncryption(password)
        private.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        )
        private.chmod(0o600)
        return certificate, private

    def _built(self, subject, key, lifetime, names):
        now = datetime.datetime.now(datetime.UTC)
        is_authority = subject is self._name
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, now + lifetime) - DAY)
            .not_valid_after(now + lifetime)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .add_extension(key_usage(is_authority), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def key_usage(is_authority):
    """Return what a key is for; from Python 3.13 on a client refuses an authority without it."""
    uses = {"key_cert_sign": is_authority, "crl_sign": is_authority}
    uses["digital_signature"] = not is_authority
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        **uses, **dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    )

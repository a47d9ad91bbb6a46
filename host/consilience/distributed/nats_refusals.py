"""Why there is no connection to a NATS server, in words that name the cure."""

import asyncio
import ssl

__all__ = ["refusal_of"]

_UNTRUSTED = (
    "nobody who is trusted here vouches for the server's certificate; give --nats-ca the file of "
    "its CA"
)
_VERIFY = {
    10: "the server's certificate has expired; renew it at the server",
    9: "the server's certificate is not valid yet; compare the clocks",
    62: "the server's certificate is for another name; use the name that is in it",
    64: "the server's certificate is for another address; use the name that is in it",
    **dict.fromkeys((2, 18, 19, 20, 21), _UNTRUSTED),
}
"""By the number that OpenSSL gives the failure (X509_V_ERR)."""

_START = "start one with `nats-server -a 127.0.0.1` (Debian: apt install nats-server)"
_REFUSED = "the server refuses this client's certificate"
_ALERTS = {
    "CERTIFICATE_REQUIRED": "the server asks for a client's certificate; give --nats-cert and "
    "--nats-key",
    "BAD_CERTIFICATE": f"{_REFUSED} or the want of one; give --nats-cert and --nats-key of its CA",
    "UNKNOWN_CA": f"{_REFUSED}: another CA signed it; give --nats-cert one of the server's",
    "WRONG_VERSION_NUMBER": "what answers does not speak TLS; look at the address",
}
"""By the alert that the server sends, a part of OpenSSL's name for it."""

_WORDS = {
    "no servers available": f"nothing answers there; {_START}",
    "authorization violation": "the server refuses this user; look at the user and password in the "
    "address, --nats-nkey or --nats-creds",
    "asks for tls": "tls:// asks for TLS, which the server does not offer; start it with a "
    "certificate",
}


def refusal_of(error: Exception, *, tls: bool = False) -> str:
    """Return why a connection was not made, and the cure if it is known; never an address.

    With TLS a server that closes the connection at once may do so before its alert is read.
    """
    if tls and (isinstance(error, ConnectionResetError | BrokenPipeError) or "EOF" in str(error)):
        return _ALERTS["BAD_CERTIFICATE"]
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, f"{error.verify_message}: {_UNTRUSTED}")
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        return next((words for name, words in _ALERTS.items() if name in reason), reason or "TLS")
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "no answer; look at the address"
    if isinstance(error, OSError):
        return f"{error.strerror or error or type(error).__name__}; {_START}"
    said = str(error).removeprefix("nats: ").strip("'") or type(error).__name__
    return next((words for name, words in _WORDS.items() if name in said.lower()), said)

"""The services that are tried: of scores and traces, of evidence, of reporters, and over TLS."""

import random
import ssl
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from consilience.service.access.tokens import Tokens
from tests.campaigns.service_fuzz.spans import fitted
from tests.host.service.access.certificates import DAY, Authority

__all__ = ["SERVICES", "Certificates", "Service", "Shown", "service_of"]

_STRANGERS = "expired", "other authority", "in clear text"


class Service(Enum):
    """What a service is started for; the value is how the page calls it."""

    SCORES = "scores and traces"
    EVIDENCE = "evidence (`--against`)"
    REPORTERS = "reporters (`--faulty 1 --reporters 4`)"
    TLS = "scores over TLS, with client certificates"

    @property
    def path(self) -> str:
        """Where what it takes is sent."""
        return "/v1/evidence" if self is Service.EVIDENCE else "/v1/observations"

    def sound(self, number: int) -> str:
        """Return a body that it must take."""
        if self is Service.EVIDENCE:
            row = f'{{"agent":"sound","run":{number},"benign":-2,"hijacked":-1}}'
            return f'{{"evidence":[{row}]}}'
        speaks = ',"reporter":"r"' if self is Service.REPORTERS else ""
        return f'{{"observations":[{{"agent":"sound","run":{number},"score":1{speaks}}}]}}'

    def words(self, folder: Path) -> list[str]:
        """Return its options."""
        if self is Service.EVIDENCE:
            return ["--against", "benign"]
        if self is Service.REPORTERS:
            return ["--faulty", "1", "--reporters", "4"]
        return ["--model", str(fitted(folder))]


SERVICES = (Service.SCORES, Service.EVIDENCE, Service.REPORTERS, Service.TLS, Service.SCORES)
"""One after the other, each for so many requests as one service gets."""


def service_of(part: int) -> Service:
    """Return the service of the requests of a part."""
    return SERVICES[part % len(SERVICES)]


@dataclass(frozen=True)
class Shown:
    """What a client shows of itself before it says anything.

    Parameters
    ----------
    what : str
    context : ssl.SSLContext or None
        None: it speaks in clear text.
    """

    what: str = "nothing"
    context: ssl.SSLContext | None = None

    @property
    def is_answered(self) -> bool:
        """Whether it may get an answer at all."""
        return self.what not in _STRANGERS

    @property
    def is_credential(self) -> bool:
        """Whether it stands in place of a token."""
        return self.what == "trusted"


class Certificates:
    """Certificates of a server and of its clients: trusted, and all that must not be.

    Parameters
    ----------
    folder : Path
    tokens : Tokens
        Where the names of clients are given scopes.
    """

    def __init__(self, folder: Path, tokens: Tokens) -> None:
        ours, others = Authority(folder), Authority(folder, "others")
        certificate, key = ours.sign("server")
        self.words = ["--tls-cert", str(certificate), "--tls-key", str(key)]
        self.words += ["--client-ca", str(ours.path)]
        pairs = {
            "nothing": None,
            "trusted": ours.sign("trusted"),
            "unknown name": ours.sign("unknown"),
            "revoked name": ours.sign("dropped"),
            "expired": ours.sign("late", lifetime=-DAY),
            "other authority": others.sign("trusted-elsewhere"),
        }
        tokens.trust_certificate("trusted", ["read", "ingest"])
        tokens.trust_certificate("trusted-elsewhere", ["admin"])
        tokens.trust_certificate("late", ["admin"])
        tokens.trust_certificate("dropped", ["admin"])
        tokens.revoke("dropped")
        self._shown = {what: Shown(what, _context(pair)) for what, pair in pairs.items()}
        self._shown["in clear text"] = Shown("in clear text")
        self._weights = [10, 3, 1, 1, 1, 1, 1]

    def drawn(self, number: int) -> Shown:
        """Return what the client of a request shows."""
        rng = random.Random(f"certificate {number}")
        return rng.choices(list(self._shown.values()), self._weights)[0]

    @property
    def plain(self) -> Shown:
        """A client with no certificate."""
        return self._shown["nothing"]


def _context(pair: tuple[Path, Path] | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # here it is the server that is tried
    if pair is not None:
        context.load_cert_chain(*pair)
    return context

"""The real service, in a process of its own, off loopback where a network namespace can be had."""

import contextlib
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from consilience.service.access.tokens import Tokens
from tests.campaigns.service_fuzz.attempts import Secrets
from tests.campaigns.service_fuzz.services import Certificates, Service, Shown

__all__ = ["Served", "leave_the_network", "served"]

_CLONE_NEWNET = 0x40000000
_PROGRAM = "import sys; from consilience.cli.app import main; sys.exit(main())"
OUTSIDE = "203.0.113.7"
"""An address of nobody's (RFC 5737), off loopback for who listens on it."""
INSIDE = "127.0.0.7"


class Served:
    """The running process, its folder and what it has written.

    Attributes
    ----------
    address : (str, int)
    is_outside : bool
        It listens off loopback; else on loopback, with --require-token.
    kind : Service
    certificates : Certificates or None
        None: it speaks no TLS.
    """

    def __init__(
        self,
        folder: Path,
        words: list[str],
        host: str,
        kind: Service,
        certificates: Certificates | None,
    ) -> None:
        self.kind, self.certificates = kind, certificates
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, "serve", *words], stdout=out, stderr=err
            )
        self.folder = folder
        told = self._first_line()
        self.address = host, int(told["url"].rpartition(":")[2])

    @property
    def is_outside(self) -> bool:
        """Whether it listens off loopback."""
        return self.address[0] == OUTSIDE

    def shown(self, number: int) -> Shown:
        """Return what the client of a request shows of itself."""
        return Shown() if self.certificates is None else self.certificates.drawn(number)

    @property
    def plain(self) -> Shown:
        """A client that shows nothing."""
        return Shown() if self.certificates is None else self.certificates.plain

    def memory(self) -> int:
        """Return the bytes of memory that it holds now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) << 10
        return 0

    def connections(self) -> int:
        """Return how many connections of clients it has open."""
        folder = Path(f"/proc/{self.process.pid}")
        open_ones = set()
        for path in (folder / "fd").iterdir():
            with contextlib.suppress(OSError):
                open_ones.add(str(path.readlink()))
        rows = (line.split() for line in (folder / "net/tcp").read_text().splitlines()[1:])
        port = f":{self.address[1]:04X}"
        return sum(
            row[1].endswith(port) and row[3] != "0A" and f"socket:[{row[9]}]" in open_ones
            for row in rows
        )

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of all that it has written: logs and state."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self.folder)), path.read_bytes()

    def _first_line(self) -> dict[str, str]:
        for _ in range(1200):
            text = self._out.read_text()
            if text.endswith("\n"):
                found: dict[str, str] = json.loads(text)
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the service did not start: {self._err.read_text()}")


def leave_the_network() -> bool:
    """Move this process into a network of its own, with an address off loopback.

    False if it may not.

    Every address of its block is its own, too: clients come from many.
    """
    if os.geteuid() or ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        return False
    for words in (
        "link set lo up",
        f"address add {OUTSIDE}/32 dev lo",
        "route add local 203.0.113.0/24 dev lo",
    ):
        subprocess.run(["ip", *words.split()], check=True)
    return True


@contextlib.contextmanager
def served(is_outside: bool, kind: Service) -> Iterator[tuple[Served, Secrets, Tokens]]:
    """Start a service; give it, tokens of all kinds, and their table."""
    with tempfile.TemporaryDirectory(prefix="consilience-fuzz-") as name:
        state = Path(name) / "state"
        state.mkdir(mode=0o700)
        with Tokens(state / "access.db") as tokens:
            secrets = _secrets(tokens)
            host = OUTSIDE if is_outside else INSIDE
            words = ["--http", f"{host}:0", "--state", str(state), "--arl", "1000", "--json"]
            words += ["--device", "cpu=cpu", "--device", "gone=socket://127.0.0.1:1"]
            words += ["--nats", f"nats://fuzz:{secrets.password}@127.0.0.1:1"]
            words += kind.words(Path(name))
            encrypted = None
            if kind is Service.TLS:
                encrypted = Certificates(Path(name), tokens)
                words += encrypted.words
            elif is_outside:
                words += ["--clear-text"]
            if not is_outside:
                words += ["--require-token", "--host-name", "service.example"]
            one = Served(Path(name), words, host, kind, encrypted)
            try:
                yield one, secrets, tokens
            finally:
                one.process.terminate()
                try:
                    one.process.wait(60)
                except subprocess.TimeoutExpired:
                    one.process.kill()
                    one.process.wait()


def _secrets(tokens: Tokens) -> Secrets:
    made = {scope: tokens.create(scope, [scope])[0].text for scope in ("read", "ingest", "admin")}
    revoked = tokens.create("revoked", ["admin"])[0].text
    tokens.revoke("revoked")
    expired = tokens.create("expired", ["admin"], lifetime_ms=1)[0].text
    unknown = "cns_0123456789abcdef_" + "5eec7e7e" * 8
    password = "correct-horse-battery-staple"
    return Secrets(made["read"], made["ingest"], made["admin"], revoked, expired, unknown, password)

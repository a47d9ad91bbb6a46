"""A service in a process of its own: started, watched, killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

__all__ = ["ServerProcess"]

_START_S = 120


class ServerProcess:
    """`consilience serve --http` on a free port of loopback.

    Parameters
    ----------
    state : Path
    options : list of str
        Beside those of address and state.
    core : int or None
        The processor core it is pinned to, with its children.
    """

    def __init__(self, state: Path, options: list[str], core: int | None = None) -> None:
        program = "from consilience.cli.app import main; raise SystemExit(main())"
        command = [sys.executable, "-c", program, "serve", "--http", "127.0.0.1:0", "--json",
                   "--state", str(state), *options]  # fmt: skip
        pinned = None if core is None else lambda: os.sched_setaffinity(0, {core})
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=pinned
        )
        begun = time.monotonic()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        said = json.loads(line) if line else {}
        if "url" not in said:
            reason = said.get("error", f"exit code {self._process.wait()}")
            raise RuntimeError(f"the service did not start: {reason}")
        self.url: str = said["url"]
        self.host, port = self.url.removeprefix("http://").rsplit(":", 1)
        self.port = int(port)
        while True:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                if time.monotonic() - begun > _START_S:
                    raise
                time.sleep(0.01)
        self.started_s = time.monotonic() - begun

    def get(self, path: str) -> dict[str, object]:
        """Return the answer of a path."""
        found: dict[str, object] = httpx.get(f"{self.url}{path}", timeout=60).json()
        return found

    @property
    def cpu_s(self) -> float:
        """Processor time of the process, s."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> int:
        """Resident memory, bytes."""
        fields = Path(f"/proc/{self._process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Let it end (SIGTERM); return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=120)

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

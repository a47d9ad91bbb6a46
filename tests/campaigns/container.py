"""``python -m tests.campaigns.container``: the Containerfile, built and run from a clean Debian.

A base image is made with mmdebstrap, buildah carries out the real Containerfile on it, and what it
made is started as the Containerfile says: as its user, without root, on a root file system mounted
read-only. A certificate and tokens are made as docs/operations.md has them; an observation goes in
and comes out over TLS; a request without a token is refused; the health check of the image passes
while the service runs and fails when it has ended.

Needs root, mmdebstrap, buildah and podman (Debian packages), and the network of pip and apt; some
minutes. Not tried here: a container engine's own isolation, and compose.yaml.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

__all__ = ["main"]

Result = TypeVar("Result")

ROOT = Path(__file__).parents[2]
FILE = ROOT / "host/consilience/service/deploy/Containerfile"
BASE = "localhost/debian:bookworm-slim"
PORT = 18080
TOOLS = ("mmdebstrap", "buildah", "podman", "openssl", "curl", "unshare")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
LEFT_OUT = (".git", ".venv", "build")
IDS = 10001
PATIENCE_S = 10
"""An engine sends SIGKILL so long after SIGTERM."""


class Failed(Exception):
    """A step did not do what it should; the message says which."""


def run(*words: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    """Run a program; Failed with its last lines if it fails."""
    done = subprocess.run(words, text=True, capture_output=True, check=False, **more)  # type: ignore[call-overload]
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise Failed(f"{' '.join(map(str, words[:6]))} ...: exit code {done.returncode}\n{last}")
    found: subprocess.CompletedProcess[str] = done
    return found


class Images:
    """Images of this run alone, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        places = ["--root", str(folder / "images"), "--runroot", str(folder / "run")]
        self._options = ["--storage-driver", "vfs", *places]

    def make_base(self) -> None:
        """Make the clean Debian that the Containerfile begins with."""
        archive = self._folder / "base.tar"
        include = "--include=ca-certificates"
        run("mmdebstrap", "--variant=minbase", include, "bookworm", archive)
        run("podman", *self._options, "import", archive, BASE)
        archive.unlink()

    def build(self, context: Path) -> str:
        """Carry out the Containerfile; return a container of the image."""
        pip = self._folder / "pip.conf"
        pip.write_text(f"[global]\ncert = {CERTIFICATES}\n")
        # Who the host trusts: a proxy may stand before the package registries.
        trust = ["-v", f"{CERTIFICATES}:{CERTIFICATES}:ro", "-v", f"{pip}:/etc/pip.conf:ro"]
        build = ["bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--format"]
        run("buildah", *self._options, *build, "docker", *trust, "-f", FILE, "-t", "tried", context)
        return run("buildah", *self._options, "from", "--pull-never", "tried").stdout.strip()

    def config(self) -> dict[str, object]:
        """Return what the image says of how it is run."""
        found = json.loads(
            run("buildah", *self._options, "inspect", "--type=image", "tried").stdout
        )
        config: dict[str, object] = found["Docker"]["config"]
        return config

    def mounted(self, container: str) -> Path:
        """Return the folder of a container's root."""
        return Path(run("buildah", *self._options, "mount", container).stdout.strip())


class Inside:
    """What runs in the image: its user, its environment, a root that cannot be written."""

    def __init__(self, root: Path, state: Path, config: dict[str, object]) -> None:
        self._root, self._state = root, state
        variables = config["Env"]
        assert isinstance(variables, list)
        self._env = {**dict(one.split("=", 1) for one in variables), "HOME": "/state"}
        self._user = str(config["User"])

    def words(self, *command: str) -> list[str]:
        """Return the command that runs `command` inside."""
        script = (
            'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"'
            ' && mount -t tmpfs tmpfs "$1/tmp"'
            ' && mount --bind "$2" "$1/state" && mount -t proc proc "$1/proc"'
            ' && mount --bind /dev "$1/dev" && root="$1" user="$3" && shift 3'
            ' && exec /usr/sbin/chroot --userspec="$user" --groups= "$root" "$@"'
        )
        places = (str(self._root), str(self._state), self._user)
        return [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "sh",
            "-ec",
            script,
            "sh",
            *places,
            *command,
        ]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside; Failed if it fails."""
        return run(*self.words(*command), env=self._env)

    def succeeds(self, *command: str) -> bool:
        """Return whether a command that is run inside ends with 0."""
        done = subprocess.run(self.words(*command), env=self._env, check=False, capture_output=True)
        return done.returncode == 0

    @contextmanager
    def running(self, *command: str) -> Iterator["subprocess.Popen[str]"]:
        """Run a command inside for as long as the block takes, then end it as an engine does.

        Failed if it does not end in time, or not with 0.
        """
        process = subprocess.Popen(self.words(*command), env=self._env, text=True)
        try:
            yield process
            self._send(process, signal.SIGTERM)
            try:
                code = process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                raise Failed(f"not ended {PATIENCE_S} s after SIGTERM") from None
            if code:
                raise Failed(f"ended by SIGTERM with exit code {code}")
        finally:
            if process.poll() is None:
                self._send(process, signal.SIGKILL)
                process.wait()

    @staticmethod
    def _send(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
        """Send a signal to what runs inside: `unshare` itself does not pass it on."""
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), number)


def main() -> int:
    """Run the campaign; see the module."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() or missing:
        print(f"NOT RUN: needs root, and {', '.join(missing) or 'nothing else'}", file=sys.stderr)
        return 3
    try:
        with tempfile.TemporaryDirectory(prefix="consilience-container-") as folder:
            _tried(Path(folder))
    except Failed as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    return 0


def _tried(folder: Path) -> None:
    images = Images(folder)
    told("a clean Debian (mmdebstrap)", images.make_base)
    context = folder / "context"
    shutil.copytree(ROOT, context, ignore=shutil.ignore_patterns(*LEFT_OUT))
    container = told("the Containerfile (buildah)", lambda: images.build(context))
    config = images.config()
    state = folder / "state"
    (state / "tls").mkdir(parents=True)
    _certificate(state / "tls")
    run("chown", "-R", f"{IDS}:{IDS}", state)
    state.chmod(0o700)
    inside = Inside(images.mounted(container), state, config)
    told("the service, without root, root read-only", lambda: _served(inside, config))


def _served(inside: Inside, config: dict[str, object]) -> None:
    entry, command = config["Entrypoint"], config["Cmd"]
    assert isinstance(entry, list)
    assert isinstance(command, list)
    entry = [word.replace(":8080", f":{PORT}") for word in entry]
    alive = ("python3", "-m", "consilience.service.deploy.alive", str(PORT))
    made = inside.run(
        *("consilience", "service", "tokens", "create", "first", "--scope", "ingest"),
        *("--scope", "read", "--state", "/state/service", "--json"),
    )
    token = json.loads(made.stdout)["token"]
    with inside.running(*entry, *command) as process:
        for _ in range(600):
            if process.poll() is not None:
                raise Failed("the service ended by itself")
            if inside.succeeds(*alive):
                break
            time.sleep(0.2)
        else:
            raise Failed("the service never answered its health check")
        body = '{"observations": [{"agent": "a", "run": "1", "score": 1.5}]}'
        url = f"https://127.0.0.1:{PORT}/v1"
        ask = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}"]
        send = ["-H", "Content-Type: application/json", "-d", body, f"{url}/observations"]
        bearer = ["-H", f"Authorization: Bearer {token}"]
        for what, words, wanted in (
            ("without a token", [f"{url}/fleet"], "401"),
            ("an observation", [*bearer, *send], "200"),
            ("the fleet", [*bearer, f"{url}/fleet"], "200"),
        ):
            if (status := run(*ask, *words).stdout) != wanted:
                raise Failed(f"{what}: HTTP {status}, not {wanted}")
    if inside.succeeds(*alive):
        raise Failed("the health check passes though the service has ended")


def _certificate(folder: Path) -> None:
    run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "30", "-subj", "/CN=localhost"),
        *("-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
    )


def told(what: str, step: Callable[[], Result]) -> Result:
    """Do a step, and say how long it took."""
    begun = time.monotonic()
    print(f"{what} ...", flush=True)
    made = step()
    print(f"{what}: ok, {time.monotonic() - begun:.0f} s", flush=True)
    return made


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.campaigns.container``: the Containerfile, built and run from a clean Debian.

A base image is made with mmdebstrap, buildah carries out the real Containerfile on it, and podman
runs the image with runc: its user without root or capabilities, a filter of system calls, a root
file system that cannot be written. A certificate and a token are made as docs/operations.md has
them; an observation goes in and comes out over TLS; a request without a token is refused; a backup
is taken; the image's health check passes while the service runs; SIGTERM ends it with 0.

Needs root, mmdebstrap, buildah, podman and runc (Debian packages), and the network of pip and apt;
5 to 20 minutes, since each layer is copied (vfs). Not tried: the published port of an own network
(it is the machine's here), rootless podman, and other engines.
"""

import json
import os
import shutil
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
IMAGE = "localhost/tried:latest"
NAME = "consilience-tried"
PORT = 8080
TOOLS = ("mmdebstrap", "buildah", "podman", "runc", "openssl", "curl")
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

    def build(self, context: Path) -> None:
        """Carry out the Containerfile: an image."""
        pip = self._folder / "pip.conf"
        pip.write_text(f"[global]\ncert = {CERTIFICATES}\n")
        # Who the host trusts: a proxy may stand before the package registries.
        trust = ["-v", f"{CERTIFICATES}:{CERTIFICATES}:ro", "-v", f"{pip}:/etc/pip.conf:ro"]
        build = ["bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--format"]
        run("buildah", *self._options, *build, "docker", *trust, "-f", FILE, "-t", IMAGE, context)

    def podman(self, *words: str) -> str:
        """Return what podman says to some words; Failed if it fails."""
        engine = ["--runtime", "runc", "--cgroup-manager", "cgroupfs"]
        return run("podman", *self._options, *engine, *words).stdout.strip()


class Container:
    """A container of the image, as an engine runs it: its user, its root that cannot be written.

    Namespaces, capabilities, seccomp and cgroups are those of podman and runc; the network is the
    machine's, and limits are given, since those that podman would set may be above the machine's.
    """

    def __init__(self, images: Images, state: Path) -> None:
        self._images, self.state = images, state

    @contextmanager
    def running(self, *command: str) -> Iterator[None]:
        """Run it for as long as the block takes, then end it; Failed unless it ends by SIGTERM."""
        options = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]
        options += ["--network", "host", "--read-only", "--tmpfs", "/tmp"]
        options += ["-v", f"{self.state}:/state", "--name", NAME]
        self._images.podman("run", "--detach", *options, *command)
        try:
            yield
            begun = time.monotonic()
            self._images.podman("stop", "--time", str(PATIENCE_S), NAME)
            code = self._images.podman("inspect", "--format", "{{.State.ExitCode}}", NAME)
            if int(code) or time.monotonic() - begun > PATIENCE_S:
                raise Failed(f"SIGTERM ended it with exit code {code}, or not in time")
        except BaseException:
            print(self._images.podman("logs", NAME)[-2000:], file=sys.stderr)
            raise
        finally:
            self._images.podman("rm", "--force", NAME)

    def run(self, *command: str) -> str:
        """Run a command in it; Failed if it fails."""
        return self._images.podman("exec", NAME, *command)

    @property
    def is_healthy(self) -> bool:
        """Whether the health check of the image passes now."""
        try:
            self._images.podman("healthcheck", "run", NAME)
        except Failed:
            return False
        return True


def carried_out(name: str, tried: Callable[[Images, Path], None]) -> int:
    """Try with the image, in a folder of this run alone; the exit code, 3: not to be run here."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() or missing:
        print(f"NOT RUN: needs root, and {', '.join(missing) or 'nothing else'}", file=sys.stderr)
        return 3
    try:
        with tempfile.TemporaryDirectory(prefix=f"consilience-{name}-") as made:
            folder = Path(made)
            images = Images(folder)
            told("a clean Debian (mmdebstrap)", images.make_base)
            context = folder / "context"
            shutil.copytree(ROOT, context, ignore=shutil.ignore_patterns(*LEFT_OUT))
            told("the Containerfile (buildah)", lambda: images.build(context))
            tried(images, folder)
    except Failed as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    """Run the campaign; see the module."""
    return carried_out("container", _tried)


def _tried(images: Images, folder: Path) -> None:
    state = folder / "state"
    (state / "tls").mkdir(parents=True)
    _certificate(state / "tls")
    run("chown", "-R", f"{IDS}:{IDS}", state)
    state.chmod(0o700)
    container = Container(images, state)
    told("the service in a container (podman, runc)", lambda: _served(container, images))


def _served(container: Container, images: Images) -> None:
    entry, command = json.loads(
        images.podman("inspect", "--format", "[{{json .Config.Entrypoint}}, {{json .Config.Cmd}}]",
                      IMAGE)
    )  # fmt: skip
    if not any(word.endswith(f":{PORT}") for word in entry):
        raise Failed(f"the image does not serve port {PORT}: {entry}")
    with container.running(IMAGE, *command):
        for _ in range(300):
            if container.is_healthy:
                break
            time.sleep(0.2)
        else:
            raise Failed("the service never answered its health check")
        _isolated(container)
        tokens = ("consilience", "service", "tokens", "create", "first")
        scopes = ("--scope", "ingest", "--scope", "read", "--state", "/state/service", "--json")
        token = json.loads(container.run(*tokens, *scopes))["token"]
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
        backup = ("consilience", "service", "backup", "/state/backup", "--state", "/state/service")
        container.run(*backup)
        if not (container.state / "backup" / "backup.json").exists():
            raise Failed("the backup is not in the volume")


def _isolated(container: Container) -> None:
    """Raise Failed unless what runs has no root, no capability, and one folder to write to."""
    status = container.run("cat", "/proc/1/status")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if facts["Uid"].split() != [str(IDS)] * 4 or int(facts["CapEff"], 16):
        raise Failed(f"runs as {facts['Uid']} with capabilities {facts['CapEff']}")
    if facts["Seccomp"] != "2":
        raise Failed("no filter of system calls")
    for place in ("/x", "/opt/consilience/x", "/etc/x"):
        try:
            container.run("touch", place)
        except Failed:
            continue
        raise Failed(f"{place} was written")


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

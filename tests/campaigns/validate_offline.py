"""``python -m tests.campaigns.validate_offline``: an auditor on a clean Debian, without a network.

The image of the service's Containerfile (see `container`) is run with no network but its own
loopback and a root that cannot be written: `consilience validate --audit-mode --output-package`
twice, `verify.py` of the first package with the image's Python alone, and all files of the two
packages compared. There is no git and no checkout in it: the code is that of the wheel, each file
as it recorded it. The default run with ``--default``, else `--quick`.

Needs what `container` needs; 10 to 40 minutes, most of which the image takes.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.campaigns.bitstream.twice import files_of
from tests.campaigns.container import IDS, IMAGE, Failed, Images, carried_out, told

__all__ = ["main"]

VERIFIED_S = 60
"""The longest that a package may take to be verified."""
DIFFERS = ["measured.json"]
REACH = "import socket; socket.create_connection(('1.1.1.1', 53), 3)"


class Auditor:
    """Commands in containers of an image that share one folder, and have no network."""

    def __init__(self, images: Images, folder: Path) -> None:
        self._images, self.folder = images, folder

    def run(self, *command: str) -> str:
        """Return what a command says; Failed if it fails."""
        options = ["--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp"]
        options += ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]
        options += ["-v", f"{self.folder}:/state", "--entrypoint", command[0]]
        return self._images.podman("run", *options, IMAGE, *command[1:])

    def verify(self) -> tuple[str, float]:
        """Return what verify.py says of the package `audit`, and its seconds; not the engine's."""
        alone = "env -i /usr/bin/python3 -I -S /state/audit/verify.py"
        timed = f"TIMEFORMAT=%R; time {alone} /state/audit --key /state/audit.vkey"
        said, _, seconds = self.run("bash", "-c", f"{{ {timed}; }} 2>&1").rpartition("\n")
        return said, float(seconds)

    def validate(self, name: str, *words: str) -> dict[str, Any]:
        """Return what `consilience validate` found; its package is in the folder."""
        asked = ("validate", "--audit-mode", "--output-package", f"/state/{name}", "--json")
        found: dict[str, Any] = json.loads(self.run("consilience", *asked, *words))
        return found


def main() -> int:
    """Run the campaign; see the module."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.validate_offline", description=__doc__
    )
    parser.add_argument("--default", action="store_true", help="all but what takes hours")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="as of consilience validate"
    )
    options = parser.parse_args()
    words = [] if options.default else ["--quick"]
    for name in options.only:
        words += ["--only", name]
    return carried_out("auditor", lambda images, folder: _tried(images, folder, words))


def _tried(images: Images, folder: Path, words: list[str]) -> None:
    state = folder / "state"
    state.mkdir(mode=0o700)
    os.chown(state, IDS, IDS)
    auditor = Auditor(images, state)
    _refuse_a_network(auditor)
    first = told("validate, without a network", lambda: auditor.validate("audit", *words))
    print(_summary(first))
    said, seconds = told("verify.py, with Python alone", auditor.verify)
    if seconds > VERIFIED_S:
        raise Failed(f"verify.py took {seconds:.0f} s, more than {VERIFIED_S}")
    print(f"{said}\nin {seconds:.1f} s")
    key = ("--key", "/state/audit.keys/node-0.key")
    told("validate, again", lambda: auditor.validate("again", *key, *words))
    one, other = files_of(state / "audit"), files_of(state / "again")
    differ = sorted(name for name in one | other if one.get(name) != other.get(name))
    if differ != DIFFERS:
        raise Failed(f"two packages differ in {', '.join(differ) or 'nothing'}")
    print(f"{len(one) - 1} of {len(one)} files have equal bytes; measured.json differs")


def _refuse_a_network(auditor: Auditor) -> None:
    """Raise Failed if the container reaches anything."""
    try:
        auditor.run("python3", "-c", REACH)
    except Failed as cut:
        if "unreachable" in str(cut):
            return
        raise
    raise Failed("the container has a network")


def _summary(found: dict[str, Any]) -> str:
    """Return the counts of a run and why claims were not run; Failed if one fails."""
    failed = [f"{one['name']}: {one['reason']} {one.get('worst', '')}"
              for one in found["claims"] if one["verdict"] == "fail"]  # fmt: skip
    if failed or not found["counts"]["pass"]:
        raise Failed(f"claims fail: {'; '.join(failed) or 'none was tested'}")
    left = [f"  NOT RUN {one['name']}: {one['reason']}"
            for one in found["claims"] if one["verdict"] == "NOT RUN"]  # fmt: skip
    environment = found["environment"]
    counts = ", ".join(f"{count} {name}" for name, count in found["counts"].items())
    where = f"Python {environment['python']}, code: {environment['code']}"
    return "\n".join([f"{counts}; {where}", *left])


if __name__ == "__main__":
    sys.exit(main())

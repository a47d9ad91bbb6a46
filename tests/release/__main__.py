"""``make release``: wheel, sdist, lists of parts and sums of the commit, in dist/.

First all that stands in the way is told, in one list; ``--check`` (``make release-check``) ends
there. There is no way around it: ``--rehearse`` makes all and keeps nothing. Then wheel and sdist
are built twice, compared and checked, and each is installed and tried in an empty environment.
Nothing is uploaded. Exit code 1: something stood in the way, or failed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from consilience_tools.pages.stamp import ROOT
from tests.release.artifacts import built_twice, commit_time, write_sums
from tests.release.obstacles import obstacles, version_of
from tests.release.parts import parts_of_installation, parts_of_lock
from tests.release.trial import constraints, installed, tried


def main() -> int:
    """Release, or say what stands in the way; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.release", description=__doc__)
    parser.add_argument("--check", action="store_true", help="say what stands in the way, no more")
    parser.add_argument("--rehearse", action="store_true", help="make and try all, keep nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder (%(default)s)")
    options = parser.parse_args()
    version, found = version_of(), obstacles()
    for one in found:
        print(f"- {one}")
    if found:
        print(f"{version} cannot be released: {len(found)} things stand in the way, above.")
    else:
        print(f"Nothing stands in the way of {version}.", flush=True)
    if options.rehearse:
        return made(version, None)
    return 1 if found else 0 if options.check else made(version, options.out)


def made(version: str, out: Path | None, root: Path = ROOT) -> int:
    """Build and try everything, and keep it in a folder, if one is given; return the exit code."""
    if out and out.exists() and any(out.iterdir()):
        print(f"{out} is not empty: what lies there is of another release", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="consilience-release-") as folder:
        try:
            files = _files(version, root, Path(folder))
        except (ValueError, AssertionError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or b""
            print(f"{error}\n{said.decode() if isinstance(said, bytes) else said}", file=sys.stderr)
            return 1
        names = ", ".join(one.name for one in files)
        if out is None:
            print(f"A rehearsal: nothing is kept of {names}")
            return 0
        out.mkdir(parents=True, exist_ok=True)
        for one in files:
            shutil.copy(one, out)
        print(f"{out}: {names}")
    return 0


def _files(version: str, root: Path, work: Path) -> list[Path]:
    epoch = commit_time(root)
    archives = built_twice(root, work)
    if not archives[-1].name.endswith("-py3-none-any.whl"):
        raise ValueError(f"{archives[-1].name} is not for every system: something was compiled")
    print(f"built twice, the same bytes: {', '.join(one.name for one in archives)}", flush=True)
    twine = [sys.executable, "-m", "twine", "--no-color", "check", "--strict"]
    subprocess.run([*twine, *map(str, archives)], check=True)
    versions = constraints(root / "requirements.lock", work / "constraints.txt")
    lists = []
    for archive in archives:
        kind = archive.suffix.strip(".")
        programs = installed(archive, work / f"installed-{kind}", versions)
        commands = tried(programs, root, work / f"tried-{kind}", version)
        lists.append(work / f"{kind}.json")
        count = parts_of_installation(programs, root, epoch, lists[-1])
        print(f"{archive.name}: installed, {commands} commands tried, {count} parts", flush=True)
    if lists[0].read_bytes() != lists[1].read_bytes():
        raise ValueError("the lists of parts of wheel and sdist differ")
    parts = lists[0].rename(work / f"consilience-{version}.cdx.json")
    locked = work / f"consilience-{version}-lock.cdx.json"
    print(f"{locked.name}: {parts_of_lock(root, epoch, locked)} parts", flush=True)
    files = [*archives, parts, locked]
    sums = work / "SHA256SUMS"
    write_sums(files, sums)
    print(sums.read_text(), end="")
    return [*files, sums]


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tests.release.version 0.2.0 2026-12-01``: the tree as it is released, in one commit.

Version in pyproject.toml, section in CHANGELOG.md (what was unreleased), and the lines in README.md
and SECURITY.md that name it.
"""

import re
import sys
from datetime import date
from pathlib import Path

from consilience_tools.pages.stamp import ROOT

__all__ = ["set_version"]


def set_version(version: str, day: str, root: Path = ROOT) -> None:
    """Write a version into the files that name it; ValueError where one does not."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version} is no version: three numbers with points between them")
    date.fromisoformat(day)
    minor = version.rpartition(".")[0]
    edits = {
        "pyproject.toml": (r'^version = ".*"$', f'version = "{version}"'),
        "CHANGELOG.md": (r"^## \[Unreleased\]$", f"## [Unreleased]\n\n## [{version}] - {day}"),
        "README.md": (r"^Version \d+\.\d+\.$", f"Version {minor}."),
        "SECURITY.md": (r"^Version \S+ alone is supported", f"Version {minor} alone is supported"),
    }
    texts = {}
    for name, (pattern, text) in edits.items():
        before = (root / name).read_text(encoding="utf-8")
        texts[name], count = re.subn(pattern, text, before, count=1, flags=re.MULTILINE)
        if not count:
            raise ValueError(f"{name} has no line {pattern}")
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        set_version(*sys.argv[1:])
    except (TypeError, ValueError) as error:
        sys.exit(f"python -m tests.release.version VERSION YYYY-MM-DD: {error}")

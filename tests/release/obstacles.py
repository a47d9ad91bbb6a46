"""What stands in the way of a release: everything, in one list, each with its cure."""

import importlib.metadata
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

from consilience_tools.pages.stamp import ROOT, page_stamp, pages, says_it_is_older
from consilience_tools.place_and_route.baseline import read_baseline
from consilience_tools.place_and_route.configurations import PUBLISHED
from consilience_tools.place_and_route.origins import is_older

__all__ = ["obstacles", "version_of"]

_SHOWN = 5
"""Files of a dirty tree that are named."""


def obstacles(root: Path = ROOT) -> list[str]:
    """Return a line for each thing that has to be mended before the tree can be released."""
    return [
        *_dirty(root),
        *_versions(root),
        *_changelog(root),
        *_named(root),
        *_pages(root),
        *_timing(),
    ]


def version_of(root: Path = ROOT) -> str:
    """Return the version in pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def _dirty(root: Path) -> Iterator[str]:
    try:
        changed = _git(root, "status", "--porcelain").splitlines()
    except (FileNotFoundError, subprocess.CalledProcessError):
        yield "this is no git checkout: a release is of a commit"
        return
    if changed:
        names = ", ".join(line[3:] for line in changed[:_SHOWN])
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        yield f"the tree differs from its commit: {names}{more}; commit or remove them"


def _versions(root: Path) -> Iterator[str]:
    version, installed = version_of(root), importlib.metadata.version("consilience")
    if installed != version:
        yield (
            f"pyproject.toml says version {version}, the package says {installed}; run "
            "`python -m pip install --no-deps --no-build-isolation -e .`"
        )
    try:
        tagged = _git(root, "rev-parse", "--quiet", "--verify", f"refs/tags/v{version}^{{commit}}")
        if tagged != _git(root, "rev-parse", "HEAD"):
            yield f"{version} has been released: tag v{version} is of another commit; raise it"
    except (FileNotFoundError, subprocess.CalledProcessError):
        pass  # no such tag, or no checkout


def _changelog(root: Path) -> Iterator[str]:
    text, version = (root / "CHANGELOG.md").read_text(encoding="utf-8"), version_of(root)
    parts = dict(re.findall(r"^## \[([^\]]+)\](.*(?:\n(?!## ).*)*)", text, re.MULTILINE))
    section = parts.get(version)
    if section is None:
        command = f"python -m tests.release.version {version} DATE"
        yield f"CHANGELOG.md has no section [{version}]; {command}"
    elif not re.match(r" - \d{4}-\d\d-\d\d\n", section):
        yield f"CHANGELOG.md: the section [{version}] has no date, as `## [{version}] - 2026-01-31`"
    if section is not None and "- " in parts.get("Unreleased", ""):
        yield f"CHANGELOG.md: what is under [Unreleased] is in this release; move it to [{version}]"


def _named(root: Path) -> Iterator[str]:
    minor = ".".join(version_of(root).split(".")[:2])
    for name, line in (
        ("README.md", f"Version {minor}."),
        ("SECURITY.md", f"Version {minor} alone is supported"),
    ):
        text = (root / name).read_text(encoding="utf-8")
        if not any(one.startswith(line) for one in text.splitlines()):
            yield f"{name} does not say `{line}`"


def _pages(root: Path) -> Iterator[str]:
    for name, origin in sorted(pages(root).items()):
        page = root / "docs" / name
        if not page.is_file():
            yield f"docs/{name} is missing; {origin.command}"
            continue
        text = page.read_text(encoding="utf-8")
        made = page_stamp(text)
        if made is None or made.code != origin.digest(root) or says_it_is_older(text):
            of = f" ({made.commit})" if made else ""
            yield f"docs/{name} is older than the code it speaks of{of}; {origin.command}"
        elif unsaid := origin.unsaid(text):
            words = ", ".join(unsaid)
            yield f"docs/{name} does not say `{words}`: something failed; {origin.command}"
        elif made.commit.endswith("-dirty"):
            yield (
                f"docs/{name} was made in a tree that differed from its commit ({made.commit}), "
                f"which nobody can check out; {origin.command}"
            )


def _timing() -> Iterator[str]:
    baseline = read_baseline()
    measured = [one for one in PUBLISHED if one.name in baseline]
    if older := [one.name for one in measured if is_older(one, baseline[one.name])]:
        names = " ".join(older)
        yield f'docs/timing.md has rows older than their gateware; make timing CONFIG="{names}"'


def _git(root: Path, *words: str) -> str:
    run = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return run.stdout.rstrip("\n")

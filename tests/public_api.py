"""The public names and their signatures, as they were announced.

``python -m tests.public_api --write`` announces them. What is written in tests/public_api.txt is
promised (docs/compatibility.md). A name that is gone, or is called in another way, is a break: it
is written only once the unreleased part of CHANGELOG.md names it.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from enum import EnumMeta
from pathlib import Path
from types import ModuleType

import consilience
import consilience.client
import consilience_hw

__all__ = ["announced", "breaks", "names_now"]

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "tests" / "public_api.txt"
_MODULES = consilience, consilience.client, consilience_hw


def names_now() -> dict[str, str]:
    """Return each public name with how it is called."""
    return {name: called for module in _MODULES for name, called in _of_module(module)}


def announced() -> dict[str, str]:
    """Return what tests/public_api.txt says."""
    lines = KEPT.read_text().splitlines()
    return {re.split(r"[(:]", line, maxsplit=1)[0].strip(): line for line in lines}


def breaks(before: dict[str, str], now: dict[str, str], changelog: str) -> list[str]:
    """Return names that are gone or called in another way, and that the changelog does not name."""
    unreleased = changelog.split("## [Unreleased]")[1].split("\n## ")[0]
    changed = [name for name, called in before.items() if now.get(name) != called]
    return [name for name in changed if not re.search(rf"`{_own(name)}\b", unreleased)]


def _own(name: str) -> str:
    """Return a name as a changelog gives it: without its module."""
    parts = name.split(".")
    return re.escape(".".join(part for part in parts if part[0].isupper() or part == parts[-1]))


def _of_module(module: ModuleType) -> Iterator[tuple[str, str]]:
    for name in sorted(module.__all__):
        yield from _of_value(f"{module.__name__}.{name}", getattr(module, name))


def _of_value(path: str, value: object) -> Iterator[tuple[str, str]]:
    if not callable(value):
        yield path, f"{path}: {type(value).__name__}"
        return
    # How an enumeration shows its call differs from one Python to the next.
    yield path, f"{path}{'(value)' if isinstance(value, EnumMeta) else _signature(value)}"
    if inspect.isclass(value):
        for name, member in sorted(vars(value).items()):
            if name.startswith("_"):
                continue
            below = f"{path}.{name}"
            plain = getattr(member, "__func__", member)
            if callable(plain):
                yield below, f"{below}{_signature(plain)}"
            else:
                yield below, f"{below}: {type(member).__name__}"


def _signature(value: object) -> str:
    """Return parameters and defaults; types are left out, as libraries spell them anew."""
    try:
        whole = inspect.signature(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "(...)"
    empty = inspect.Parameter.empty
    plain = [one.replace(annotation=empty) for one in whole.parameters.values()]
    return str(whole.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def main() -> int:
    """Say what differs; write it unless it breaks what was announced without a word."""
    parser = argparse.ArgumentParser(prog="python -m tests.public_api", description=__doc__)
    parser.add_argument("--write", action="store_true", help="announce the names as they are now")
    write = parser.parse_args().write
    now, before = names_now(), announced() if KEPT.exists() else {}
    lost = breaks(before, now, (ROOT / "CHANGELOG.md").read_text())
    for name in lost:
        print(f"{name}: gone, or called in another way; name it in CHANGELOG.md", file=sys.stderr)
    if write and not lost:
        KEPT.write_text("".join(f"{one}\n" for one in now.values()))
    new = sorted(set(now) - set(before))
    print(f"{len(now)} names, {len(new)} new{': ' + ', '.join(new) if new else ''}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())

"""Quality of the code in a checkout: types, lint, and a sentence for every public name."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from consilience.extras import installed_version
from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding, NotRun, Scale
from consilience_tools.pages.stamp import ROOT

__all__ = ["FOLDERS", "claims", "undocumented"]

FOLDERS = ("hw", "sim", "host")
_BENCHES = "testbenches"
"""Tests beside the simulator: their functions are named for what they try."""
_CHECKERS = {
    "lint": ("ruff", ("ruff", "check", "--quiet", "--output-format", "concise")),
    "types": ("mypy", ("mypy", "--no-error-summary", "--no-color-output")),
}
_STATEMENTS = {
    "lint": "the linter has nothing to say of the code, its tests and its examples",
    "types": "the types of the library, simulator and gateware are strict and right",
}


def claims() -> list[Claim]:
    """Return the claims; away from a checkout they are NOT RUN."""
    made = [
        Claim(f"quality.{name}", _STATEMENTS[name], partial(_checked, name=name), 30.0)
        for name in _CHECKERS
    ]
    return [
        *made,
        Claim(
            "quality.docs",
            "each module, each name that it gives away (`__all__`) and each public method of these "
            "has a docstring",
            _documented,
            4.0,
        ),
    ]


def _checked(bench: Bench, name: str) -> Finding:
    package, command = _CHECKERS[name]
    _refuse_without_checkout()
    if name == "types" and bench.scale is Scale.QUICK:
        raise NotRun("takes a minute; leave out --quick")
    version = installed_version(package)
    if version is None:
        raise NotRun(f"{package} is not installed; run `make setup`")
    folders = (*FOLDERS, "tests", "examples", "docs") if name == "lint" else FOLDERS
    done = subprocess.run(
        [sys.executable, "-m", *command, *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if line.strip()]
    files = sum(1 for folder in folders for _ in (ROOT / folder).rglob("*.py"))
    return Finding(
        f"{package} {version} on {files:,} files of {', '.join(folders)}",
        files,
        len(said) or int(done.returncode != 0),
        worst=said[0] if said else done.stderr.strip()[:200] or "nothing",
        bound="nothing",
    )


def _documented(bench: Bench) -> Finding:
    _refuse_without_checkout()
    missing: list[str] = []
    names = 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if _BENCHES in path.parts:
                continue
            for name, is_documented in undocumented(path):
                names += 1
                if not is_documented:
                    missing.append(f"{path.relative_to(ROOT)}: {name}")
    return Finding(
        f"{names:,} public names of {', '.join(FOLDERS)}",
        names,
        len(missing),
        worst=missing[0] if missing else "all have one",
        bound="all have one",
    )


def undocumented(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the public names of a file, each with whether it has a docstring.

    A class inherits that of what it overrides: of Amaranth's `elaborate` its class says what it
    builds, and an overload is one name.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    given_away = _given_away(tree)
    yield path.stem, ast.get_docstring(tree) is not None or not tree.body
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name not in given_away:
                continue
            yield node.name, ast.get_docstring(node) is not None
            if isinstance(node, ast.ClassDef):
                yield from _methods(node)


def _given_away(tree: ast.Module) -> list[str]:
    """Return the names of a module's ``__all__``; none of a program, which has no such list."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def _methods(of: ast.ClassDef) -> Iterator[tuple[str, bool]]:
    protocol = any(ast.unparse(base).startswith("Protocol") for base in of.bases)
    for node in of.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        marks = [ast.unparse(one) for one in node.decorator_list]
        given = any(one in ("override", "overload") or one.endswith(".setter") for one in marks)
        if node.name.startswith("_") or node.name == "elaborate" or given or protocol:
            continue
        yield f"{of.name}.{node.name}", ast.get_docstring(node) is not None


def _refuse_without_checkout() -> None:
    if not (ROOT / "pyproject.toml").is_file():
        raise NotRun(
            "needs a checkout: this is a wheel, without tests; in a checkout: make setup, "
            ".venv/bin/consilience"
        )

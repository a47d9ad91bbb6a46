"""Random changes of the host's code and of the golden model."""

import ast
import hashlib
from dataclasses import asdict
from pathlib import Path

from tests.campaigns.mutations.campaign import Case, Field
from tests.campaigns.mutations.display import progress
from tests.campaigns.mutations.guards import GUARDS
from tests.campaigns.mutations.result import PartResult
from tests.campaigns.mutations.survivors import judged
from tests.campaigns.mutations.syntax import Mutant, mutants_of

__all__ = ["SHARE", "chosen", "mutants", "run"]

SHARE = 0.0855
"""Part of the mutants that are tried."""


def mutants(root: Path) -> list[Mutant]:
    """Return all mutants of the guarded files."""
    return [one for path in GUARDS for one in mutants_of(path, (root / path).read_text())]


def chosen(root: Path, share: float = SHARE) -> list[Mutant]:
    """Return the mutants to be tried, in order: those with the lowest hashes of their names.

    So a change of one file changes nothing of the choice in another, and a larger share has all
    mutants of a smaller one.
    """
    limit = int(share * (1 << 64))
    drawn = {hashlib.sha256(one.name.encode()).digest(): one for one in mutants(root)}
    lowest = sorted(key for key in drawn if int.from_bytes(key[:8]) < limit)
    return [drawn[key] for key in lowest if _compiles(drawn[key].text)]


def _compiles(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def run(field: Field, out: Path, only: tuple[str, ...], share: float = SHARE) -> PartResult:
    """Try every chosen mutant whose name contains one of `only`."""
    tried = [
        one for one in chosen(field.root, share) if not only or any(t in one.name for t in only)
    ]
    cases = [Case(one.name, one.path, one.text, (GUARDS[one.path],)) for one in tried]
    runs = sorted({GUARDS[one.path] for one in tried})
    with progress("python, clean", len(runs)) as tick:
        field.rehearse(runs, tick)
    with progress("python", len(cases)) as tick:
        verdicts = field.judge(cases, tick)
    survivors = [one.name for one in verdicts if one.how == "survived"]
    return judged("python", [asdict(one) for one in verdicts], survivors, whole=False)

"""The tests that `make test` leaves out, for they take long: those marked slow."""

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["run"]

ROOT = Path(__file__).parents[3]
SELECTED = ("tests", "-m", "slow", "--slow", "-q", "-p", "no:cacheprovider")
LISTED = ROOT / "tests" / "allowed_skips.toml"
"""What may be skipped where a program or package is not there, and why: NOT RUN, not failed."""
OURS = "tests/campaigns/verify/test_verify.py"
"""Slices of these very steps."""


def run(scale: Scale, progress: Progress) -> Findings:
    """Run all of them: a claim each that states one, and one of each file's others.

    The slice only finds them.
    """
    progress(0, 1)
    findings = Findings()
    if scale is Scale.FULL:
        _run_all(findings)
    else:
        done = _pytest("--collect-only")
        found = sum("::" in line for line in done.stdout.splitlines())
        text = "Every test marked slow can be imported and is found"
        failed = int(done.returncode != 0)
        findings.claims.append(Claim(text, found, failed, detail=done.stdout[-2000:] * failed))
    progress(1, 1)
    return findings


def _pytest(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *SELECTED, f"--deselect={OURS}", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _run_all(findings: Findings) -> None:
    listed = tomllib.loads(LISTED.read_text())
    with TemporaryDirectory() as name:
        results = Path(name) / "results.xml"
        # The family of results that takes properties of a test.
        words = ("-n", "2", "--dist", "worksteal")  # as `make test` has it
        done = _pytest(*words, f"--junitxml={results}", "-o", "junit_family=xunit1")
        if not results.exists():
            raise RuntimeError(f"no results of the slow tests:\n{done.stdout[-2000:]}")
        others: dict[str, list[ElementTree.Element]] = {}
        for case in ElementTree.parse(results).iter("testcase"):
            name = f"{case.get('file')}::{case.get('name')}"
            needs = [why for prefix, why in listed.items() if name.startswith(prefix)]
            if needs and case.find("skipped") is not None:
                findings.not_run[name] = needs[0]
            elif claim := _claim(case):
                findings.claims.append(claim)
            else:
                others.setdefault(case.get("file", ""), []).append(case)
        findings.claims += [_claim_of_file(file, cases) for file, cases in others.items()]


def _claim(case: ElementTree.Element) -> Claim | None:
    """Return the claim that a test states in its properties, with its cases; most state none."""
    counts = {item.get("name", ""): item.get("value", "0") for item in case.iter("property")}
    if "claim" not in counts:
        return None
    text, why = counts.pop("claim"), _why_not(case)
    return Claim(text, sum(map(int, counts.values())) or 1, int(why is not None), detail=why or "")


def _claim_of_file(file: str, cases: Sequence[ElementTree.Element]) -> Claim:
    """Return the claim of the tests of a file that state none: all pass."""
    wrong = {case.get("name"): why for case in cases if (why := _why_not(case)) is not None}
    detail = "; ".join(f"{name}: {why}" for name, why in wrong.items())
    return Claim(f"the slow tests of {file} pass", len(cases), len(wrong), detail=detail)


def _why_not(case: ElementTree.Element) -> str | None:
    """Return why a test did not pass, or None where it did."""
    found = (case.find(tag) for tag in ("failure", "error", "skipped"))
    return next(((one.get("message") or "")[:2000] for one in found if one is not None), None)

"""The tests that `make test` leaves out, for they take long: those marked slow."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["run"]

ROOT = Path(__file__).parents[3]
SELECTED = ("tests", "-m", "slow", "--slow", "-q", "-p", "no:cacheprovider")
OURS = "tests/campaigns/verify/test_verify.py"
"""Slices of these very steps."""


def run(scale: Scale, progress: Progress) -> Findings:
    """Run all of them, a claim each; the slice only finds them."""
    progress(0, 1)
    findings = Findings()
    if scale is Scale.FULL:
        findings.claims += _claims()
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


def _claims() -> list[Claim]:
    with TemporaryDirectory() as name:
        results = Path(name) / "results.xml"
        # The family of results that takes properties of a test.
        words = ("-n", "2", "--dist", "worksteal")  # as `make test` has it
        done = _pytest(*words, f"--junitxml={results}", "-o", "junit_family=xunit1")
        if not results.exists():
            raise RuntimeError(f"no results of the slow tests:\n{done.stdout[-2000:]}")
        return [_claim(case) for case in ElementTree.parse(results).iter("testcase")]


def _claim(case: ElementTree.Element) -> Claim:
    """Return the claim of a test: its properties say what it claims, and in how many cases."""
    failed = [tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None]
    found = None if not failed else case.find(failed[0])
    counts = {item.get("name", ""): item.get("value", "0") for item in case.iter("property")}
    text = counts.pop("claim", f"the test {case.get('file')}: {case.get('name')} passes")
    return Claim(
        text,
        sum(map(int, counts.values())) or 1,
        len(failed),
        detail="" if found is None else (found.get("message") or "")[:2000],
    )

"""The tests that `make test` leaves out, for they take long: those marked slow."""

import subprocess
import sys
import tomllib
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
    """Run all of them, a claim each; the slice only finds them."""
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
        for case in ElementTree.parse(results).iter("testcase"):
            name = f"{case.get('file')}::{case.get('name')}"
            needs = [why for prefix, why in listed.items() if name.startswith(prefix)]
            if needs and case.find("skipped") is not None:
                findings.not_run[name] = needs[0]
            else:
                findings.claims.append(_claim(case))


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

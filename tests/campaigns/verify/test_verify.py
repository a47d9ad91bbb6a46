"""A slice of every step of `make verify`, and the runner: what fails must be seen to fail."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from consilience_hw.spec.flags import ResultStatus
from consilience_sim import golden
from consilience_tools.pages.stamp import pages
from tests.campaigns.verify import __main__ as command
from tests.campaigns.verify import slow_tests
from tests.campaigns.verify.implementations import decided
from tests.campaigns.verify.page import PAGE, write_page
from tests.campaigns.verify.report import write_report
from tests.campaigns.verify.step import Claim, Findings, Scale
from tests.campaigns.verify.steps import STEPS

ROOT = Path(__file__).parents[3]


LONG = ("netlists", "slow-tests", "streams", "timing")
"""Steps whose slice takes a minute and more: a netlist is compiled, proofs are made, and all tests
are collected; parts of them are tested in `tests/sim/netlists` and in `formal/`."""


@pytest.mark.parametrize(
    "step",
    [pytest.param(one, marks=[pytest.mark.slow] * (one.name in LONG)) for one in STEPS],
    ids=lambda step: step.name,
)
def test_slice(step):
    told = []
    findings = step.run(Scale.SLICE, lambda done, total: told.append((done, total)))
    wrong = [claim for claim in findings.claims if not claim.holds]
    assert not wrong, wrong[0]
    assert findings.hold
    assert told
    if step.name in ("streams", "timing"):
        assert told[-1][0] == told[-1][1] == len(told)


def test_a_claim_without_a_case_does_not_hold():
    assert Claim("all is well", 1).holds
    assert not Claim("all is well", 0).holds
    assert not Claim("all is well", 5, 1).holds
    assert not Findings().hold
    assert not Findings([Claim("a", 1), Claim("b", 0)]).hold


def verify(*words):
    command = [sys.executable, "-m", "tests.campaigns.verify", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_runner_writes_claims_digests_seeds_and_versions(tmp_path):
    answer = verify("exhaustion", "--scale", "slice", "--out", tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "every claim holds" in answer.stdout
    value = json.loads((tmp_path / "verify.json").read_text())
    assert value["holds"]
    assert value["environment"]["amaranth"]
    (step,) = value["steps"]
    assert step["seeds"]
    assert all(claim["cases"] for claim in step["claims"])
    assert "Every claim holds." in (tmp_path / "index.html").read_text()


def test_what_held_at_this_code_is_not_run_again(tmp_path, monkeypatch, capfd):
    claim = vars(Claim("kept", 3)) | {"detail": ""}
    step = {"name": "order", "title": "Kept", "scale": "slice", "seconds": 1.5, "holds": True}
    step |= {"code": pages()[PAGE].digest(), "claims": [claim], "digests": {}, "seeds": {}}
    step["not_run"] = {}
    words = ["verify", "order", "--scale", "slice", "--out", str(tmp_path), "--resume"]
    monkeypatch.setattr(sys, "argv", words)
    monkeypatch.setattr(command, "_run_apart", lambda name, *_: step | {"title": "Run again"})
    for changed, title in (
        ({}, "Kept"),
        ({"code": "of another commit"}, "Run again"),
        ({"scale": "full"}, "Run again"),
        ({"holds": False}, "Run again"),
    ):
        (tmp_path / "order.json").write_text(json.dumps(step | changed))
        assert command.main() == 0
        told, said = capfd.readouterr()
        assert title in told and "every claim holds (2 s)" in told
        assert ("not run again: order" in said) == (title == "Kept")
    monkeypatch.setattr(sys, "argv", words[:-1])
    assert command.main() == 0
    assert "Run again" in capfd.readouterr().out


def test_a_step_that_ends_early_fails_the_run(tmp_path):
    """Its own result cannot be written: the folder is a file by then."""
    (tmp_path / "exhaustion.json").mkdir()
    answer = verify("exhaustion", "--scale", "slice", "--out", tmp_path)
    assert answer.returncode != 0


def test_unknown_steps_are_refused():
    answer = verify("everything")
    assert answer.returncode == 2
    assert "no step everything; the steps are exhaustion" in answer.stderr


@pytest.fixture
def failed():
    """What verify.json says of a run in which one claim failed and one step broke."""
    step = {"title": "A", "name": "a", "seconds": 1, "digests": {"x": "00"}, "seeds": {"s": 1}}
    step["not_run"] = {"t.py::test_t": "needs a thing"}
    claim = {"text": "a | b", "cases": 3, "failures": 1, "measured": "2", "bound": "1"}
    broken = {**step, "claims": [], "digests": {}, "seeds": {}, "not_run": {}, "error": "it broke"}
    return {
        "holds": False,
        "seconds": 2,
        "environment": {"commit": "abc", "python": "3"},
        "steps": [{**step, "claims": [{**claim, "detail": "here"}]}, broken],
    }


def test_pages_say_what_failed(tmp_path, failed):
    write_report(failed, tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text()
    assert "Not every claim holds." in page
    assert "it broke" in page and "the test t.py::test_t" in page
    write_page(failed, tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "NOT every claim holds, 1 NOT RUN" in text
    assert "| NOT RUN | the test t.py::test_t | 0 | | needs a thing |" in text
    assert "| **fails** | a &#124; b (here) | 3 | 2 | 1 |" in text


def test_a_unit_that_marks_everything_passed_as_exact():
    codes = np.random.default_rng(4).integers(-(1 << 20), 0, 30).astype(np.int32)
    offsets = np.array([0, 10, 20, 30])
    right, status = golden.log_sums(codes, offsets)
    with pytest.raises(AssertionError, match="packet 0 is marked far from a border"):
        decided(right, status | np.uint32(ResultStatus.HARD_TO_ROUND), codes, offsets)


SKIPS = """<testsuite>
<testcase file="tests/a.py" name="test_listed"><skipped message="no a here"/></testcase>
<testcase file="tests/a.py" name="test_unlisted"><skipped message="why?"/></testcase>
<testcase file="tests/a.py" name="test_states"><properties><property name="claim" value="it adds"/>
<property name="cases" value="7"/></properties><failure message="2 != 3"/></testcase>
<testcase file="tests/a.py" name="test_passed"/>
<testcase file="tests/b.py" name="test_passed"/>
<testcase file="tests/a.py" name="test_broken"><error/></testcase>
</testsuite>"""


def test_a_listed_skip_is_not_run_and_another_fails(tmp_path, monkeypatch):
    (tmp_path / "listed.toml").write_text('"tests/a.py::test_listed" = "needs a"\n')
    monkeypatch.setattr(slow_tests, "LISTED", tmp_path / "listed.toml")

    def done(*words):
        (results,) = (word for word in words if word.startswith("--junitxml="))
        Path(results.removeprefix("--junitxml=")).write_text(SKIPS)

    monkeypatch.setattr(slow_tests, "_pytest", done)
    found = slow_tests.run(Scale.FULL, lambda done, total: None)
    assert found.not_run == {"tests/a.py::test_listed": "needs a"}
    stated, file, other = found.claims
    assert (stated.text, stated.cases) == ("it adds", 7)
    assert (stated.failures, stated.detail) == (1, "2 != 3")
    assert (file.text, file.cases) == ("the slow tests of tests/a.py pass", 3)
    assert (file.failures, file.detail) == (2, "test_unlisted: why?; test_broken: ")
    assert (other.cases, other.failures, other.detail) == (1, 0, "")

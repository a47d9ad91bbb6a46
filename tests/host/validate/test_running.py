"""Claims run one after the other: errors, interruptions, and what is kept of them."""

import json

import pytest

from consilience.errors import BadInput, LinkError, Mismatch, NoDevice, ToolMissing
from consilience.validate.bench import CPU, Bench, Options
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding, NotRun, Scale, Verdict
from consilience.validate.kept import KeptClaims, run_key
from consilience.validate.report import claims_document, document_bytes, measured_document
from consilience.validate.running import NOT_ASKED_FOR, run_claims, run_one

OPTIONS = Options(Scale.QUICK, (CPU,))


def raising(error):
    def test(_bench):
        raise error

    return Claim("area.broken", "it works", test)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (NotRun("no index; connect"), Verdict.NOT_RUN),
        (ToolMissing("no compiler; install g++"), Verdict.NOT_RUN),
        (Mismatch("other bits"), Verdict.FAIL),
        (LinkError("lost"), Verdict.FAIL),
        (RuntimeError("a bug"), Verdict.FAIL),
    ],
)
def test_an_error_is_no_end_and_never_a_pass(error, verdict):
    with Bench(OPTIONS) as bench:
        found = run_one(raising(error), bench)
    assert found.verdict is verdict
    assert str(error) in found.reason


def test_a_device_that_is_not_there_is_not_run():
    def opener(url):
        raise NoDevice(f"{url}: nobody answers; check its power")

    claim = Claim("area.device", "it answers", lambda bench: bench.device("socket://x:1"))
    with Bench(OPTIONS, opener) as bench:
        found = run_one(claim, bench)
    assert (found.verdict, found.reason) == (
        Verdict.NOT_RUN,
        "socket://x:1: nobody answers; check its power",
    )


def test_a_test_that_judged_nothing_is_a_fault_of_the_test():
    with pytest.raises(ValueError, match="judged nothing"):
        Finding("nothing", 0, 0)


class Counted:
    def __init__(self, name, failures=0):
        self.runs = 0
        self.claim = Claim(name, "it holds", self._test)
        self._failures = failures

    def _test(self, _bench):
        self.runs += 1
        return Finding("once", 1, self._failures, measured={"seconds": self.runs})


def test_what_was_tested_before_an_interruption_is_not_tested_again(tmp_path):
    first, second = Counted("area.first"), Counted("area.second", failures=1)

    def interrupted(_bench):
        raise KeyboardInterrupt

    claims = [first.claim, Claim("area.long", "it ends", interrupted), second.claim]
    with Bench(OPTIONS) as bench:
        kept = KeptClaims(tmp_path, run_key(OPTIONS))
        with pytest.raises(KeyboardInterrupt):
            list(run_claims(claims, bench, kept=kept))
        assert first.runs == 1
        again = KeptClaims(tmp_path, run_key(OPTIONS))
        claims[1] = Counted("area.long").claim
        found = list(run_claims(claims, bench, kept=again))
    assert (first.runs, second.runs) == (1, 1)
    assert [one.verdict for one in found] == [Verdict.PASS, Verdict.PASS, Verdict.FAIL]
    with Bench(OPTIONS) as bench:
        assert list(run_claims(claims, bench, kept=again)) == found
        other = KeptClaims(tmp_path, run_key(Options(Scale.FULL, (CPU,))))
        list(run_claims(claims[:1], bench, kept=other))
    assert first.runs == 2, "other options are another run"


def test_a_damaged_result_is_no_result(tmp_path):
    kept, one = KeptClaims(tmp_path, "key"), Counted("area.first")
    with Bench(OPTIONS) as bench:
        list(run_claims([one.claim], bench, kept=kept))
        (path,) = tmp_path.iterdir()
        path.write_text(path.read_text()[:40])
        with pytest.raises(BadInput, match="is damaged; remove it"):
            list(run_claims([one.claim], bench, kept=kept))


def test_the_document_of_claims_has_nothing_of_the_clock():
    one = Counted("area.first")
    with Bench(OPTIONS) as bench:
        runs = [list(run_claims([one.claim], bench)) for _ in range(2)]
    documents = [document_bytes(claims_document(run, OPTIONS)) for run in runs]
    assert documents[0] == documents[1]
    measured = [measured_document(run)["claims"]["area.first"]["seconds"] for run in runs]
    assert measured[0] != measured[1]
    read = json.loads(documents[0])
    assert read["counts"] == {"pass": 1, "fail": 0, "NOT RUN": 0}
    assert read["claims"][0]["cases"] == 1


def test_what_was_not_asked_for_is_said():
    one, two = Counted("area.first"), Counted("other.second")
    with Bench(OPTIONS) as bench:
        wanted = lambda name: name.startswith("area")  # noqa: E731
        found = list(run_claims([one.claim, two.claim], bench, wanted=wanted))
    assert two.runs == 0
    assert (found[1].verdict, found[1].reason) == (Verdict.NOT_RUN, NOT_ASKED_FOR)

"""Claims put to the test one after the other, whatever becomes of one of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from consilience.errors import ConsilienceError, Mismatch, ToolMissing
from consilience.extras import naming_extras
from consilience.validate.bench import Bench
from consilience.validate.claim import Claim, Tested
from consilience.validate.finding import NotRun, Verdict
from consilience.validate.kept import KeptClaims

__all__ = ["NOT_ASKED_FOR", "Watch", "run_claims", "run_one"]

NOT_ASKED_FOR = "not asked for: leave out --only"

Watch = Callable[[Claim, float | None], None]
"""Told of each claim before it is tested, with about the seconds that are left; None: unknown."""


def run_claims(
    claims: Sequence[Claim],
    bench: Bench,
    watch: Watch = lambda _claim, _left: None,
    kept: KeptClaims | None = None,
    wanted: Callable[[str], bool] = lambda _name: True,
) -> Iterator[Tested]:
    """Yield what came of each claim.

    Parameters
    ----------
    claims : sequence of Claim
    bench : Bench
    watch : callable
    kept : KeptClaims, optional
        What was tested before with the same code and options is taken from it, and put into it.
    wanted : callable
        Name to whether it is to be tested; the others are NOT RUN, and say so.
    """
    left = sum(claim.cost for claim in claims if wanted(claim.name))
    slower: list[float] = []  # than on an idle machine; what is compiled once is an outlier
    for claim in claims:
        if not wanted(claim.name):
            yield Tested(claim.name, claim.statement, Verdict.NOT_RUN, None, NOT_ASKED_FOR)
            continue
        watch(claim, median(slower) * left if slower else None)
        tested = kept.find(claim.name) if kept else None
        if tested is None:
            tested = run_one(claim, bench)
            slower.append(tested.seconds / claim.cost)
            if kept:
                kept.keep(tested)
        left -= claim.cost
        yield tested


def run_one(claim: Claim, bench: Bench) -> Tested:
    """Return what came of a claim. An error of its test is a failure, not an end."""
    begun = time.monotonic()
    finding, reason, verdict = None, "", Verdict.FAIL
    try:
        with naming_extras("this test"):
            finding = claim.test(bench)
        verdict = Verdict.FAIL if finding.failures else Verdict.PASS
    except (NotRun, ToolMissing) as error:
        verdict, reason = Verdict.NOT_RUN, str(error)
    except (Mismatch, ConsilienceError) as error:
        reason = str(error)
    except Exception as error:
        reason = f"the test ended in {type(error).__name__}: {error}"
    reason = " ".join(reason.split())
    seconds = time.monotonic() - begun
    return Tested(claim.name, claim.statement, verdict, finding, reason, seconds)

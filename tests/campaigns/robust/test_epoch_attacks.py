"""Attacks that are no ratios: signed reports through collection, closing, replicas, histograms.

What counts in the end is compared with a count by other code over the honest reports and those of
at most f liars. The replica `HOSTILE` helps the liars where that could matter.
"""

from collections import Counter

import numpy as np
import pytest

import consilience as cs
from consilience.distributed.epochs.collection import Admission
from consilience.distributed.epochs.reports import AgentReport
from consilience.distributed.epochs.roster import Roster
from consilience.errors import BadInput
from consilience_sim import golden
from tests.campaigns.robust.reporting_shard import (
    CLIP,
    HONEST,
    HOSTILE,
    LIARS,
    REPORTERS,
    ReportingShard,
    one_voice,
    report,
    reporter_key,
)
from tests.host.distributed.epochs.shard import DEPLOYMENT, key_of

TRUTH = [40_000 - 9_000 * place for place in range(len(HONEST))]
"""What the honest reporters say: mixed, and positive as a sum."""


def honest_reports(codes=TRUTH, epoch=0, shard=1):
    said = zip(HONEST, codes, strict=True)
    return [report(who, code, epoch=epoch, shard=shard) for who, code in said]


def lying_reports(code=-CLIP, epoch=0, shard=1):
    return [report(who, code, epoch=epoch, shard=shard) for who in LIARS]


def test_stale_replay():
    """Everybody's reports of yesterday, liars' new ones for yesterday and for tomorrow."""
    shard = ReportingShard(one_voice())
    shard.send([*honest_reports(), *lying_reports()])
    shard.close()
    shard.check(TRUTH, [-CLIP] * 4)

    today = [-code for code in TRUTH]
    stale = [*honest_reports(), *lying_reports(), *lying_reports(epoch=5)]
    assert shard.send([*stale, *stale]) == {Admission.OTHER_EPOCH: 6 * len(stale)}
    shard.send(honest_reports(today, epoch=1))
    agreed = shard.close(hostile_offer=[*honest_reports()[:1], *honest_reports(today, epoch=1)[1:]])
    assert agreed.faulty == {HOSTILE: f"offered a report of agent {HONEST[0]}: other epoch"}
    shard.check(TRUTH + today, [-CLIP] * 4, epochs=2)


def test_duplicate_flood():
    """One report again and again, under every seq, and everybody else's repeated as well."""
    shard = ReportingShard(one_voice())
    flood = lying_reports() * 50
    verdicts = shard.send([*flood, *honest_reports() * 3])
    assert verdicts[Admission.ACCEPTED] == 3 * REPORTERS
    assert verdicts[Admission.DUPLICATE] == 3 * (4 * 49 + 9 * 2)
    more = [report(who, -CLIP, seq=seq) for who in LIARS for seq in range(1, 40)]
    assert shard.send(more) == {Admission.SEQ_OUT_OF_RANGE: 3 * len(more)}
    agreed = shard.close(hostile_offer=more[:1])
    assert agreed.faulty == {HOSTILE: f"offered a report of agent {LIARS[0]}: seq out of range"}
    shard.check(TRUTH, [-CLIP] * 4)


def test_equivocation():
    """High to one replica, low to another: nobody counts both, or either."""
    shard = ReportingShard(one_voice())
    shard.send(honest_reports())
    shard.send(lying_reports(CLIP), to=[1])
    shard.send(lying_reports(-CLIP), to=[2])
    agreed = shard.close()
    assert set(agreed.equivocations) == set(LIARS)
    assert all(proof.holds(shard.roster) for proof in agreed.equivocations.values())
    assert shard.check(TRUTH, []) == 0


def test_equivocation_that_is_found_after_the_closing():
    """What was counted is taken out again: the histogram is that of who never heard them."""
    shard = ReportingShard(one_voice())
    shard.send([*honest_reports(), *lying_reports(-CLIP)])
    shard.close()
    shard.check(TRUTH, [-CLIP] * 4)
    assert shard.send(lying_reports(CLIP), to=[2]) == {Admission.LATE_PROOF: 4}
    agreed = shard.close()
    assert set(agreed.late) == {(0, who) for who in LIARS}
    shard.check(TRUTH, [])


def test_sybil_weights():
    """A report of many codes is many voices, where the roster does not forbid it."""
    heavy = [report(who, *[-CLIP] * 8) for who in LIARS]
    shard = ReportingShard(one_voice())
    assert shard.send(heavy) == {Admission.TOO_MANY_CODES: 12}
    shard.send(honest_reports())
    agreed = shard.close(hostile_offer=heavy)
    assert agreed.faulty == {HOSTILE: f"offered a report of agent {LIARS[0]}: too many codes"}
    shard.check(TRUTH, [])

    unlimited = ReportingShard(one_voice(codes_per_report=8))
    unlimited.send([*honest_reports(), *heavy])
    unlimited.close()
    assert unlimited.replicas[1].state.counts[0] == 32, "without the limit the weight counts"
    with pytest.raises(AssertionError):
        unlimited.check(TRUTH, [-CLIP] * 4)


def test_part_of_a_code_weighs_nothing():
    shard = ReportingShard(one_voice())
    here = shard.roster.scope
    torn = [
        AgentReport(here, 0, 0, who, b"\x00\x80\xff").signed(reporter_key(who)) for who in LIARS
    ]
    assert shard.send([*torn, *honest_reports()]) == {Admission.ACCEPTED: 3 * REPORTERS}
    shard.close()
    shard.check(TRUTH, [])


def test_sybil_identities():
    """Names that nobody enrolled, and reports in the name of others."""
    shard = ReportingShard(one_voice())
    invented = [report(100 + one, -CLIP) for one in range(50)]
    in_others_name = [report(who, -CLIP, key=reporter_key(LIARS[0])) for who in HONEST]
    assert shard.send(invented) == {Admission.UNKNOWN_AGENT: 150}
    assert shard.send(in_others_name) == {Admission.BAD_SIGNATURE: 27}
    shard.send([*lying_reports(), *honest_reports()])
    agreed = shard.close(hostile_offer=[*invented[:1], *honest_reports()])
    assert agreed.faulty == {HOSTILE: "offered a report of agent 100: unknown agent"}
    shard.check(TRUTH, [-CLIP] * 4)
    one_key = {number: reporter_key(0).public for number in (0, 1)}
    with pytest.raises(BadInput, match=r"^two agents have one key"):
        Roster(DEPLOYMENT, 1, one_key, {0: key_of("closer 0").public})


@pytest.mark.parametrize("code", [-(2**31), -(2**31) + 1, 2**31 - 1])
def test_overflow_codes(code):
    shard = ReportingShard(one_voice())
    shard.send([*honest_reports(), *lying_reports(code)])
    shard.close()
    shard.check(TRUTH, [code] * 4)
    state = shard.replicas[1].state
    assert state.counts[0 if code < 0 else -1] == 4, "a clip each, no more"


def test_slow_drip():
    """Liars who begin with the mean and leave it a little each epoch, over a state that stays."""
    shard = ReportingShard(one_voice())
    honest, lies, decisions = [], [], []
    rng = np.random.default_rng(8)
    for epoch in range(12):
        codes = (CLIP // 4 + rng.integers(-9_000, 9_000, len(HONEST))).tolist()
        drip = CLIP // 4 - epoch * CLIP // 8
        shard.send([*honest_reports(codes, epoch), *lying_reports(drip, epoch)])
        shard.close()
        honest, lies = honest + codes, lies + [drip] * len(LIARS)
        decisions.append(shard.check(honest, lies, epochs=epoch + 1))
    assert decisions[:6] == [1] * 6
    assert set(decisions) == {0, 1}, "the liars get no more than that nothing is decided"


CIRCLE = (1, -1, 1)
"""Pairs (a, b), (a, c), (b, c): a beats b, c beats a, b beats c."""


def pairs_of(honest):
    """Three shards, one a pair: the matrix of what counts, and the histograms' own decisions."""
    columns, decisions = [], []
    for pair, direction in enumerate(CIRCLE):
        shard = ReportingShard(one_voice(pair))
        codes = [row[pair] for row in honest]
        lies = lying_reports(direction * CLIP, shard=pair)
        shard.send([*honest_reports(codes, shard=pair), *lies])
        agreed = shard.close()
        decisions.append(int(shard.check(codes, [direction * CLIP] * len(LIARS))))
        said = {
            one.report.agent: np.frombuffer(one.report.payload, "<i4")[0] for one in agreed.reports
        }
        columns.append([said[who] for who in range(REPORTERS)])
    return np.array(columns, np.int32).T, decisions


def test_intransitive_collusion():
    """Honest reporters whose clipped ratios form a circle, and liars who push it on."""
    one, other, third = (1, 1, 1), (-1, -1, 1), (1, -1, -1)
    ratios, alone = pairs_of([tuple(CLIP * x for x in row) for row in (one, other, third) * 3])
    assert tuple(alone) == CIRCLE, "each pair alone is decided"
    with cs.open("cpu") as device:
        found = device.robust(ratios, len(LIARS), CLIP)
    assert found.decision.tolist() == [0, 0, 0] == golden.robust_pairs(alone, 3)


def test_liars_alone_make_no_circle():
    """Honest reporters agree on an order; a decided pair is theirs."""
    ratios, alone = pairs_of([(CLIP, CLIP, CLIP)] * len(HONEST))
    with cs.open("cpu") as device:
        found = device.robust(ratios, len(LIARS), CLIP).decision.tolist()
    assert found == alone == golden.robust_pairs(alone, 3)
    assert Counter(found) == {1: 3}

"""The checkers: silent on a right history, and each finds what is wrong in a spoiled one."""

import random

import pytest

from tests.campaigns.partition.campaign import judge
from tests.campaigns.partition.case import Case
from tests.campaigns.partition.checkers import judged
from tests.campaigns.partition.faults import FAULTS
from tests.campaigns.partition.virtual_run import VirtualRun

MS = 10**6
CUT = range(7_750 * MS, 11_750 * MS)


def calm(speaker, hearer, now):
    return [2 * MS]


def third_cut(speaker, hearer, now):
    return [] if 3 in (speaker, hearer) and now in CUT else [2 * MS]


def disturbed(speaker, hearer, now):
    chance = random.Random(f"{speaker} {hearer} {now}")
    delays = [chance.randrange(1, 1500) * MS for _ in range(chance.choice((1, 1, 2, 3)))]
    return delays if now < 12 * 10**9 else [2 * MS]


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    """A right run with a cut, the same for all tests that spoil a copy of it."""
    run = VirtualRun(tmp_path_factory.mktemp("cut"), third_cut)
    assert not found(run.run())
    return run


def found(history):
    """Return violations by checker, those without left out."""
    findings = judge(history)[0].findings
    return {name: one["violations"] for name, one in findings.items() if one["violations"]}


@pytest.mark.parametrize("delays", [calm, third_cut, disturbed])
def test_a_right_history_breaks_no_claim(tmp_path, delays):
    history = VirtualRun(tmp_path, delays).run()
    result = judge(history)[0]
    assert result.holds, result.findings
    assert (result.reads, result.failed, result.digests, result.per_node) == (96, 0, 1, 20)
    assert (result.fresh_after_s < 2) and result.worst_ms < 3
    assert (result.oldest_s > 3) == (delays is third_cut)
    assert history.heard == {} and history.torn == 0
    for one in result.findings.values():
        assert one["cases"] > 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught_by_its_checker(tmp_path, fault):
    delays = third_cut if fault.nemesis == "third cut" else disturbed
    with fault.planted():
        history = VirtualRun(tmp_path, delays).run()
    assert fault.catcher in found(history)


def spoil_late(run):
    next(run.lines("ok", "read"))["t"] += 100 * MS


def spoil_failed(run):
    next(run.lines("ok", "read"))["type"] = "fail"


def spoil_missing(run):
    line = next(run.lines("ok", "read"))
    run._lines[1].remove(line)


def spoil_never_back(run):
    moment = 8 * 10**9
    run._campaign.append({"type": "signal", "t": moment, "signal": "SIGKILL", "nodes": [3]})


def spoil_age(run):
    for line in run.lines("ok", "read"):
        line["ages"] = [min(age, 1) for age in line["ages"]]
        line["weights"] = [65536] * 3


def spoil_moment(run):
    next(run.lines("ok", "read"))["at"] += 10**9


def spoil_order(run):
    lines = list(run.lines("ok", "read"))[:20]
    lines[4]["versions"], lines[18]["versions"] = lines[18]["versions"], lines[4]["versions"]
    lines[4]["digest"], lines[18]["digest"] = lines[18]["digest"], lines[4]["digest"]


def spoil_digest(run):
    next(run.lines("ok", "read"))["digest"] = "0" * 64


def spoil_acknowledged(run):
    """A frame that was acknowledged and is in no state."""
    line = list(run.lines("ok", "frame"))[-1]
    more = {**line, "seq": line["seq"] + 1, "version": line["version"] + 1}
    said = next(one for one in run.lines("invoke", "frame") if one["seq"] == 0)
    run._lines[3] += [{**said, "seq": more["seq"], "t": line["t"]}, {**more, "fresh": False}]


def spoil_bound(run):
    for line in run.lines("ok", "read"):
        line["bound"], line["bound_ulp"] = 0, 0


def spoil_interval(run):
    line = next(run.lines("ok", "read"))
    line["low"] = line["high"] = 10**6
    line["decision"] = "above"


def spoil_decision(run):
    next(run.lines("ok", "read"))["decision"] = "below"


def spoil_rate(run):
    line = list(run.lines("ok", "frame"))[3]
    line["at"] -= 900 * MS


def spoil_weights(run):
    for line in run.lines("ok", "read"):
        line["weights"] = [weight // 2 for weight in line["weights"]]


def spoil_monotone(run):
    for line in run.lines("ok", "read"):
        line["weights"] = [65536 if age > 3000 else weight for age, weight in
                           zip(line["ages"], line["weights"], strict=True)]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "checkers"),
    [
        (spoil_late, {"C1"}),
        (spoil_failed, {"C1"}),
        (spoil_missing, {"C1"}),
        (spoil_never_back, {"C1"}),
        (spoil_age, {"C2"}),
        (spoil_moment, {"C2"}),
        (spoil_order, {"C3"}),
        (spoil_digest, {"C4"}),
        (spoil_acknowledged, {"C4"}),
        (spoil_bound, {"C5"}),
        (spoil_interval, {"C5"}),
        (spoil_decision, {"C5"}),
        (spoil_rate, {"C5"}),
        (spoil_weights, {"C6"}),
        (spoil_monotone, {"C6"}),
    ],
)
def test_a_spoiled_history_is_noticed(cut, tmp_path, spoil, checkers):
    run = cut.copied(tmp_path)
    spoil(run)
    assert checkers <= set(found(run.written()))


def test_stopped_and_killed_nodes_are_left_out_and_no_others(cut, tmp_path):
    run = cut.copied(tmp_path)
    start, end = 8 * 10**9, 9 * 10**9
    stop = {"type": "signal", "signal": "SIGSTOP", "t": start, "nodes": [2]}
    go = {"type": "signalled", "signal": "SIGCONT", "t": end, "nodes": [2]}
    run._campaign += [stop, go]
    for line in run.lines("ok", "read"):
        if start <= line["due"] < end:
            line["type"] = "fail"
    history = run.written()
    case = Case(history, [("cut", 7_750 * MS, 11_750 * MS)])
    rows = judged(case)["C1"].broken
    assert set(history.reads.node[rows]) == {1, 3} and rows.sum() == 10

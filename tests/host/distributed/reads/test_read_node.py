"""A node in virtual time: what it answers, from what it holds, and how it dates and takes it."""

import ast
import json
import struct
import time
import zlib
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

import consilience.distributed.reads
from consilience.distributed.reads.dated_state import pack_dated_state
from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.own_shard import boot_time_ns
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import Report, ShardState
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.interval import CertifiedInterval
from consilience.distributed.staleness.shard_arrays import ShardArrays
from consilience.distributed.state_message import StateMessage
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput
from consilience.robust.robust_histogram import RobustHistogram
from consilience_hw.spec.number_formats import Decision
from consilience_sim import golden
from consilience_sim.golden import ShardReading

S, MS = 10**9, 10**6
CLIP = 128 * 64
ENROLLED = (3, 2, 4)
DISCOUNT = Discount(grace_ms=1_000, half_life_ms=1_000, max_age_ms=4_000)
RULE = FusionRule(ShardArrays(ENROLLED, 2, DISCOUNT, CLIP), faulty=1, threshold=5, epoch=9)


class Clocked:
    """Nodes whose clocks begin anywhere and run together."""

    def __init__(self, folder):
        self.now, self.folder, self.logs = 0, folder, []

    def node(self, shard, zero=0, rule=RULE):
        self.logs.append(WriteAheadLog(self.folder / str(shard)))

        def sleep(seconds):
            self.now += round(seconds * S)

        return ReadNode(shard, rule, self.logs[-1], lambda: self.now + zero, sleep)

    def close(self):
        for log in self.logs:
            log.close()
        self.logs = []


@pytest.fixture
def clocked(tmp_path):
    made = Clocked(tmp_path)
    yield made
    made.close()


def exchange(*nodes):
    """Let all hear all twice: the second time with echoes."""
    for _ in range(2):
        said = [node.dated_state() for node in nodes]
        for hearer in nodes:
            for data in said:
                hearer.receive(data)


def test_a_read_is_what_the_formulas_make_of_what_is_held(clocked):
    a, b = clocked.node(1), clocked.node(2, zero=77 * S)
    ratios = {a: [700, -20_000], b: [9_000, 30]}
    for node, values in ratios.items():
        for seq, ratio in enumerate(values):
            node.accept(seq, Report(seq, ratio))
    exchange(a, b)
    clocked.now += 1_700 * MS
    answer = a.read()
    binned = np.array([700, -20_000, 9_000, 30], np.int32)
    clipped = [[700, -CLIP], [CLIP, 30]]
    assert answer.ages_ms == (1, 1_702, -1)
    readings = [
        ShardReading(1, 3, 2, 1, sum(clipped[0])),
        ShardReading(2, 2, 2, 1_702, sum(clipped[1])),
        ShardReading(3, 4, 2, None),
    ]
    estimate = golden.stale_estimate(readings, astuple(DISCOUNT), CLIP)
    assert astuple(answer.estimate) == (*estimate, golden.unseen_agents(readings))
    assert 0 < answer.estimate.weights[1] < 65536 and answer.estimate.weights[2] == 0
    scan = RobustHistogram.of(binned, CLIP).scan(1)
    whole = CertifiedInterval(scan.low, scan.high, 64)
    assert answer.interval == whole.moved(golden.unseen_agents(readings))
    assert answer.decision is answer.interval.decision(5)
    assert (answer.versions, answer.incarnations) == ((2, 2, 0), (1, 1, 0))
    assert json.loads(json.dumps(answer.as_dict()))["bound_ulp"] == answer.estimate.bound_ulp


def test_a_read_changes_nothing_and_healing_restores_every_bit(clocked):
    a, b = clocked.node(1), clocked.node(2)
    b.accept(0, Report(0, 5_000))
    exchange(a, b)
    fresh = a.read()
    clocked.now += 60 * S
    stale = a.read()
    assert stale.estimate.weights == (65536, 0, 0) and stale.ages_ms[1] > 60_000
    assert stale.digest == fresh.digest == b.read().digest
    exchange(a, b)
    healed = a.read()
    assert healed.estimate == fresh.estimate and healed.digest == fresh.digest


def test_too_few_reporters_give_the_widest_interval(clocked):
    a = clocked.node(1)
    a.accept(0, Report(0, CLIP))
    answer = a.read()
    assert answer.decision is Decision.UNDECIDED
    widest = 128 * sum(ENROLLED)
    assert answer.interval.low <= -widest and answer.interval.high >= widest


def test_frames_count_once_and_outlive_the_node(clocked):
    a = clocked.node(1)
    first = a.accept(0, Report(2, 400))
    again = a.accept(0, Report(2, 400))
    assert (first.fresh, first.version, again.fresh, again.version) == (True, 1, False, 1)
    digest = a.read().digest
    with pytest.raises(BadInput, match="holds another frame 0"):
        a.accept(0, Report(2, 401))
    with pytest.raises(BadInput, match="reporter 3 is not among"):
        a.accept(1, Report(3, 0))
    clocked.close()
    b = clocked.node(1, zero=500 * S)
    assert b.read().digest == digest
    assert (b.read().versions[0], b.incarnation) == (1, 2)
    assert not b.accept(0, Report(2, 400)).fresh


def test_changes_keep_their_distance_also_over_a_restart(clocked):
    a = clocked.node(1)
    moments = [a.accept(seq, Report(0, seq)).at_ns for seq in range(3)]
    assert {one - other for one, other in zip(moments[1:], moments, strict=False)} == {S // 2}
    clocked.close()
    before = clocked.now
    clocked.node(1)
    assert clocked.now - before >= S // 2


def test_old_repeated_damaged_and_foreign_states_change_nothing(clocked):
    a, b = clocked.node(1), clocked.node(2)
    exchange(a, b)
    old = b.dated_state()
    b.accept(0, Report(0, 9))
    exchange(a, b)
    foreign = clocked.node(3, rule=FusionRule(RULE.shards, 1, 5, epoch=8)).dated_state()
    other = ShardArrays((*ENROLLED, 1), 2, DISCOUNT, CLIP)
    clocked.close()
    larger = clocked.node(3, rule=FusionRule(other, 1, 5, epoch=9)).dated_state()
    before, counted = a.read(), a.counts.copy()
    for data in (old, old, b.dated_state()[:-1], b"", foreign, larger, a.dated_state()):
        assert a.receive(data) is None
    assert a.read() == before
    fates = {"old": 2, "damaged": 2, "other epoch or division": 2, "own": 1}
    assert a.counts - counted == fates


def test_more_reporters_than_enrolled_or_another_clip_are_damage(clocked):
    for number, arrays in enumerate(
        (ShardArrays((3, 9, 4), 2, DISCOUNT, CLIP), ShardArrays(ENROLLED, 2, DISCOUNT, 2 * CLIP))
    ):
        clocked.folder = clocked.folder / str(number)
        a = clocked.node(1)
        b = clocked.node(2, rule=FusionRule(arrays, 1, 5, epoch=9))
        for seq in range(3):
            b.accept(seq, Report(min(seq, arrays.enrolled[1] - 1), 5))
        exchange(a, b)
        assert a.counts["damaged"] and a.read().versions[1] == 0


@pytest.mark.parametrize("order", [(1, 5), (1 << 63, 1 << 63), ((1 << 64) - 1, (1 << 64) - 1)])
@pytest.mark.parametrize("elapsed", [1 << 62, 1 << 63, (1 << 64) - 1])
def test_a_damaged_state_moves_no_bound(clocked, order, elapsed):
    """One was counted as damaged, and all that its shard said later was old."""
    a, b = clocked.node(1), clocked.node(2)
    exchange(a, b)
    before = a.read()
    message = StateMessage(9, 2, 3, *order, complete=False, volatile=False, state=b"no state")
    echoes = b.dated_state()[18 : 18 + 3 * 20]
    assert a.receive(pack_dated_state(elapsed, echoes, message)) is None
    assert a.counts["damaged"] == 1 and a.read() == before
    clocked.now += S
    b.accept(0, Report(0, 9))
    exchange(a, b)
    assert a.read().versions[1] == 1 and a.read().ages_ms[1] < 10


@pytest.mark.parametrize("order", [(1 << 63, 1 << 63), ((1 << 64) - 1, (1 << 64) - 1)])
def test_the_largest_numbers_are_taken_and_read(clocked, order):
    a, b = clocked.node(1), clocked.node(2)
    exchange(a, b)
    state = bytes(ShardState(RobustHistogram(CLIP).add(9), 9))
    message = StateMessage(9, 2, 3, *order, complete=False, volatile=False, state=state)
    echoes = b.dated_state()[18 : 18 + 3 * 20]
    a.receive(pack_dated_state((1 << 64) - 1, echoes, message))
    answer = a.read()
    assert (answer.incarnations[1], answer.versions[1]) == order
    assert a.counts["taken"] >= 1 and len(a.dated_state()) == len(b.dated_state())


def test_another_state_under_a_known_version_is_a_conflict(clocked):
    a, b = clocked.node(1), clocked.node(2)
    b.accept(0, Report(0, 9))
    exchange(a, b)
    clocked.folder = clocked.folder / "twin"
    twin = clocked.node(2)
    twin.accept(0, Report(0, 10))
    clocked.now += S
    digest = a.read().digest
    exchange(a, twin)
    assert a.counts["conflict"] and a.read().digest == digest


def test_who_waits_is_told(clocked):
    a, b = clocked.node(1), clocked.node(2)
    assert b.receive(a.dated_state()) == 1  # new, and not dated: it has no echo yet
    assert b.read().versions[0] == 0 and b.counts["undated"] == 1
    assert a.receive(b.dated_state()) == 2  # new here
    assert b.receive(a.dated_state()) is None
    clocked.now += 900 * MS
    assert b.receive(a.dated_state()) is None
    clocked.now += 200 * MS
    assert b.receive(a.dated_state()) == 1  # has not heard of b for longer than the grace
    clocked.close()
    b = clocked.node(2)
    assert a.receive(b.dated_state()) == 2  # another incarnation
    # Taken at once, for it is not older than what was held, but dated as that was.
    assert a.read().incarnations[1] == 2
    assert a.read().ages_ms[1] > 1_000
    b.receive(a.dated_state())
    clocked.now += 1
    a.receive(b.dated_state())
    assert a.read().ages_ms[1] == 1


def test_who_has_not_heard_for_the_grace_is_waited_for(clocked):
    """To the nanosecond: its echo is as old as the grace, and no longer, then longer."""
    a, b = clocked.node(1), clocked.node(2)
    exchange(a, b)
    clocked.now += 1_000 * MS
    assert b.receive(a.dated_state()) is None
    clocked.now += 1
    assert b.receive(a.dated_state()) == 1


def test_the_moments_of_a_node_count_from_its_start(clocked):
    """The clock begins anywhere, and so does what the state and the acknowledgement bear."""
    clocked.now = 5 * S
    node = clocked.node(1, zero=77 * S)
    assert (node.start_ns, node.elapsed_ns) == (82 * S, S // 2)  # the replay is a change
    clocked.now += 3 * S
    assert node.elapsed_ns == 3_500 * MS == node.accept(0, Report(0, 7)).at_ns
    assert node._states.view().sent_ns[0] == 3_500 * MS
    assert node.accept(0, Report(0, 7)).at_ns == 3_500 * MS


def test_a_report_did_not_read_the_log_again(clocked, monkeypatch):
    node = clocked.node(1)
    reads = []
    replay = WriteAheadLog.replay
    monkeypatch.setattr(
        WriteAheadLog, "replay", lambda *given: reads.append(given) or replay(*given)
    )
    node.accept(0, Report(0, 1))
    node.accept(1, Report(0, 2))
    with pytest.raises(BadInput, match="holds another frame 1"):
        node.accept(1, Report(0, 3))
    node.accept(2, Report(0, 3))
    assert not reads


def test_a_state_of_no_shard_and_one_heard_again(clocked):
    a, b = clocked.node(1), clocked.node(2)
    exchange(a, b)
    own, digest = b.dated_state(), a.read().digest
    body = struct.pack("<4sHIQ", b"CNST", 1, 3, 1) + bytes(60)
    counted = a.counts.copy()
    for shard in (0, 4):
        message = StateMessage(9, shard, 3, 1, 1, False, False, b"")
        data = body + message.pieces(1 << 20)[0]
        a.receive(data + struct.pack("<I", zlib.crc32(data)))
    clocked.now += S
    a.receive(own)  # heard again: it has the order that is held, and is not newer
    assert a.counts - counted == {"other epoch or division": 2, "old": 1}
    assert a.read().digest == digest


def test_an_answer_to_what_waited_in_buffers_does_not_withhold_the_next(clocked):
    """Answers were withheld for 0.3 s of the receiver's clock: that to the buffered was lost."""
    a, b = clocked.node(1), clocked.node(2)
    exchange(a, b)
    clocked.now += 2 * S
    buffered = a.dated_state()
    clocked.now += 200 * MS
    shortly_after = a.dated_state()
    clocked.now += 9 * S
    greeting = a.dated_state()
    assert [b.receive(data) for data in (buffered, shortly_after, greeting)] == [1, None, 1]
    assert b.receive(greeting) is None


def test_answers_are_a_third_of_a_second_apart_by_the_senders_clock(clocked):
    """To the nanosecond; of a new incarnation, whose clock begins anew, at once."""
    a, b = clocked.node(1), clocked.node(2)
    exchange(a, b)
    clocked.now += 2 * S
    for apart, told in ((0, 1), (300 * MS, None), (1, 1), (1, None)):
        clocked.now += apart
        assert b.receive(a.dated_state()) == told
    clocked.logs[0].close()
    again = clocked.node(1)
    for _ in range(2):  # it is new, then waits
        clocked.now += 1
        assert b.receive(again.dated_state()) == 1


def test_a_read_after_a_change_has_its_own_interval(clocked):
    node = clocked.node(1)
    for seq in range(3):
        node.accept(seq, Report(seq, CLIP))
    few = node.read().interval
    exchange(node, other := clocked.node(2))
    for seq in range(2):
        other.accept(seq, Report(seq, CLIP))
    exchange(node, other)
    many = node.read().interval
    assert node.read().interval == many != few
    scan = RobustHistogram.of(np.full(5, CLIP, np.int32), CLIP).scan(1)
    unseen = node.read().estimate.unseen
    assert many == CertifiedInterval(scan.low, scan.high, 64).moved(unseen)


def test_a_node_is_behind_until_it_has_heard_all_others_within_the_grace(clocked):
    a, b, c = (clocked.node(shard) for shard in (1, 2, 3))
    exchange(a, b)
    assert a.is_behind()  # of the third it has never heard
    exchange(a, b, c)
    clocked.now += 1_000 * MS
    assert not a.is_behind()
    clocked.now += 100 * MS
    assert a.is_behind()
    exchange(a, b)
    assert a.is_behind()
    exchange(b, c, a)
    assert not a.is_behind()


def test_no_shard_but_those_there_are(clocked):
    for shard in (0, 4):
        with pytest.raises(BadInput, match=f"shard {shard} is none of 1 .. 3"):
            clocked.node(shard)


def test_a_jump_of_the_wall_clock_is_not_seen(tmp_path, monkeypatch):
    """No node reads a clock that can be set: with the wall clock gone all goes on."""

    def jumped(*_):
        raise AssertionError("a node has read the wall clock")

    for name in ("time", "time_ns", "localtime", "gmtime"):
        monkeypatch.setattr(time, name, jumped)
    with WriteAheadLog(tmp_path / "1") as one, WriteAheadLog(tmp_path / "2") as two:
        a, b = ReadNode(1, RULE, one), ReadNode(2, RULE, two)
        a.accept(0, Report(0, 5))
        exchange(a, b)
        assert b.read().versions == (1, 0, 0)
    clocks = (time.CLOCK_MONOTONIC, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    assert any(abs(time.clock_gettime_ns(clock) - boot_time_ns()) < S for clock in clocks)


def test_no_module_of_the_reads_names_the_wall_clock():
    for path in Path(consilience.distributed.reads.__file__).parent.glob("*.py"):
        for one in ast.walk(ast.parse(path.read_text())):
            if isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "time":
                allowed = {"CLOCK_BOOTTIME", "CLOCK_MONOTONIC", "clock_gettime_ns", "sleep"}
                assert one.attr in allowed, f"{path.name}:{one.lineno}"


def test_a_report_was_in_the_state_before_it_was_in_the_log(clocked, monkeypatch):
    """The disk is full: the report is not acknowledged, and in no read and no state."""
    node = clocked.node(1)
    node.accept(0, Report(0, 640))
    before, digest = node._states.held[1].order, node.read().digest

    def failing(data):
        raise OSError("full")

    monkeypatch.setattr(node._own._log, "_append", failing)
    with pytest.raises(OSError, match="full"):
        node.accept(1, Report(1, -640))
    assert (node._states.held[1].order, node.read().digest) == (before, digest)


@pytest.mark.parametrize("moment", ["rate", "log"])
def test_an_interrupted_report_was_acknowledged_when_resent_and_in_no_state(clocked, moment):
    node = clocked.node(1)
    node.accept(0, Report(0, 640))

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        if moment == "rate":
            patch.setattr(node._own, "_sleep", interrupt)
        else:
            patch.setattr(node._own._log, "_append", interrupt)
        with pytest.raises(KeyboardInterrupt):
            node.accept(1, Report(1, -640))
    done = node.accept(1, Report(1, -640))
    assert done.version == 2
    assert node.read().versions[0] == 2
    clocked.close()
    assert clocked.node(1).accept(1, Report(1, -640)).version == 2

"""Live states of cpu and sim: the same bits, and what the ledger and the unit refuse."""

import numpy as np
import pytest

import consilience as cs
from consilience.errors import BadInput, CapacityExceeded, ImpossibleState, LinkError
from consilience.live.cpu_unit import CpuLiveUnit
from consilience.live.live import Live
from consilience.live.sim_unit import SimLiveUnit
from consilience_hw.spec.flags import ResultStatus, UpdateStep
from consilience_sim import golden

ZERO = -(1 << 31)


@pytest.fixture(params=[CpuLiveUnit, SimLiveUnit], ids=["cpu", "sim"])
def live(request):
    with Live(request.param()) as state:
        yield state


def test_every_result_is_a_fresh_sum(live):
    choose = np.random.default_rng(1)
    now = {}
    for _ in range(300):
        agent = int(choose.integers(0, 40))
        code = int(choose.choice([ZERO, ZERO + 1, (1 << 31) - 1, choose.integers(ZERO, 1 << 31)]))
        if agent not in now:
            results = live.enter(agent, code)
            now[agent] = code
        elif choose.random() < 0.6:
            results = live.change(agent, now[agent], code)
            now[agent] = code
        else:
            results = live.leave(agent, now.pop(agent))
        expected, status = golden.log_sum(now.values())
        assert (int(results.codes[0]), int(results.status[0])) == (expected, status)
        assert live.code == expected
        assert live.count == len(now)
    assert all(live.code_of(agent) == code for agent, code in now.items())


def test_many_at_once_in_order(live):
    results = live.enter([7, 3, 9], [0, 1 << 16, ZERO])
    assert results.codes.tolist() == [0, *(golden.log_sum([0, 1 << 16])[:1] * 2)]
    # One agent twice: its second update starts from what the first has left.
    results = live.change([3, 3, 9], [1 << 16, 5, ZERO], [5, 6, 0])
    assert results.codes.tolist() == [
        golden.log_sum(codes)[0] for codes in ([0, 5], [0, 6], [0, 6, 0])
    ]
    assert np.diff(results.operation).tolist() == [1, 1]
    live.clear()
    assert (live.count, live.code) == (0, ZERO)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda live: live.enter(1, 7), "agent 1 is in already, with code 5"),
        (lambda live: live.change(1, 7, 8), "agent 1 has code 5, not 7"),
        (lambda live: live.change(4, 7, 8), "agent 4 is unknown"),
        (lambda live: live.leave(1, 6), "agent 1 has code 5, not 6"),
        (lambda live: live.change([1, 1], [5, 5], [6, 7]), "agent 1 has code 6, not 5"),
        (lambda live: live.enter(-1, 7), "0 .. 4294967295"),
        (lambda live: live.enter(1.5, 7), "integer"),
        (lambda live: live.enter([1, 2], 7), "as many as agents, 2"),
        (lambda live: live.enter(2, 1 << 31), "wider than 32 bits"),
        (lambda live: live.code_of(2), "agent 2 is unknown"),
    ],
)
def test_a_wrong_update_is_refused_and_changes_nothing(call, message):
    with Live(CpuLiveUnit()) as live:
        live.enter(1, 5)
        with pytest.raises(BadInput, match=message):
            call(live)
        assert (live.code, live.count, live.code_of(1)) == (5, 1, 5)
        assert live.change(1, 5, 6).codes.tolist() == [6]


def test_a_damaged_unit_says_so_until_it_is_loaded_again(live):
    live.enter([1, 2], [100, 1 << 20])
    # Behind the ledger's back: what an upset bit would do.
    stray = np.array([-(1 << 25)], np.int32)
    one = np.zeros(1, np.uint32)
    live._unit.apply(np.array([UpdateStep.LEAVES], np.uint8), one, one, stray, stray)
    for _ in range(2):
        with pytest.raises(ImpossibleState, match="reload"):
            live.change(1, live.code_of(1), 100)
    live.reload()
    assert live.change(1, 100, 50).codes.tolist() == [golden.log_sum([50, 1 << 20])[0]]


def test_a_code_that_shows_nowhere_is_noticed_by_the_count(live):
    live.enter(np.arange(50), np.full(50, 100, np.int32))
    one, stray = np.zeros(1, np.uint32), np.array([200], np.int32)
    live._unit.apply(np.array([UpdateStep.LEAVES], np.uint8), one, one, stray, stray)
    with pytest.raises(ImpossibleState, match="reload"):
        live.change(0, 100, 100)


def test_results_too_near_to_a_border_are_decided(monkeypatch):
    """The unit marks about one in 2**20; here it marks all, and gives the neighbour."""

    class Doubtful(CpuLiveUnit):
        def apply(self, *arguments):
            found = super().apply(*arguments)
            marks = found.status | np.uint32(ResultStatus.HARD_TO_ROUND)
            return found._replace(codes=found.codes + 1, status=marks)

    with Live(Doubtful()) as live:
        results = live.enter([1, 2, 3], [5, 1 << 17, (1 << 31) - 1])
        assert results.codes[:2].tolist() == [5, golden.log_sum([5, 1 << 17])[0]]
        assert results.status.tolist() == [0, 0, 0]
        results = live.change([1, 2], [5, 1 << 17], [6, 7])
        results = live.leave([3, 1], [(1 << 31) - 1, 6])
        assert results.codes.tolist() == [golden.log_sum([6, 7])[0], 7]


def test_saturated():
    with cs.open("cpu") as dev, dev.live() as live:
        results = live.enter([1, 2], [(1 << 31) - 1] * 2)
        assert results.codes.tolist() == [(1 << 31) - 1] * 2
        assert results.status.tolist() == [0, ResultStatus.SATURATED]


def test_over_capacity(monkeypatch):
    class Full(CpuLiveUnit):
        def apply(self, *arguments):
            found = super().apply(*arguments)
            over = np.where(found.present > 2, np.uint32(ResultStatus.OVER_CAPACITY), 0)
            return found._replace(status=found.status | over.astype(np.uint32))

    with Live(Full()) as live:
        live.enter([1, 2], [3, 4])
        with pytest.raises(CapacityExceeded):
            live.enter(3, 5)


def test_states_merge(live):
    live.enter([1, 2, 3], [5, ZERO, 1 << 18])
    live.change(1, 5, 9)
    other = cs.LogSum.of([7])
    assert bytes(live.state().merge(other)) == bytes(cs.LogSum.of([7, 1 << 18, 9, ZERO]))


def test_a_clear_that_does_not_come_first():
    one, codes = np.zeros(2, np.uint32), np.zeros(2, np.int32)
    steps = np.array([UpdateStep.READS, UpdateStep.CLEARS], np.uint8)
    with pytest.raises(ValueError, match="come first"):
        CpuLiveUnit().apply(steps, one, one, codes, codes)


@pytest.mark.parametrize("field", ["agent", "operation"])
def test_a_result_of_another_update_is_refused(field, monkeypatch):
    """What a device would do that loses or doubles one."""
    with Live(SimLiveUnit()) as live:
        run = live._unit.simulation.update

        def shifted(*arguments, **options):
            found = run(*arguments, **options)
            return found._replace(**{field: getattr(found, field) + np.uint32(1)})

        monkeypatch.setattr(live._unit.simulation, "update", shifted)
        with pytest.raises(LinkError, match="another update"):
            live.enter(1, 5)


def test_update_cycles(live):
    assert live.update_cycles <= 64


def test_devices_without_a_live_unit_say_so(monkeypatch):
    from consilience.devices.device import Device

    with cs.open("cpu") as dev:
        monkeypatch.setattr(type(dev), "live_unit", Device.live_unit)
        monkeypatch.setattr(type(dev), "sums_of_others", Device.sums_of_others)
        with pytest.raises(BadInput, match="cpu: this device has no live unit"):
            dev.live()
        with pytest.raises(BadInput, match="no live unit"):
            dev.leave_one_out([1])


class Interrupted(CpuLiveUnit):
    """Ctrl-C in the middle: before or after the unit has done its work."""

    when = None

    def apply(self, *arguments):
        if self.when == "before":
            self.when = None
            raise KeyboardInterrupt
        found = super().apply(*arguments)
        if self.when == "after":
            self.when = None
            raise KeyboardInterrupt
        return found


class Fragile(dict):
    """Ctrl-C in the middle of taking notes."""

    left = 1

    def __setitem__(self, key, value):
        if not self.left:
            self.left = -1
            raise KeyboardInterrupt
        self.left -= 1
        super().__setitem__(key, value)


@pytest.mark.parametrize("when", ["before", "after", "notes"])
def test_an_interruption_left_two_truths_that_disagree(when):
    live = Live(Interrupted())
    live.enter([1, 2, 3], [10, 20, 30])
    if when == "notes":
        live._codes = Fragile(live._codes)
    live._unit.when = when
    with pytest.raises(KeyboardInterrupt):
        live.change([1, 2, 3], [10, 20, 30], [11, 21, 31])
    assert [live.code_of(agent) for agent in (1, 2, 3)] == [11, 21, 31]
    assert live.code == cs.LogSum.of([11, 21, 31]).code
    assert live.change(2, 21, 5).codes[0] == cs.LogSum.of([11, 5, 31]).code


def test_an_interrupted_clear_is_one():
    live = Live(Interrupted())
    live.enter([1, 2], [10, 20])
    live._unit.when = "before"
    with pytest.raises(KeyboardInterrupt):
        live.clear()
    assert live.count == 0
    assert live.code == ZERO


def test_the_code_near_a_border_was_its_neighbour():
    """851969 from the unit's bits alone could be 851970; `change` decides it, `code` did not."""

    class Doubtful(CpuLiveUnit):
        def apply(self, *arguments):
            found = super().apply(*arguments)
            marks = found.status | np.uint32(ResultStatus.HARD_TO_ROUND)
            return found._replace(codes=found.codes + np.int32(1), status=marks)

    live = Live(Doubtful())
    live.enter([1, 2], [5 << 16, 3])
    assert live.code == cs.LogSum.of([5 << 16, 3]).code


def test_the_code_of_a_damaged_unit_was_the_log_of_zero():
    live = Live(CpuLiveUnit())
    live.enter([1, 2], [10, 20])
    one = np.array([0], np.uint32)
    stray = np.array([7 << 16], np.int32)
    live._unit.apply(np.array([UpdateStep.LEAVES], np.uint8), one, one, stray, stray)
    with pytest.raises(ImpossibleState, match="reload"):
        _ = live.code
    live.reload()
    assert live.code == cs.LogSum.of([10, 20]).code

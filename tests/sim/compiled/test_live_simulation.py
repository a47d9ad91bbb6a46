"""The compiled live log sum against the golden model: every interleaving, every fault."""

import numpy as np
import pytest

from consilience_hw.spec.flags import ResultStatus, UpdateStep
from consilience_sim import golden
from consilience_sim.compiled import LiveSimulation

CLEARS, LEAVES, ENTERS, READS = UpdateStep
ZERO = -(1 << 31)
SPECIAL = [ZERO, ZERO + 1, (1 << 31) - 1, 0, -1, 8 << 16, (8 << 16) - 1, ZERO + (1 << 19)]
HARD = int(ResultStatus.HARD_TO_ROUND)
MODEL_CAPACITY = 1 << 24


@pytest.fixture(scope="module")
def compiled_unit():
    with LiveSimulation() as simulation:
        yield simulation


@pytest.fixture
def unit(compiled_unit):
    compiled_unit.update([CLEARS], 0, 0)
    return compiled_unit


class Script:
    """Updates, and what the golden model reads after each that reads."""

    def __init__(self, seed):
        self.choose = np.random.default_rng(seed)
        self.model = golden.LiveModel(capacity=MODEL_CAPACITY)
        self.members = []
        self.updates = []
        self.expected = []

    def update(self, old=None, new=None, *, reads=True):
        does = LEAVES * (old is not None) + ENTERS * (new is not None) + READS * reads
        # What does not count is garbage.
        garbage = [int(code) for code in self.choose.integers(-(1 << 31), 1 << 31, 2)]
        code_out, code_in = (
            g if c is None else c for c, g in zip((old, new), garbage, strict=True)
        )
        self.updates.append((does, code_out, code_in))
        if old is not None:
            self.model.remove(old)
        if new is not None:
            self.model.add(new)
        if reads:
            self.expected.append(self.model.read())

    def random(self, count, scale, inside):
        """Let agents come, change and go, at most so many at a time."""
        choose = self.choose
        for _ in range(count):
            code = int(choose.integers(-scale, scale))
            if choose.random() < 0.1:
                code = int(choose.choice(SPECIAL))
            old = new = None
            if self.members and choose.random() < 0.8:
                place = int(choose.integers(len(self.members)))
                old = self.members[place]
            if old is None or choose.random() < 0.7:
                new = code if len(self.members) < inside or old is not None else None
            if old is not None and new is not None:
                self.members[place] = new
            elif new is not None:
                self.members.append(new)
            elif old is not None:
                self.members.pop(place)
            self.update(old, new, reads=bool(choose.random() < 0.7))

    def run_on(self, unit, **options):
        does, old, new = np.array(self.updates).T
        return unit.update(does, old.astype(np.int32), new.astype(np.int32), **options)


def assert_as_expected(readings, expected):
    assert len(readings.codes) == len(expected)
    found = zip(readings.codes, readings.status, readings.finite, readings.zeros, strict=True)
    marked = 0
    for place, (reading, wanted) in enumerate(zip(found, expected, strict=True)):
        code, status, count, zeros = map(int, reading)
        if wanted.status & ~ResultStatus.SATURATED:
            assert status & ~HARD == wanted.status, place
            continue
        assert (status & ~HARD, count, zeros) == wanted[1:], place
        # A marked code is one of the two beside the border.
        hard = bool(status & HARD)
        marked += hard
        assert abs(code - wanted.code) <= hard, place
    assert marked < 3


@pytest.mark.parametrize("options", [{}, {"gaps": 0.3, "stalls": 0.5, "seed": 1}])
@pytest.mark.parametrize(
    ("scale", "inside"),
    [
        pytest.param(1 << 10, 4, id="one bin"),
        pytest.param(1 << 21, 40, id="some bins"),
        pytest.param(1 << 23, 1_000, id="a window"),
        pytest.param((1 << 31) - 1, 3, id="few of all"),
        pytest.param((1 << 31) - 1, 200, id="all"),
    ],
)
def test_any_interleaving_is_golden(unit, scale, inside, options):
    script = Script(scale + inside)
    script.random(2_000, scale, inside)
    readings = script.run_on(unit, **options)
    assert_as_expected(readings, script.expected)
    fresh = golden.log_sum(script.members)
    script.update()
    assert script.expected[-1][:2] == fresh


def test_top_taken_again_and_again(unit):
    """Each removal brings bins into the window that were far below it."""
    script = Script(1)
    ladder = [int(code) for code in np.linspace(-(1 << 31) + 1, (1 << 31) - 1, 700)]
    for code in ladder:
        script.update(None, code)
    for code in reversed(ladder):
        script.update(code, None)
    assert script.expected[-1].code == ZERO
    assert_as_expected(script.run_on(unit), script.expected)


def test_latency_is_one_number(unit):
    """Update to result, whatever the codes and however many are inside."""
    assert unit.update_cycles <= 64
    found = set()
    for count in (10, 1_000, 20_000):
        unit.update([CLEARS], 0, 0)
        codes = np.random.default_rng(count).integers(-(1 << 31), 1 << 31, count, dtype=np.int32)
        unit.update(np.full(count, ENTERS), 0, codes)
        does = np.full(500, LEAVES | ENTERS | READS)
        readings = unit.update(does, codes[:1], codes[:1])
        assert np.diff(readings.accepted).tolist() == [3] * 499
        # Offered when the one before has been taken: two cycles before it is taken itself.
        found |= set((readings.produced - (readings.accepted - 2)).tolist())
    assert found == {unit.update_cycles}


def test_one_change_per_cycle(unit):
    codes = np.repeat(np.array([0, 0, 1 << 20], np.int32), 100)
    assert np.diff(unit.update(np.full(300, ENTERS), 0, codes).accepted).tolist() == [1] * 299
    readings = unit.update(np.full(200, READS), 0, 0)
    assert np.diff(readings.produced).tolist() == [1] * 199
    assert set(readings.codes.tolist()) == {golden.log_sum(codes)[0]}


def test_results_say_whose_they_are(unit):
    agent = np.arange(1 << 32, (1 << 32) - 500, -1, dtype=np.int64) - 1
    operation = np.arange(500) * 8_589_934 % (1 << 32)
    readings = unit.update(
        np.full(500, ENTERS | READS), 0, 5, agent=agent, operation=operation, gaps=0.2, stalls=0.6
    )
    assert readings.agent.tolist() == agent.tolist()
    assert readings.operation.tolist() == operation.tolist()
    assert readings.finite.tolist() == list(range(1, 501))


@pytest.mark.parametrize(
    ("inside", "wrong"),
    [
        pytest.param([], 0, id="empty"),
        pytest.param([0], 8 << 16, id="no term in its bin"),
        pytest.param([0, 0, 0], -(1 << 20), id="no term in a lower bin"),
        pytest.param([0], 5 << 16, id="sum below zero"),
        pytest.param([5 << 16, 5 << 16], 1, id="too much for as many"),
        pytest.param([1], 2, id="not the same code"),
        pytest.param([ZERO, 7], ZERO, id="second log of zero"),
        pytest.param([(1 << 31) - 1], (1 << 31) - 2, id="highest"),
        pytest.param([ZERO + 1], ZERO + 2, id="lowest"),
    ],
)
def test_impossible_states_are_noticed(unit, inside, wrong):
    script = Script(2)
    for code in inside:
        script.update(None, code)
    if wrong == ZERO:
        script.update(ZERO, None)
    script.update(wrong, None)
    assert script.expected[-1].status == ResultStatus.DAMAGED
    # Sticky, also when it is put back.
    script.update(None, wrong)
    assert script.expected[-1].status == ResultStatus.DAMAGED
    assert_as_expected(script.run_on(unit), script.expected)
    unit.update([CLEARS], 0, 0)
    readings = unit.update([ENTERS | READS], 0, 9)
    assert (readings.codes.tolist(), readings.status.tolist()) == ([9], [0])


def test_random_removals_are_noticed_as_the_model_does(unit):
    """And some are not, by neither: bins that hold enough of others."""
    choose = np.random.default_rng(3)
    noticed = 0
    for _ in range(60):
        unit.update([CLEARS], 0, 0)
        script = Script(4)
        for code in choose.integers(-(1 << 20), 1 << 20, choose.integers(1, 9)):
            script.update(None, int(code), reads=False)
        script.update(int(choose.integers(-(1 << 20), 1 << 20)), None)
        noticed += script.expected[-1].status == ResultStatus.DAMAGED
        assert_as_expected(script.run_on(unit), script.expected)
    assert 20 < noticed < 60


def test_what_shows_nowhere(unit):
    """A code never added goes out unnoticed where enough others are: then the answer is that of
    another multiset, and only who remembers the codes can know.
    """
    script = Script(5)
    for code in [100] * 50:
        script.update(None, code, reads=False)
    script.update(200, None)
    assert script.expected[-1].status == 0
    assert_as_expected(script.run_on(unit), script.expected)


@pytest.mark.slow
def test_a_million_agents(unit):
    """All results of 10**5 updates equal the model, 100 of them a fresh sum; in one latency."""
    choose = np.random.default_rng(6)
    agents, updates = 1_000_000, 100_000
    codes = (choose.standard_normal(agents) * (8 << 16)).astype(np.int32)
    unit.update(np.full(agents, ENTERS), 0, codes)
    model = golden.LiveModel(capacity=MODEL_CAPACITY)
    model.extend(codes.tolist())
    agent = choose.integers(0, agents, updates)
    new = (choose.standard_normal(updates) * (8 << 16)).astype(np.int32)
    new[choose.integers(0, updates, 1_000)] += 200 << 16
    old = np.empty(updates, np.int32)
    expected, fresh = [], 0
    for place in range(updates):
        old[place] = codes[agent[place]]
        codes[agent[place]] = new[place]
        model.remove(int(old[place]))
        model.add(int(new[place]))
        expected.append(model.read())
        if place % 990 == 0:
            found, _ = golden.log_sums(codes, np.array([0, agents]))
            assert found[0] == expected[-1].code
            fresh += 1
    assert fresh >= 100
    readings = unit.update(
        np.full(updates, LEAVES | ENTERS | READS), old, new, agent=agent, operation=range(updates)
    )
    assert_as_expected(readings, expected)
    assert readings.agent.tolist() == agent.tolist()
    latency = readings.produced - (readings.accepted - 2)
    assert set(latency.tolist()) == {unit.update_cycles}

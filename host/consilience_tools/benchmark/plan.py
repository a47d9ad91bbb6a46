"""How much is measured, in full or quickly, and the progress of it."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

from consilience_tools.benchmark.timing import Effort

__all__ = [
    "BESIDE_FULL",
    "BESIDE_QUICK",
    "FULL",
    "QUICK",
    "SCALE_FULL",
    "SCALE_QUICK",
    "STAGE_PARTS",
    "BesidePlan",
    "Plan",
    "Report",
    "ScalePlan",
    "staged",
]

Item = TypeVar("Item")

Report = Callable[[str, int, int], None]
"""Takes a stage's name, the finished parts of it, and all its parts."""

STAGE_PARTS = 100
"""Parts of each step of a stage."""


def staged(
    report: Report, name: str, steps: Collection[Item]
) -> Iterator[tuple[Item, Callable[[float], None]]]:
    """Yield each step of a stage with a function that reports its finished part, 0 to 1.

    The steps take about the same time. When they are used up, the stage is reported as finished.
    """
    total = len(steps) * STAGE_PARTS
    for number, step in enumerate(steps):

        def advance(part: float, done: int = number * STAGE_PARTS) -> None:
            report(name, done + int(part * STAGE_PARTS), total)

        advance(0)
        yield step, advance
    report(name, total, total)


@dataclass(frozen=True)
class Plan:
    """Sizes of all parts of the benchmark.

    Parameters
    ----------
    effort : Effort
        Effort of each contest on the cpu.
    elements : int
        Codes of a data set.
    sizes : tuple of int
        n of nanoseconds per element, ascending.
    float_size : int
        Largest n whose float64 values are kept as well, for SciPy.
    draws : tuple of (int, int)
        n, and the number of multisets of n codes whose error is measured.
    segment_codes : int
        Codes of all segments together.
    hypotheses : tuple of int
        H of the posteriors.
    agents : int
        Agents on the cpu, with 1 to 5 rows each.
    posterior_effort : Effort
        Effort for each H.
    sim_runs : int
        Samples of each call of the simulated device.
    sim_codes : int
        Codes of the simulated `reduce`.
    sim_segment_codes, sim_agents : int
        Codes of all segments and number of agents, in simulation.
    lanes : int
        W of the wide engine.
    """

    effort: Effort
    elements: int
    sizes: tuple[int, ...]
    float_size: int
    draws: tuple[tuple[int, int], ...]
    segment_codes: int
    hypotheses: tuple[int, ...]
    agents: int
    posterior_effort: Effort
    sim_runs: int
    sim_codes: int
    sim_segment_codes: int
    sim_agents: int
    lanes: int


FULL = Plan(
    effort=Effort(runs=30, fewest=7, seconds=10.0, sample=0.05),
    elements=10**7,
    sizes=(10**4, 10**5, 10**6, 10**7, 10**8),
    float_size=10**7,
    draws=((10, 100), (10**2, 100), (10**3, 100), (10**4, 30), (10**5, 10), (10**6, 3), (10**7, 1)),
    segment_codes=2 * 10**6,
    hypotheses=(2, 3, 4, 5, 6, 7, 8),
    agents=10**6,
    posterior_effort=Effort(runs=30, fewest=5, seconds=5.0, sample=0.05),
    sim_runs=3,
    sim_codes=10**6,
    sim_segment_codes=10**5,
    sim_agents=5_000,
    lanes=64,
)
"""About three minutes on 2 cores, and one more to compile the simulations."""

_LITTLE = Effort(runs=5, fewest=2, seconds=0.1, sample=1e-3)
QUICK = Plan(
    effort=_LITTLE,
    elements=20_000,
    sizes=(10**4, 10**5),
    float_size=10**4,
    draws=((10, 5), (10**4, 1)),
    segment_codes=5_000,
    hypotheses=(2, 8),
    agents=1_000,
    posterior_effort=_LITTLE,
    sim_runs=2,
    sim_codes=2_000,
    sim_segment_codes=500,
    sim_agents=20,
    lanes=2,
)
"""Some seconds, to see that everything runs; its figures are worth nothing."""


@dataclass(frozen=True)
class ScalePlan:
    """Sizes and repeats of ``--scale``.

    Parameters
    ----------
    sizes : tuple of int
        Numbers of agents, on the cpu.
    pairwise : tuple of int
        Numbers of agents for which all pairs are computed as well.
    gateware : tuple of int
        Numbers of agents in simulation; the sweeps have the last of them.
    left_out : int
        Codes of leave-one-out in simulation.
    updates : int
        Updates of each live state.
    runs : int
        Samples of each time; a call of more than a second has one.
    lanes : int
        Lanes of the `LogSumExp` whose sweep is simulated.
    """

    sizes: tuple[int, ...]
    pairwise: tuple[int, ...]
    gateware: tuple[int, ...]
    left_out: int
    updates: int
    runs: int
    lanes: int


SCALE_FULL = ScalePlan(
    sizes=(1_000, 10_000, 100_000, 1_000_000, 10_000_000),
    pairwise=(1_000, 3_000, 10_000, 30_000, 100_000),
    gateware=(10, 1_000, 100_000, 1_000_000),
    left_out=100_000,
    updates=100_000,
    runs=7,
    lanes=8,
)

SCALE_QUICK = ScalePlan(
    sizes=(1_000, 10_000),
    pairwise=(500, 1_000, 2_000),
    gateware=(10, 1_000),
    left_out=1_000,
    updates=1_000,
    runs=2,
    lanes=1,
)


@dataclass(frozen=True)
class BesidePlan:
    """Sizes and repeats of ``--beside``.

    Parameters
    ----------
    elements, agents : int
        Values, and agents of the posteriors, of a pair.
    rounds : int
        Calls of each of a pair.
    orders : int
        Of as many values, which all sum side by side.
    rows, file_rounds : int
        Rows of a file, and how often it is read.
    starts : int
        Runs of a command; 0: none is started.
    """

    elements: int
    agents: int
    rounds: int
    orders: int
    rows: int
    file_rounds: int
    starts: int


BESIDE_FULL = BesidePlan(10**7, 10**6, 7, 12, 10**7, 2, 10)
BESIDE_QUICK = BesidePlan(20_000, 500, 2, 2, 2_000, 1, 0)

"""How much is measured: everything, or a little of everything."""

from dataclasses import dataclass

from consilience_tools.benchmark.contest import Effort

__all__ = ["FULL", "QUICK", "Plan"]


@dataclass(frozen=True)
class Plan:
    """Sizes of all parts.

    Parameters
    ----------
    effort : Effort
        Of each contest on the cpu.
    elements : int
        Codes of a data set.
    sizes : tuple of int
        n of nanoseconds per element, ascending.
    float_size : int
        Largest n for which the float64 values are held as well, for SciPy.
    draws : tuple of (int, int)
        n and how many multisets of it have their error measured.
    segment_codes : int
        Codes of all segments together.
    hypotheses : tuple of int
        H of the posteriors.
    agents : int
        Agents on the cpu, of 1 to 5 rows each.
    posterior_effort : Effort
        Of each H.
    sim_runs : int
        Samples of each call of the simulated device.
    sim_codes : int
        Codes of the simulated `reduce`.
    sim_segment_codes, sim_agents : int
        The same as above, in simulation.
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
"""Some three minutes on 2 cores, and one more where the simulations are not compiled yet."""

QUICK = Plan(
    effort=Effort(runs=5, fewest=2, seconds=0.1, sample=1e-3),
    elements=20_000,
    sizes=(10**4, 10**5),
    float_size=10**4,
    draws=((10, 5), (10**4, 1)),
    segment_codes=5_000,
    hypotheses=(2, 8),
    agents=1_000,
    posterior_effort=Effort(runs=5, fewest=2, seconds=0.1, sample=1e-3),
    sim_runs=2,
    sim_codes=2_000,
    sim_segment_codes=500,
    sim_agents=20,
    lanes=2,
)
"""Some seconds, to see that everything runs: no figure of it is worth anything."""

"""What the campaign consists of: scenarios, and how many crash points of each."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.campaigns.crash.keys_scenario import KeysScenario
from tests.campaigns.crash.lives import lives
from tests.campaigns.crash.log_scenario import LogScenario
from tests.campaigns.crash.output_scenario import OutputScenario
from tests.campaigns.crash.scenario import Scenario
from tests.campaigns.crash.shard_scenarios import PartsScenario, ReportsScenario
from tests.campaigns.crash.tally import Tally

__all__ = ["SCENARIOS", "Part", "parts"]

SCENARIOS: dict[type[Scenario], int] = {
    LogScenario: 8,
    ReportsScenario: 4,
    PartsScenario: 3,
    OutputScenario: 3,
    KeysScenario: 2,
}
"""Twentieths of the crash points that each has."""

_EACH = 1_000


@dataclass(frozen=True)
class Part:
    """Some crash points of one scenario.

    Parameters
    ----------
    scenario : type of Scenario
    seed : str
        Of everything random.
    points : int
        At least so many.
    """

    scenario: type[Scenario]
    seed: str
    points: int

    def run(self, progress: Callable[[int], None] = lambda points: None) -> Tally:
        """Let processes live until there are enough crash points; tell how many there are."""
        tally = Tally()
        number = 0
        while tally.points.total() < self.points:
            lives(self.scenario, f"{self.seed}/{number}", tally)
            number += 1
            progress(tally.points.total())
        return tally


def parts(points: int, seed: int) -> list[Part]:
    """Return the parts of a campaign of so many crash points."""
    found = []
    for scenario, share in SCENARIOS.items():
        left, number = -(-points * share // 20), 0
        while left > 0:
            name = f"{seed}/{scenario.__name__}/{number}"
            found.append(Part(scenario, name, min(left, _EACH)))
            left, number = left - _EACH, number + 1
    return found

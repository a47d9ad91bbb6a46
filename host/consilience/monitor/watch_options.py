"""What a user asks of a watch, checked, and what is promised then: the budget of false alarms."""

from dataclasses import asdict, dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.fleet_readings import ReadingOptions
from consilience.monitor.observation_lines import BINNING
from consilience.monitor.promises import arl_for, exact_number, least_false_alarm
from consilience.monitor.rank_terms import checked_kappas, count_term, rank_term
from consilience.monitor.run_ranking import RunRanking
from consilience.monitor.settings import MonitorSettings, monitor_settings
from consilience_hw.spec.monitor_format import MonitorMode

__all__ = ["WatchOptions"]

_MOST_BITS = 60


@dataclass(frozen=True)
class WatchOptions:
    """The options of `consilience monitor`, as texts where they are exact numbers.

    Give one of arl, false_alarm, threshold_bits, and false_alarms_per_day with agents and
    runs_per_day. See `ConformalRanks` for n0 and the others below it.
    """

    arl: str | None = None
    false_alarm: str | None = None
    threshold_bits: str | None = None
    false_alarms_per_day: str | None = None
    agents: int | None = None
    runs_per_day: str | None = None
    mode: str = "restart"
    policy: str = "latch"
    run_alpha: str | None = None
    fleet_alpha: str | None = None
    fleet_every: int | None = None
    group_agents: str | None = None
    n0: int = 100
    kappas: str = "1/4,1/2"
    ties: str = "seeded"
    contaminated: int = 0
    deadline: int | None = None
    groups: bool = False
    asserted: int = 0
    low_is_suspect: bool = False
    against: str | None = None

    def settings(self) -> MonitorSettings:
        """Return the monitor's settings; BadInput if the options cannot be."""
        per_day = self.false_alarms_per_day, self.agents, self.runs_per_day
        daily = per_day[0] is not None
        if daily and None in per_day:
            raise BadInput("--false-alarms-per-day needs --agents and --runs-per-day")
        chosen = [self.arl, self.false_alarm, self.threshold_bits, self.false_alarms_per_day]
        if sum(one is not None for one in chosen) != 1:
            raise BadInput(
                "give one of --arl, --false-alarm, --threshold-bits and --false-alarms-per-day: "
                "how rare a false alarm is to be"
            )
        arl = self.agent_arl if daily else self.arl
        threshold = None
        if self.threshold_bits is not None:
            bits = exact_number(self.threshold_bits, "--threshold-bits")
            threshold = ceil(bits * 65536)
        bets = self.asserted or len(self.kappas.split(","))
        source = "asserted" if self.asserted else "conformal"
        return monitor_settings(
            bets,
            None,
            self.mode,
            arl,
            self.false_alarm,
            threshold,
            self.policy,
            source,
            self.agents,
        )

    def ranking(self, seed: int) -> RunRanking | None:
        """Return empty ranks; None where increments are asserted."""
        if self.asserted:
            return None
        history = "group" if self.groups else "agent"
        binning = f"{BINNING}{' of -x' if self.low_is_suspect else ''}"
        return RunRanking(
            self.kappas.split(","),
            self.n0,
            self.ties,
            seed,
            self.contaminated,
            self.deadline,
            history,
            binning,
        )

    def key_of_runs(self, seed: int) -> int:
        """Return the key of `EndedRuns`; without chances one state has the same bytes anywhere."""
        return seed if self.ties == "seeded" and not self.asserted else 0

    @property
    def agent_arl(self) -> Fraction:
        """ARL of an agent: half of the daily false alarms are for agents, half for single runs."""
        assert self.false_alarms_per_day and self.agents and self.runs_per_day
        share = exact_number(self.false_alarms_per_day, "--false-alarms-per-day")
        if self.run_share:
            share /= 2
        return arl_for(share, self.agents, self.runs_per_day)

    @property
    def run_share(self) -> bool:
        """Whether the daily budget is split: single runs alarm too, at a rate that follows."""
        return self.run_alpha == "budget"

    def readings(self) -> ReadingOptions | None:
        """Return how the fleet is read; None: it is not."""
        if self.fleet_alpha is None:
            if self.fleet_every is not None or self.group_agents is not None:
                raise BadInput("--fleet-every and --group-agents need --fleet-alpha")
            return None
        if self.agents is None and self.group_agents is None:
            raise BadInput("--fleet-alpha needs --agents: of how many, those not heard of too")
        alpha = exact_number(self.fleet_alpha, "--fleet-alpha")
        if not 0 < alpha < 1 or self.mode == "cusum":
            raise BadInput("--fleet-alpha is a share between 0 and 1, as 1/100, not with cusum")
        return ReadingOptions(self.fleet_alpha, self.fleet_every, self._enrolled_in_groups())

    def _enrolled_in_groups(self) -> dict[str, int]:
        groups: dict[str, int] = {}
        for part in self.group_agents.split(",") if self.group_agents else []:
            name, equals, count = (one.strip() for one in part.rpartition("="))
            if not equals or not name or name in groups or not count.isdecimal() or not int(count):
                raise BadInput(
                    f"--group-agents {part}: the agents of each group, as europe=120,asia=80"
                )
            groups[name] = int(count)
        if self.agents is not None and sum(groups.values()) > self.agents:
            raise BadInput(
                f"--group-agents are {sum(groups.values())} together, --agents {self.agents}: the "
                "fleet is all of them; give a larger --agents"
            )
        return groups

    def alpha_of_runs(self) -> Fraction | None:
        """Return the share of good runs that may alarm by themselves; None: none does."""
        if self.run_alpha is None:
            return None
        if self.asserted:
            raise BadInput("--run-alpha needs scores, as ranks tell how high one is")
        if self.run_share:
            if self.false_alarms_per_day is None:
                raise BadInput("--run-alpha budget needs --false-alarms-per-day")
            return 1 / self.agent_arl
        alpha = exact_number(self.run_alpha, "--run-alpha")
        if not 0 < alpha < 1:
            raise BadInput(f"--run-alpha {self.run_alpha}: a share between 0 and 1, as 1/1000")
        return alpha

    def promise(self, settings: MonitorSettings) -> str:
        """Return the promise of the threshold in words."""
        if settings.mode not in (MonitorMode.RESTART, MonitorMode.CUSUM):
            rare = self.false_alarm or least_false_alarm(settings.threshold)
            return f"a false alarm of this agent, ever, with probability {rare} at most"
        bits = settings.threshold / 65536
        if self.arl is not None:
            arl = self.arl
        elif self.false_alarms_per_day is not None and bits <= _MOST_BITS:
            arl = f"{float(self.agent_arl):,.0f}"
        elif bits > _MOST_BITS:
            arl = f"2^{bits:,.1f}"
        else:
            arl = f"{2**bits:,.1f}"
        only = " (the first alarm only)" if self._is_dominated else ""
        of = "of an agent, while its whole group is unchanged," if self.groups else "of this agent"
        return f"{arl} runs {of} on average, or more, to a false alarm{only}"

    @property
    def _is_dominated(self) -> bool:
        """Whether ranks are only not too low: then the promise is of the first alarm."""
        return not self.asserted and (self.ties == "full" or self.contaminated > 0)

    def best_increments(self, run: int) -> list[int]:
        """Return the largest increments of a history's run, 0 the first that is judged."""
        ranks, bets = self.n0 + 1 + run, checked_kappas(self.kappas.split(","))
        rank = min(1 + self.contaminated, ranks)
        return [rank_term(rank, kappa) + count_term(ranks, kappa) for kappa in bets]

    def as_facts(self) -> dict[str, Any]:
        """Return the options as JSON holds them: another state folder for others."""
        return asdict(self)

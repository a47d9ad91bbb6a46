"""What a user asks of a watch, checked, and what is promised then: the budget of false alarms."""

from dataclasses import dataclass, fields
from fractions import Fraction
from math import ceil
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.fleet_readings import ReadingOptions
from consilience.monitor.frozen_ranking import FrozenRanking
from consilience.monitor.promises import arl_for, exact_number, least_false_alarm
from consilience.monitor.rank_terms import checked_kappas, count_term, rank_term
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.reported_runs import ReportOptions
from consilience.monitor.run_ranking import RunRanking
from consilience.monitor.settings import MonitorSettings, monitor_settings
from consilience.monitor.source_file import BINNING, FrozenSource, ModelSource
from consilience_hw.spec.monitor_format import MonitorMode, Source

__all__ = ["WatchOptions"]

_MOST_BITS = 60
_OF_RANKS = "n0", "kappas", "ties", "contaminated", "groups", "asserted"
_OF_SCORES = "deadline", "low_is_suspect", "against", "run_alpha"
_OF_REPORTS = "faulty", "reporters", "reports"
_SEPARATE = {"same": False, "separate": True}


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
    source: FrozenSource | ModelSource | None = None
    faulty: int | None = None
    reporters: int | None = None
    reports: str | None = None

    def __post_init__(self) -> None:
        if self.source is None:
            return
        option = "--frozen" if isinstance(self.source, FrozenSource) else "--model"
        others = (*_OF_RANKS, *_OF_REPORTS, *(() if option == "--frozen" else _OF_SCORES))
        defaults = {one.name: one.default for one in fields(self)}
        given = [f"--{one.replace('_', '-')}" for one in others
                 if getattr(self, one) != defaults[one]]  # fmt: skip
        if given:
            raise BadInput(f"{', '.join(given)}: of other sources than {option}; leave it out")
        if isinstance(self.source, FrozenSource) and self.source.binning != self.binning:
            raise BadInput(
                f"--frozen: the table is of scores binned by {self.source.binning}, these are by "
                f"{self.binning}; make the table of scores like these"
            )

    @property
    def binning(self) -> str:
        """How scores become integers."""
        return f"{BINNING}{' of -x' if self.low_is_suspect else ''}"

    @property
    def kind(self) -> Source:
        """Where the validity of increments comes from."""
        if isinstance(self.source, FrozenSource):
            return Source.FROZEN
        if self.source is not None:
            return Source.MODEL
        return Source.ASSERTED if self.asserted else Source.CONFORMAL

    @property
    def needs_history(self) -> bool:
        """Whether runs are judged after the first n0 alone."""
        return self.kind is Source.CONFORMAL

    @property
    def ranks_are_exact(self) -> bool:
        """Whether ranks are uniform while agents behave, and not only no lower than that."""
        return self.needs_history and not self._is_dominated

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
            if not 0 < bits < 1 << 15:
                raise BadInput(f"--threshold-bits {self.threshold_bits}: above 0, below 32,768")
        bets = self.asserted or len(self.kappas.split(","))
        if isinstance(self.source, FrozenSource):
            bets = len(self.source.table.fields.kappas)
        elif self.source is not None:
            bets = 1
        source = self.kind.name.lower()
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
        """Return empty ranks; None where an observation is no score."""
        if self.kind in (Source.ASSERTED, Source.MODEL):
            return None
        if isinstance(self.source, FrozenSource):
            of_table = RanksSettings.of(
                ties="full", deadline=self.deadline, binning=f"{self.binning} {self.source.digest}"
            )
            return FrozenRanking(of_table, self.source.table)
        history = "group" if self.groups else "agent"
        settings = RanksSettings.of(
            self.kappas.split(","),
            self.n0,
            self.ties,
            self.contaminated,
            self.deadline,
            history,
            self.binning,
        )
        return RunRanking(settings, seed)

    def of_reports(self) -> ReportOptions | None:
        """Return who reports; None: a line is the truth about its run."""
        if self.faulty is None:
            if self.reporters is not None or self.reports is not None:
                raise BadInput("--reporters and --reports are for --faulty F; give it")
            return None
        if self.reporters is None:
            raise BadInput(
                "--faulty needs --reporters N: how many are enrolled of each agent, those who are "
                "silent too"
            )
        if self.reports is not None and not self.asserted:
            raise BadInput("--reports is of increments (--asserted); leave it out")
        if (self.reports or "same") not in _SEPARATE:
            raise BadInput(f"--reports {self.reports} is none of {', '.join(_SEPARATE)}")
        return ReportOptions(self.faulty, self.reporters, _SEPARATE[self.reports or "same"])

    def key_of_runs(self, seed: int) -> int:
        """Return the key of `EndedRuns`; without chances one state has the same bytes anywhere."""
        return seed if self.ties == "seeded" and self.kind is Source.CONFORMAL else 0

    @property
    def agent_arl(self) -> Fraction:
        """ARL of an agent: half of the daily false alarms are for agents, half for single runs."""
        assert self.agents and self.runs_per_day
        return arl_for(self.agents_share, self.agents, self.runs_per_day)

    @property
    def agents_share(self) -> Fraction:
        """False alarms a day that are for agents across runs: all, or half of the budget."""
        assert self.false_alarms_per_day
        share = exact_number(self.false_alarms_per_day, "--false-alarms-per-day")
        return share / 2 if self.run_share else share

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
        if self.kind in (Source.ASSERTED, Source.MODEL):
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
            ever = f"a false alarm of this agent, ever, with probability {rare} at most"
            return f"{ever}{self._given}"
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
        unit = "calls and ends" if self.kind is Source.MODEL else "runs"
        return f"{arl} {unit} {of} on average, or more, to a false alarm{only}{self._given}"

    @property
    def _given(self) -> str:
        """What a promise needs that is not of ranks."""
        if isinstance(self.source, FrozenSource):
            made = self.source.table.fields
            return (
                f"; with probability {1 - made.delta} over the {sum(made.counts):,} runs that the "
                "table was made of"
            )
        words = {Source.MODEL: "calls follow the model's p0", Source.ASSERTED: "x are e-values"}
        given = [words[self.kind]] if self.kind in words else []
        if self.faulty is not None:
            given.append(
                f"at most {self.faulty} of the {self.reporters} reporters of a run lie or are "
                "silent"
            )
        return f"; if {', and '.join(given)}" if given else ""

    @property
    def _is_dominated(self) -> bool:
        """Whether ranks are only not too low: then the promise is of the first alarm."""
        only = self.ties == "full" or self.contaminated > 0 or self.faulty is not None
        return self.needs_history and only

    def best_increments(self, run: int) -> list[int]:
        """Return the largest increments of a run or call, 0 the first that is judged."""
        if isinstance(self.source, FrozenSource):
            return [int(one) for one in self.source.table.codes[-1]]
        if self.source is not None:
            return [int(self.source.increments.codes.max())]
        ranks, bets = self.n0 + 1 + run, checked_kappas(self.kappas.split(","))
        rank = min(1 + self.contaminated, ranks)
        return [rank_term(rank, kappa) + count_term(ranks, kappa) for kappa in bets]

    def as_facts(self) -> dict[str, Any]:
        """Return the options as JSON holds them: another state folder for others."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**plain, "source": self.source.digest if self.source else None}

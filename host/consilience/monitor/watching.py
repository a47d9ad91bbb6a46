"""Runs of a fleet, watched: each observation judged when it comes, three views of it."""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.again import FirstLines, is_end_again, is_said_again
from consilience.monitor.agent_index import AgentId
from consilience.monitor.alarm_lines import agent_alarm, moved_line, run_alarm
from consilience.monitor.alarm_scores import Scored, scores_of, usual_of
from consilience.monitor.alarm_words import SAYS
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.fleet_readings import FleetReadings
from consilience.monitor.histories import MOST_OPEN
from consilience.monitor.implied import Implied, RowRefused, noted_as, said_by
from consilience.monitor.implied_reports import ImpliedReports
from consilience.monitor.many_rows import ManyRows, goes_together
from consilience.monitor.monitor import Monitor
from consilience.monitor.moving_runs import MovingRuns, in_words
from consilience.monitor.observation import NOTES, Observation, What
from consilience.monitor.opposite_side import OppositeSide
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.reported_runs import ReportedRuns
from consilience.monitor.row_columns import Judged, RowColumns
from consilience.monitor.run_ranking import RankedRun, RunRanking
from consilience.monitor.voices import spoken
from consilience_hw.spec.monitor_format import Policy

__all__ = ["FleetWatch"]


@dataclass
class FleetWatch:
    """Takes observations, gives what is to be said of them.

    Parameters
    ----------
    monitor : Monitor
        Of all agents, across their runs.
    ranking : RunRanking or None
        Of the runs' scores; None: the observations bring asserted increments.
    promise : str
        Of the monitor's threshold, in words.
    ended : EndedRuns
        Runs of before.
    run_alpha : Fraction or None
        A run alarms by itself if its rank is at most this share of its history's; None: none does.
    readings : FleetReadings
    reports : ReportedRuns or None
        Reporters speak of each run, some of whom lie; None: a line is the truth about it.
    implies : bool
        Lines come late, twice and without starts, as over a network: see `implied`.
    low_is_suspect : bool
        Scores were taken below 0; alarms say them as they were sent.
    """

    monitor: Monitor
    ranking: RunRanking | None
    promise: str
    ended: EndedRuns | RecentRuns
    run_alpha: Fraction | None
    readings: FleetReadings
    reports: ReportedRuns | None = None
    implies: bool = False
    low_is_suspect: bool = False

    def __post_init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first = FirstLines()
        self.told: set[tuple[AgentId, AgentId, str]] = set()
        """Runs that are open and have alarmed: once is enough."""
        self.highest: dict[AgentId, int] = {}
        self.moving = MovingRuns(self.monitor.settings)
        self._counted: Judged | None = None
        self.open: set[tuple[AgentId, AgentId]] = set()
        """Runs whose calls came, and not their end."""
        self.unscored: Counter[AgentId] = Counter()
        """Lines without a score, of this start: they are left out."""
        self.opposite: OppositeSide | None = None
        """The other side of the ranks; None: nobody asks for it."""

    @property
    def says(self) -> str:
        """What an alarm of an agent means."""
        return SAYS[self.monitor.settings.source]

    def take(
        self, seen: Observation, line: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Take an observation; return alarms, and what became of runs that were judged.

        Raises
        ------
        BadInput
            It cannot be: a run that did not start, a clock or a sequence number that goes back.
        """
        if self.implies:
            return self._take_implied(seen, line)
        if self._is_again(seen) or self._is_repeated(seen):
            self.counts["repeated"] += 1
            return [], []
        if seen.cut == "suspected":
            self.opposite = None  # the history has scores that no run had
        if self._lacks_score(seen):
            self._count_line(seen)
            self.counts["without a score"] += 1
            self.unscored[seen.agent] += 1
            return [], []
        if seen.what in NOTES:
            self._note(seen, line)
            self._count(seen)
            return [], []
        self._refuse_one_more(seen.agent)
        self.readings.check(seen.agent, seen.group)
        if self.reports is not None:
            return self._take_report(self.reports, seen, line)
        return self._take(seen, line)

    def take_many(self, rows: RowColumns, first: int, most_open: int | None = MOST_OPEN) -> Judged:
        """Take rows as `take` does one by one, all of them or none; they imply what they do.

        Parameters
        ----------
        rows : RowColumns
        first : int
            Number of the first.
        most_open : int or None
            Runs of a history that may be open or wait; None: any number.

        Raises
        ------
        RowRefused
            One of them cannot be; nothing was noted.
        """
        if goes_together(self, rows, most_open):
            return ManyRows(self, rows, first).judge()
        return self.take_in_turn(rows, first, most_open)

    def take_in_turn(self, rows: RowColumns, first: int, most_open: int | None) -> Judged:
        """Take rows as `take_many` does, one by one: the same bits, more slowly."""
        known, seen = (
            self._implied(most_open),
            [rows.observation(place) for place in range(len(rows))],
        )
        for place, one in enumerate(seen):
            try:
                known.check(one)
            except BadInput as error:
                raise RowRefused(place, str(error)) from None
        found, before = Judged(), self.counts["repeated"]
        self._counted = found
        for place, one in enumerate(seen):
            found.alarms += self.take(one, first + place)[0]
        self._counted = None
        found.again = self.counts["repeated"] - before
        return found

    def _implied(self, most_open: int | None) -> Implied:
        known = self.ended, self.ranking, self.readings, self.monitor, most_open
        return ImpliedReports(*known, reports=self.reports) if self.reports else Implied(*known)

    def _take_implied(
        self, seen: Observation, line: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        known = self._implied(None)
        if not known.check(seen):
            self.counts["repeated"] += 1
            if self.reports is not None and self.ended.score(seen.agent, seen.run) is not None:
                self.counts["reports of ended runs"] += 1
            return [], []
        if seen.what in NOTES:
            self._note(seen, line)
            self._count(seen)
            if seen.named:
                self.ended.end(seen.agent, noted_as(seen), 0)
            return [], []
        if self.reports is not None:
            return self._take_report(self.reports, known.whole(seen), line)
        found = self._take(known.whole(seen), line)
        if seen.what in (What.WHOLE, What.END):
            self.ended.end(seen.agent, seen.run, said_by(seen))
        return found

    def _is_again(self, seen: Observation) -> bool:
        """Return whether a line says what was said, and its run counts once."""
        if self.reports is None or seen.what in NOTES:
            if self.ranking is None:
                return is_end_again(seen, self.ended)
            return is_said_again(seen, self.ended, self.ranking)
        if self.ended.score(seen.agent, seen.run) is not None:
            self.counts["reports of ended runs"] += 1
            return True
        return not self._lacks_score(seen) and self.reports.is_repeated(seen)

    def _take_report(
        self, reports: ReportedRuns, seen: Observation, line: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Take what a reporter says of a run, and what that makes of the run."""
        found = reports.judged(seen)
        if found is None:
            self._count(seen)
            alarms, told = list[dict[str, Any]](), list[dict[str, Any]]()
        else:
            reports.voices.note(seen.agent, seen.run, reports.speakers(seen, found))
            alarms, told = self._take(found, line)
            reports.voices.forget(seen.agent, lambda: self._may_move(seen.agent))
        if reports.note(seen):
            self.counts["runs too few reported"] += 1
            if self.ranking is None:
                self.ended.end(seen.agent, seen.run, 0)
        return alarms, told

    def _may_move(self, agent: AgentId) -> set[AgentId]:
        """Return the runs that may have moved, or may yet move, an alarm of an agent."""
        waiting = set() if self.ranking is None else self.ranking.open_runs(agent)
        return waiting | self.moving.runs(agent)

    def _take(
        self, seen: Observation, line: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        if self.ranking is None:
            self._count(seen)
            self._note_call(seen)
            increments = list(seen.increments or ())
            run = RankedRun(seen.agent, seen.run, 0, 0, 0, increments)
            alarms, told = self._judged([run], seen, line)
            return alarms + self._fleet_alarms(1, line), told
        due = self._ranked(self.ranking, seen)
        self._count(seen)
        alarms, told = self._judged(due, seen, line)
        if due:
            alarms += self._fleet_alarms(len(due), line)
        if seen.what is What.SCORE and seen.score is not None:
            found = self.ranking.provisional(seen.agent, seen.run, seen.score)
            if found is not None:
                alarms += self._provisional(found, seen, line)
        return alarms, told

    def _ranked(self, ranking: RunRanking, seen: Observation) -> list[RankedRun]:
        at = ranking.clock(seen.agent) if seen.at is None else seen.at
        due = []
        if seen.what in (What.START, What.WHOLE) or seen.opens:
            # Where groups are only read, an agent's history is its own.
            is_read = self.readings.options is not None and self.readings.options.groups
            group = seen.group if ranking.settings.grouped else None
            if group != seen.group and not is_read:
                raise BadInput(
                    "group needs --groups (a history for each) or --group-agents (a reading)"
                )
            due += ranking.start(seen.agent, seen.run, at, group, seen.at_most)
        if seen.score is not None:
            if seen.what is What.SCORE:
                due += ranking.observe(seen.agent, seen.run, seen.score, at, seen.at_most)
            else:
                before = ranking.score(seen.agent, seen.run)
                due += ranking.finish(seen.agent, seen.run, seen.score, at, seen.cut, seen.at_most)
                if seen.named and (self.reports is not None or not self.implies):
                    score = seen.score if before is None else max(before, seen.score)
                    self.ended.end(seen.agent, seen.run, score)
        return due

    def _refuse_one_more(self, agent: AgentId) -> None:
        """Raise BadInput for an agent beyond the fleet, before anything is noted of its line."""
        enrolled = self.monitor.settings.enrolled
        if enrolled is not None and len(self.monitor) >= enrolled and not self.monitor.knows(agent):
            raise BadInput(
                f"agent {agent!r} is one more than the {enrolled:,} agents of the fleet; start "
                "again with a larger --agents, the state goes on"
            )

    def _note_call(self, seen: Observation) -> None:
        if seen.what is What.CALL:
            self.open.add((seen.agent, seen.run))
        elif seen.what is What.END:
            self.open.discard((seen.agent, seen.run))
            self.ended.end(seen.agent, seen.run, 0)

    def _lacks_score(self, seen: Observation) -> bool:
        """Return whether a line says of a run, or of an open one so far, that it has no score."""
        said = seen.what in (What.WHOLE, What.SCORE)
        return said and self.ranking is not None and seen.score is None

    def _count(self, seen: Observation) -> None:
        """Count a line that was taken; one that is refused leaves nothing and may be mended."""
        self._count_line(seen)
        if seen.what in NOTES:
            return
        self.readings.note(seen.agent, seen.group)
        self.counts["observations"] += 1
        if seen.at is None:
            self.counts["without a clock"] += 1

    def _count_line(self, seen: Observation) -> None:
        if seen.sequence is not None:
            highest = self.highest.get(seen.agent, seen.sequence - 1)
            self.counts["missing"] += seen.sequence - highest - 1
            self.highest[seen.agent] = seen.sequence
        elif not self.implies and (not seen.named or self.ranking is None):
            self.first.see(seen)

    def _judged(
        self, due: list[RankedRun], seen: Observation, line: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        alarms, told = [], []
        dropped = set[AgentId]()
        for run in due:
            if run.agent in dropped:  # ranked against a history that an alarm has dropped
                self.counts["runs dropped by a recalibration"] += 1
                continue
            self.counts["runs"] += 1
            alarms += self.run_alarm(run, seen, line, provisional=False)
            if run.increments is None:
                self.counts["runs of history alone"] += 1
                self._keep_count(run, None)
                continue
            if self.opposite is not None:
                self.opposite.note(run)
            before = self.monitor.statistic(run.agent)
            state = self.moving.before(self.monitor, run.agent)
            found = self.monitor.update([run.agent], [run.increments])
            statistic = int(found.statistic[0])
            self._keep_count(run, statistic)
            told.append(
                {
                    "observation": "observation",
                    **self._moved_line(run, seen, line, statistic, before),
                }
            )
            is_alarm = bool(len(found.alarms))
            alarms += self.noted(run, seen, line, state, before, statistic, is_alarm)
            recalibrates = self.monitor.settings.policy is Policy.RECALIBRATE
            if is_alarm and recalibrates and self.ranking:
                dropped |= self.ranking.sharing(run.agent)
                self._recalibrate(self.ranking, run.agent)
        return alarms, told

    def noted(
        self,
        run: RankedRun,
        seen: Observation,
        line: int,
        state: tuple[tuple[int, ...], int],
        before: int,
        statistic: int,
        is_alarm: bool,
    ) -> list[dict[str, Any]]:
        """Note a run that the monitor has taken; return the alarm of its agent, if it is one.

        Parameters
        ----------
        state : ((R_1 .. R_K), t)
            Before it; see `MovingRuns.before`.
        before, statistic : int
            T before and after it.
        """
        x, scored = run.increments or (), self._scored(run)
        self.moving.note(run.agent, run.run, x, state, statistic, scored)
        alarms = []
        if is_alarm:
            self.counts["alarms"] += 1
            moved = self._moved_line(run, seen, line, statistic, before)
            alarms.append(self._agent_alarm(run, moved, statistic, before))
            if self.monitor.settings.policy is not Policy.LATCH:
                self.moving.drop([run.agent])
        for kind in ("agent", "run"):
            self.told.discard((run.agent, run.run, kind))
        return alarms

    def _keep_count(self, run: RankedRun, statistic: int | None) -> None:
        """Keep a run that has counted for who asked for many."""
        if self._counted is not None:
            self._counted.agents.append(run.agent)
            self._counted.runs.append(run.run)
            self._counted.scores.append(run.score)
            self._counted.statistics.append(statistic)

    def _agent_alarm(
        self,
        run: RankedRun,
        moved: dict[str, Any],
        statistic: int,
        before: int,
        *,
        provisional: bool = False,
    ) -> dict[str, Any]:
        """Return the alarm of an agent, with all runs that moved it."""
        more = (run.run, run.increments or (), self._scored(run)) if provisional else None
        runs = self.moving.moved(run.agent, statistic, before, more)
        why = in_words(runs, statistic, self.monitor.settings.threshold)
        alarm = agent_alarm(moved, self.monitor.settings, self.promise)
        alarm = {**alarm, "moved_by": [one.as_json() for one in runs], "why": why}
        known = [(one.run, one.scored) for one in runs if one.scored is not None]
        if known:
            more_runs = len(runs) - len(known)
            alarm["scores"] = scores_of(known, self.low_is_suspect, more_runs)
        if self.reports is None:
            return alarm
        voices = self.reports.voices.of(run.agent, [one.run for one in runs])
        return {**alarm, "why": why + spoken(voices), "reporters": voices}

    def add_usual(self, alarm: dict[str, Any]) -> None:
        """Add to an alarm that has scores what is usual: its history as it is now."""
        scores = alarm.get("scores")
        past = None if self.ranking is None else self.ranking.past(alarm.get("agent"))
        usual = None if past is None else usual_of(past, self.low_is_suspect)
        if scores is None or usual is None:
            return
        words = f"of the {usual['runs']:,} runs of its history the middle one has {usual['median']}"
        says = f"{scores['says']}; {words}, nine in ten {usual['p5']} to {usual['p95']}"
        alarm["scores"] = {**scores, "usual": usual, "says": says}

    def _scored(self, run: RankedRun) -> Scored | None:
        return Scored(run.score, run.rank, run.ranks) if run.ranks else None

    def _moved_line(
        self, run: RankedRun, seen: Observation, line: int, now: int, before: int
    ) -> dict[str, Any]:
        return moved_line(run, seen, line, now, before, low_is_suspect=self.low_is_suspect)

    def _note(self, seen: Observation, line: int) -> None:
        """Take note of what the user says of an agent."""
        if self._counted is not None:
            self._counted.noted.append(line)
        if seen.what is What.RECALIBRATE and self.ranking is not None:
            self._recalibrate(self.ranking, seen.agent)
        recalibrates = seen.what is What.RECALIBRATE
        self.counts["recalibrated" if recalibrates else "acknowledged"] += 1
        if not self.monitor.knows(seen.agent):
            return
        renews = recalibrates or (seen.what is What.ACKNOWLEDGE and self._has_alarmed(seen.agent))
        self.monitor.acknowledge(seen.agent)
        if renews:
            self.monitor.renew(seen.agent)
            self.moving.drop([seen.agent])

    def _has_alarmed(self, agent: AgentId) -> bool:
        """Return whether evidence stands that an alarm of the agent has told, or would tell.

        One below 0 bits may stand in mode `once`, and renewed would be higher: it goes on.
        """
        now, threshold = self.monitor.state(agent), self.monitor.settings.threshold
        return now.statistic > 0 and (now.latched or now.statistic >= threshold)

    def _recalibrate(self, ranking: RunRanking, agent: AgentId) -> None:
        sharing = ranking.sharing(agent)
        ranking.recalibrate(agent)
        self.told = {one for one in self.told if one[0] not in sharing}

    def _provisional(self, run: RankedRun, seen: Observation, line: int) -> list[dict[str, Any]]:
        alarms = self.run_alarm(run, seen, line, provisional=True)
        if run.increments is None or (run.agent, run.run, "agent") in self.told:
            return alarms
        found = self.monitor.update([run.agent], [run.increments], commit=False)
        if not len(found.alarms):
            return alarms
        before = self.monitor.statistic(run.agent)
        return alarms + self.noted_open(run, seen, line, before, int(found.statistic[0]))

    def noted_open(
        self, run: RankedRun, seen: Observation, line: int, before: int, statistic: int
    ) -> list[dict[str, Any]]:
        """Note that an open run would alarm; return the alarm, unless it was said before."""
        key = run.agent, run.run, "agent"
        if key in self.told:
            return []
        self.told.add(key)
        self.counts["provisional alarms"] += 1
        moved = self._moved_line(run, seen, line, statistic, before)
        alarm = self._agent_alarm(run, moved, statistic, before, provisional=True)
        return [{**alarm, "provisional": True}]

    def run_alarm(
        self, run: RankedRun, seen: Observation, line: int, *, provisional: bool
    ) -> list[dict[str, Any]]:
        """Return the alarm of a run by itself, if its rank is one."""
        key = run.agent, run.run, "run"
        if (
            self.run_alpha is None
            or not run.ranks
            or Fraction(run.rank, run.ranks) > self.run_alpha
            or key in self.told
        ):
            return []
        if provisional:
            self.told.add(key)
        self.counts["run alarms"] += 1
        alarm = run_alarm(run, seen, line, self.monitor.settings, self.run_alpha)
        ranked = Scored(run.score, run.rank, run.ranks)
        alarm["scores"] = scores_of([(run.run, ranked)], self.low_is_suspect)
        if self.reports is not None:
            alarm["reporters"] = self.reports.voices.of(run.agent, [run.run])
        return [{**alarm, "provisional": provisional}]

    def _fleet_alarms(self, more: int, line: int) -> list[dict[str, Any]]:
        """Name agents, if a reading was due with the last runs: when does not depend on scores."""
        if not self.readings.due(self.counts["runs"], more):
            return []
        return self.read_fleet(line)

    def read_fleet(self, line: int) -> list[dict[str, Any]]:
        """Name the agents that do not behave, as a reading is due."""
        runs = self.counts["runs"]
        found = self.readings.alarms(self.monitor, line, runs, self.says)
        for one in found:
            self.counts[f"{one['alarm']} alarms"] += 1
        return found

    def _is_repeated(self, seen: Observation) -> bool:
        """Return whether a sequence number came before; BadInput if it goes back."""
        if seen.sequence is None:
            return False
        highest = self.highest.get(seen.agent)
        if highest is not None and seen.sequence < highest:
            raise BadInput(
                f"sequence number {seen.sequence} of agent {seen.agent!r} goes back from "
                f"{highest}; give lines in order, a lost one is counted as missing"
            )
        return seen.sequence == highest

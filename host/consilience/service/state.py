"""The state machine of a service: records in, verdicts out; the same records, the same bits."""

import hashlib
import time
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, NamedTuple

import msgspec

from consilience.errors import BadInput, ConsilienceError
from consilience.monitor.agent_index import AgentId
from consilience.monitor.budget import views_of
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.fleet_readings import FleetReadings
from consilience.monitor.growth import grown
from consilience.monitor.monitor import Monitor
from consilience.monitor.ranks_bytes import unpack_ranks
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.removal import remove_agent
from consilience.monitor.reported_runs import ReportedRuns
from consilience.monitor.row_columns import Judged, RowColumns
from consilience.monitor.watching import FleetWatch
from consilience.service.directory import Directory
from consilience.service.intake.columns import Columns, Event
from consilience.service.intake.spans import LoggedSpan
from consilience.service.scoring_model import scoring_model
from consilience.service.settings import ServiceSettings
from consilience.service.steps_seen import StepsSeen, Verdict
from consilience.service.store.observation_log import Kind, Record
from consilience.service.store.snapshots import Snapshot
from consilience.service.trace_runs import TraceRuns

__all__ = ["Applied", "ServiceState"]

_ALARM_KEYS = "agent", "run", "group", "named", "statistic_bits", "threshold_bits", "promise", \
    "source", "says", "why", "moved_by", "reporters", "scores"  # fmt: skip


_DIGEST_REST = 200
"""A digest is not worked out anew for so many times as long as it took."""


@dataclass(slots=True)
class Applied:
    """What a record did.

    Parameters
    ----------
    position : int
    at_ms : int
    accepted, duplicates, too_old : int
        Rows: taken; known before; so late that nobody knows.
    notes : int
        Those taken that are no word of an agent: what a user says of one.
    alarms : list of dict
        As the API gives them.
    judged : Judged
    acknowledged : list of (agent, number)
        Agents of which a user took note, and the last alarm that there was then.
    renewed : list
        Those of them whose history begins anew.
    removed : list
        Agents that were forgotten.
    """

    position: int
    at_ms: int
    accepted: int = 0
    duplicates: int = 0
    too_old: int = 0
    notes: int = 0
    alarms: list[dict[str, Any]] = field(default_factory=list)
    judged: Judged = field(default_factory=Judged)
    acknowledged: list[tuple[int | str, int]] = field(default_factory=list)
    renewed: list[int | str] = field(default_factory=list)
    removed: list[int | str] = field(default_factory=list)


class _Digest(NamedTuple):
    """A digest, of which position, and until when it will do."""

    digest: str
    position: int
    until: float


class ServiceState:
    """What a service knows of its fleet.

    One thread applies records; others read under `lock`, which is held for a record at a time.

    Parameters
    ----------
    settings : ServiceSettings
    seed : int
        u64, secret.
    snapshot : Snapshot or None
        What to go on from; None: nothing has happened.

    Raises
    ------
    BadInput
        The snapshot is of other options.
    """

    def __init__(
        self, settings: ServiceSettings, seed: int, snapshot: Snapshot | None = None
    ) -> None:
        options = settings.options
        self.settings, self.lock = settings, RLock()
        self.position = 0
        self.leaves = 0
        """Of the Merkle log, up to `position`."""
        self.notes: list[str] = []
        self._alarm_id = 0
        self._digest: _Digest | None = None
        self.steps, self.directory = StepsSeen(), Directory()
        self._columns = msgspec.msgpack.Decoder(Columns)
        self._spans = msgspec.msgpack.Decoder(list[LoggedSpan])
        key = options.key_of_runs(seed)
        monitor, ranking = Monitor(options.settings()), options.ranking(seed)
        ended: EndedRuns | RecentRuns = RecentRuns(key, settings.remembered)
        if snapshot is not None:
            monitor = Monitor.from_bytes(snapshot.parts["monitor"])
            before = snapshot.facts["options"]
            self.notes = grown(monitor, before, options, "--state", is_service=True)
            if ranking is not None:
                ranking.take_up(unpack_ranks(snapshot.parts["ranks"]))
            ended = RecentRuns.of_halves(snapshot.parts["ended"], key, settings.remembered)
        self.watch = FleetWatch(
            monitor,
            ranking,
            options.promise(monitor.settings),
            ended,
            options.alpha_of_runs(),
            FleetReadings(options.readings()),
            None if (asked := options.of_reports()) is None else ReportedRuns(asked),
            implies=True,
            low_is_suspect=options.low_is_suspect,
        )
        self.reporters: dict[int | str, int] = {}
        """Those that have spoken, and when last, ms UTC."""
        self.traces: TraceRuns | None = None
        self._model = ""
        if settings.model is not None:
            fitted, self._model = scoring_model(settings.model)
            self.traces = TraceRuns(fitted, key, settings.remembered)
        self.views = views_of(options, monitor.settings, self.watch.promise)
        if snapshot is not None:
            self._take_up(snapshot)

    def apply(self, record: Record) -> Applied:
        """Take a record.

        Raises
        ------
        RowRefused
            A row of it cannot be: none was taken, and the record is done with all the same.
        """
        with self.lock:
            self.position = record.position
            if record.kind in (Kind.OBSERVATIONS, Kind.NOTES):
                return self._observed(self._columns.decode(record.payload), record)
            if record.kind == Kind.REMOVE:
                return self._removed(msgspec.msgpack.decode(record.payload), record)
            if record.kind not in (Kind.SPANS, Kind.IDLE):
                raise ConsilienceError(
                    f"the log has a record of kind {record.kind}, which this program does not "
                    "know; update it"
                )
            assert self.traces is not None, "the log has traces, so there was a model"
            if record.kind == Kind.SPANS:
                return self._traced(self.traces, self._spans.decode(record.payload), record)
            names = msgspec.msgpack.decode(record.payload, type=list[str])
            return self._judged(self.traces.end(names), record)

    def snapshot(self) -> Snapshot:
        """Return all of it."""
        with self.lock:
            watch = self.watch
            facts = {
                "options": self.settings.as_facts(),
                "position": self.position,
                "alarm_id": self._alarm_id,
                "leaves": self.leaves,
                "counts": dict(sorted(watch.counts.items())),
                "told": sorted(watch.told, key=repr),
                "groups": watch.readings.facts,
                "moving": watch.moving.facts,
                "moving_scores": watch.moving.scores,
                "steps": self.steps.facts,
                "directory": self.directory.facts,
                "numbers": self.directory.numbers,
                "model": self._model,
                "traces": [] if self.traces is None else self.traces.facts,
            }
            if watch.reports is not None:
                facts["reports"] = watch.reports.facts
                facts["reporters"] = list(self.reporters.items())
            ranks = b"" if watch.ranking is None else bytes(watch.ranking)
            parts = {
                "monitor": bytes(watch.monitor),
                "ranks": ranks,
                "ended": bytes(watch.ended),
                "traces": b"" if self.traces is None else bytes(self.traces),
            }
            return Snapshot(facts, parts)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes of monitor, ranks and runs that have ended."""
        parts = self.snapshot().parts
        found = hashlib.sha256()
        for name in sorted(parts):
            found.update(hashlib.sha256(parts[name]).digest())
        return found.hexdigest()

    def recent_digest(self) -> tuple[str, int]:
        """Return a digest, and the position that it is of.

        It is of now unless it was worked out a moment ago, a moment being long where it takes long:
        who asks again and again does not stop the service.
        """
        with self.lock:
            kept, begun = self._digest, time.monotonic()
            if kept is not None and (kept.position == self.position or begun < kept.until):
                return kept.digest, kept.position
            digest = self.digest
            now = time.monotonic()
            until = now + _DIGEST_REST * (now - begun)
            self._digest = _Digest(digest, self.position, until)
            return digest, self.position

    def _take_up(self, snapshot: Snapshot) -> None:
        watch, facts = self.watch, snapshot.facts
        before = facts["model"]
        if before and before != self._model:
            raise BadInput(
                "the state has scores of another --model, which are no history of this one; give "
                "the same, or begin anew with another --state"
            )
        if self.traces is not None and before:
            self.traces.restore(facts["traces"], snapshot.parts["traces"])
        self.position, self._alarm_id = facts["position"], facts["alarm_id"]
        self.leaves = facts.get("leaves", 0)
        watch.counts.update(facts["counts"])
        watch.told = {(agent, run, kind) for agent, run, kind in facts["told"]}
        watch.readings.restore(facts["groups"])
        watch.moving.restore(facts["moving"], facts.get("moving_scores", []))
        self.steps.restore(facts["steps"])
        self.directory.restore(facts["directory"], facts.get("numbers"))
        if watch.reports is not None:
            watch.reports.restore(facts["reports"])
            self.reporters = dict(facts["reporters"])

    def _observed(self, rows: Columns, record: Record) -> Applied:
        done = Applied(record.position, record.at_ms)
        fresh, changed = self._fresh(rows, done)
        watch, kept = self.watch, rows.taken(fresh)
        first = watch.counts["lines"]
        found = watch.take_many(kept.rows(first, record.at_ms), first)
        if changed or len(self.steps):
            ended: list[tuple[AgentId, AgentId]] = [
                (agent, run)
                for agent, run, event in zip(kept.agents, kept.runs, kept.events, strict=True)
                if event in (Event.RUN, Event.END) and run is not None
            ]
            ended += zip(found.agents, found.runs, strict=True)  # a deadline ends runs, too
            self.steps.commit(changed, ended)
        watch.counts["lines"] += len(kept)
        done.duplicates += found.again
        done.accepted = len(kept) - found.again
        self.directory.hear(rows.heard, record.at_ms)
        self.reporters |= {one: record.at_ms for one in rows.reporters or () if one is not None}
        self.directory.count(found.agents)
        done.judged = found
        if kept.are_runs:
            done.alarms = [self._alarm(alarm, record.at_ms) for alarm in found.alarms]
        else:
            self._say(done, found, kept, first)
        return done

    def _traced(self, traces: TraceRuns, spans: list[LoggedSpan], record: Record) -> Applied:
        found = traces.take(spans, record.position)
        done = self._judged(found.rows, record)
        done.accepted, done.duplicates, done.too_old = found.fresh, found.again, found.dropped
        return done

    def _removed(self, agent: int | str, record: Record) -> Applied:
        if agent not in self.directory:
            raise BadInput(f"agent {agent!r} was not heard; GET /v1/agents lists those that were")
        remove_agent(self.watch, agent)
        self.steps.forget(agent)
        self.directory.remove(agent)
        done = Applied(record.position, record.at_ms, accepted=1, notes=1)
        done.removed.append(agent)
        done.acknowledged.append((agent, self._alarm_id))
        return done

    def _judged(self, rows: RowColumns, record: Record) -> Applied:
        """Judge the scores of traces."""
        done = Applied(record.position, record.at_ms)
        if not len(rows):
            return done
        if self.settings.options.deadline is not None:
            rows.at = [record.at_ms] * len(rows)
        first = self.watch.counts["lines"]
        self.watch.counts["lines"] += len(rows)
        # Spans are noted already: a trace that is idle ends, so that few are open.
        done.judged = self.watch.take_many(rows, first, most_open=None)
        agents = [one for one in rows.agents if not isinstance(one, bytes)]
        if record.kind == Kind.IDLE:  # a clock ended them: none of them was heard
            agents = [one for one in agents if one not in self.directory]
        self.directory.hear(agents, record.at_ms)
        self.directory.count(done.judged.agents)
        done.alarms = [self._alarm(alarm, record.at_ms) for alarm in done.judged.alarms]
        return done

    def _fresh(self, rows: Columns, done: Applied) -> tuple[list[int] | None, dict[Any, Any]]:
        """Return the rows whose steps have not come, None: all; and what to note of steps."""
        if not rows.have_steps:
            return None, {}
        verdicts, changed = self.steps.judged(rows.agents, rows.runs, rows.steps)
        done.too_old = verdicts.count(Verdict.TOO_OLD)
        done.duplicates = verdicts.count(Verdict.SEEN)
        if not done.too_old and not done.duplicates:
            return None, changed
        return [place for place, one in enumerate(verdicts) if one == Verdict.FRESH], changed

    def _say(self, done: Applied, found: Judged, rows: Columns, first: int) -> None:
        """Number alarms, and note of which agents a user took note, in the order of rows."""
        place, alarms = 0, found.alarms
        for line in found.noted:
            while place < len(alarms) and alarms[place]["line"] <= line:
                done.alarms.append(self._alarm(alarms[place], done.at_ms))
                place += 1
            agent, event = rows.agents[line - first], rows.events[line - first]
            entry = self.directory[agent]
            entry.acknowledged = entry.alarmed_ms is not None or entry.acknowledged
            entry.alarmed_ms = None
            done.acknowledged.append((agent, self._alarm_id))
            done.notes += 1
            if event == Event.RECALIBRATE:
                done.renewed.append(agent)
        done.alarms += [self._alarm(alarm, done.at_ms) for alarm in alarms[place:]]

    def _alarm(self, alarm: dict[str, Any], now: int) -> dict[str, Any]:
        """Return an alarm with its number, as the API gives it."""
        self._alarm_id += 1
        self.watch.add_usual(alarm)
        agent = alarm.get("agent")
        if agent is not None:
            entry = self.directory[agent]
            entry.alarmed_ms = now if entry.alarmed_ms is None else entry.alarmed_ms
            entry.acknowledged = False
        made = {
            "id": self._alarm_id,
            "at_ms": now,
            "position": self.position,
            "kind": alarm["alarm"],
            "provisional": alarm.get("provisional", False),
        }
        made |= {name: alarm[name] for name in _ALARM_KEYS if name in alarm}
        return {**made, "acknowledged_ms": None}

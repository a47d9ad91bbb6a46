"""The state machine of a service: records in, verdicts out; the same records, the same bits."""

import hashlib
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import msgspec

from consilience.monitor.budget import views_of
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.fleet_readings import FleetReadings
from consilience.monitor.growth import grown
from consilience.monitor.monitor import Monitor
from consilience.monitor.observation import Observation, What
from consilience.monitor.ranks_bytes import unpack_ranks
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.watching import FleetWatch
from consilience.service.directory import Directory
from consilience.service.intake.columns import Columns, Event
from consilience.service.settings import ServiceSettings
from consilience.service.steps_seen import StepsSeen, Verdict
from consilience.service.store.observation_log import Kind, Record
from consilience.service.store.snapshots import Snapshot

__all__ = ["Applied", "Point", "ServiceState"]

_ALARM_KEYS = "agent", "run", "group", "named", "statistic_bits", "threshold_bits", "promise", \
    "source", "says", "why", "moved_by"  # fmt: skip
_BIT = 65536
_LOG_OF_ZERO = -(1 << 31)


@dataclass(slots=True)
class Point:
    """A run that has counted: a point of its agent's history.

    Parameters
    ----------
    agent, run : int or str
    at_ms : int
    statistic_bits : float or None
        None: among the first runs, which are not judged.
    score : float or None
    """

    agent: int | str
    run: int | str
    at_ms: int
    statistic_bits: float | None
    score: float | None


@dataclass(slots=True)
class Applied:
    """What a record did.

    Parameters
    ----------
    position : int
    at_ms : int
    accepted, duplicates, too_old : int
        Rows: taken; known before; so late that nobody knows.
    alarms : list of dict
        As the API gives them.
    points : list of Point
    acknowledged : list of (agent, number)
        Agents of which a user took note, and the last alarm that there was then.
    renewed : list
        Those of them whose history begins anew.
    """

    position: int
    at_ms: int
    accepted: int = 0
    duplicates: int = 0
    too_old: int = 0
    alarms: list[dict[str, Any]] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    acknowledged: list[tuple[int | str, int]] = field(default_factory=list)
    renewed: list[int | str] = field(default_factory=list)


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
        self.notes: list[str] = []
        self._alarm_id = 0
        self.steps, self.directory = StepsSeen(), Directory()
        self._columns = msgspec.msgpack.Decoder(Columns)
        key = options.key_of_runs(seed)
        monitor, ranking = Monitor(options.settings()), options.ranking(seed)
        ended: EndedRuns | RecentRuns = RecentRuns(key, settings.remembered)
        if snapshot is not None:
            monitor = Monitor.from_bytes(snapshot.parts["monitor"])
            self.notes = grown(monitor, snapshot.facts["options"], options, "the state")
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
            implies=True,
        )
        self.views = views_of(options, monitor.settings, self.watch.promise)
        if snapshot is not None:
            self._take_up(snapshot.facts)

    def apply(self, record: Record) -> Applied:
        """Take a record.

        Raises
        ------
        RowRefused
            A row of it cannot be: none was taken, and the record is done with all the same.
        """
        with self.lock:
            self.position = record.position
            if record.kind == Kind.OBSERVATIONS:
                return self._observed(self._columns.decode(record.payload), record)
            raise AssertionError(f"a record of kind {record.kind}")

    def snapshot(self) -> Snapshot:
        """Return all of it."""
        with self.lock:
            watch = self.watch
            facts = {
                "options": self.settings.as_facts(),
                "position": self.position,
                "alarm_id": self._alarm_id,
                "counts": dict(sorted(watch.counts.items())),
                "told": sorted(watch.told, key=repr),
                "groups": watch.readings.facts,
                "moving": watch.moving.facts,
                "steps": self.steps.facts,
                "directory": self.directory.facts,
            }
            ranks = b"" if watch.ranking is None else bytes(watch.ranking)
            parts = {"monitor": bytes(watch.monitor), "ranks": ranks, "ended": bytes(watch.ended)}
            return Snapshot(facts, parts)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes of monitor, ranks and runs that have ended."""
        parts = self.snapshot().parts
        found = hashlib.sha256()
        for name in sorted(parts):
            found.update(hashlib.sha256(parts[name]).digest())
        return found.hexdigest()

    def _take_up(self, facts: dict[str, Any]) -> None:
        watch = self.watch
        self.position, self._alarm_id = facts["position"], facts["alarm_id"]
        watch.counts.update(facts["counts"])
        watch.told = {(agent, run, kind) for agent, run, kind in facts["told"]}
        watch.readings.restore(facts["groups"])
        watch.moving.restore(facts["moving"])
        self.steps.restore(facts["steps"])
        self.directory.restore(facts["directory"])

    def _observed(self, rows: Columns, record: Record) -> Applied:
        done = Applied(record.position, record.at_ms)
        named = [
            ((agent, run), step) if run is not None else ((agent, ""), None)
            for agent, run, step in zip(rows.agents, rows.runs, rows.steps, strict=True)
        ]
        verdicts, changed = self.steps.judged(named)
        fresh = [place for place, one in enumerate(verdicts) if one == Verdict.FRESH]
        done.too_old = verdicts.count(Verdict.TOO_OLD)
        done.duplicates = verdicts.count(Verdict.SEEN)
        first = self.watch.counts["lines"]
        seen = [
            rows.observation(place, first + order, record.at_ms)
            for order, place in enumerate(fresh)
        ]
        before = self.watch.counts["repeated"]
        found = self.watch.take_many(seen, first)
        ended = [named[place][0] for place in fresh if rows.events[place] in (Event.RUN, Event.END)]
        self.steps.commit(changed, ended)
        self.watch.counts["lines"] += len(seen)
        again = self.watch.counts["repeated"] - before
        done.duplicates += again
        done.accepted = len(seen) - again
        self.directory.hear(dict.fromkeys(rows.agents), record.at_ms)
        for one, (alarms, judged) in zip(seen, found, strict=True):
            for alarm in alarms:
                done.alarms.append(self._alarm(alarm, record.at_ms))
            for point in judged:
                self._note_point(done, point, record.at_ms)
            if one.what.value in ("acknowledge", "recalibrate"):
                self._note_user(done, one)
        return done

    def _note_point(self, done: Applied, judged: dict[str, Any], now: int) -> None:
        self.directory[judged["agent"]].runs += 1
        score = judged["moved"].get("score")
        bits = judged["statistic_bits"]
        done.points.append(Point(judged["agent"], judged["run"], now, bits, score))

    def _note_user(self, done: Applied, seen: Observation) -> None:
        agent = seen.agent
        assert not isinstance(agent, bytes)
        entry = self.directory[agent]
        entry.acknowledged = entry.alarmed_ms is not None or entry.acknowledged
        entry.alarmed_ms = None
        done.acknowledged.append((agent, self._alarm_id))
        if seen.what is What.RECALIBRATE:
            done.renewed.append(agent)

    def _alarm(self, alarm: dict[str, Any], now: int) -> dict[str, Any]:
        """Return an alarm with its number, as the API gives it."""
        self._alarm_id += 1
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

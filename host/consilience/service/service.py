"""A service put together: its folder, its state as it was, and the engine that goes on with it."""

import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.monitor.alarm_scores import as_sent
from consilience.service.alerts.alerting import Alerting
from consilience.service.alerts.target import Target
from consilience.service.backends import Backends
from consilience.service.engine import Engine
from consilience.service.keeper import Keeper
from consilience.service.retention import Retention
from consilience.service.settings import ServiceSettings
from consilience.service.state import ServiceState
from consilience.service.store.database import Database
from consilience.service.store.folder import Sizes, StateFolder
from consilience.service.store.observation_log import ObservationLog
from consilience.service.store.snapshots import Snapshots
from consilience.service.verdict_log.leaves import begin_leaf
from consilience.service.verdict_log.verdict_log import VerdictLog

__all__ = ["Service"]

_log = logging.getLogger(__name__)

Targets = Callable[[str], Sequence[Target]]


def _nobody(_deployment: str) -> Sequence[Target]:
    return ()


class Service(Closes):
    """What answers requests, without the HTTP.

    Parameters
    ----------
    settings : ServiceSettings
    path : Path or None
        The folder of the state; None with `volatile` alone.
    targets : callable
        Returns who is told of alarms, of a deployment; they are closed with the service.

    Attributes
    ----------
    deployment : str
    engine : Engine
    state : ServiceState
    database : Database
    backends : Backends
    alerting : Alerting
    retention : Retention
    verdicts : VerdictLog or None
        The Merkle log; None of a service that keeps nothing.

    Raises
    ------
    BadInput
        Options that cannot be, or others than those of the state; a folder that cannot be used.
    """

    def __init__(
        self, settings: ServiceSettings, path: Path | None, targets: Targets = _nobody
    ) -> None:
        if (path is None) != settings.volatile:
            raise BadInput("give --state DIR, where all is kept, or --volatile: nothing is")
        self.settings = settings
        self._folder = StateFolder(path) if path else None
        self._log: ObservationLog | None = None
        self._databases: list[Database] = []
        self._is_closed = False
        self.backends = Backends(settings.devices)
        try:
            self._open(targets)
        except BaseException:
            self._close_files()
            raise

    def status(self) -> dict[str, Any]:
        """Return who it is and what it has done, as the API gives it."""
        watch = self.state.watch
        with self.state.lock:
            return {
                "deployment": self.deployment,
                "position": self.state.position,
                "agents": len(self.state.directory),
                "observations": watch.counts["observations"],
                "runs": watch.counts["runs"],
                "repeated": watch.counts["repeated"],
                "waiting": self.engine.waiting,
                "syncs": self.engine.syncs,
                "promise": watch.promise,
                "source": watch.monitor.settings.source.name.lower(),
                "threshold_bits": round(watch.monitor.settings.threshold / 65536, 4),
                "devices": sorted(self.settings.devices),
                "volatile": self.settings.volatile,
            }

    def history(self, agent: int | str) -> list[dict[str, Any]]:
        """Return the last runs of an agent, in their order, as the API gives them."""
        low = self.settings.options.low_is_suspect
        return [
            {**one, "score": as_sent(round(one["score"] * 65536), low)}
            for one in self._keeper.points.of(agent)
        ]

    def sizes(self) -> Sizes | None:
        """Return how large the state is on the disk; None where nothing is kept."""
        return None if self._folder is None else self._folder.sizes()

    def each_turn(self, call: Callable[[], None]) -> None:
        """Let a function be called about once a second, in a thread of the service."""
        self._keeper.each_turn(call)

    def close(self) -> None:
        """Judge what waits, write a snapshot, and let the folder go.

        What fails, as on a full disk, is said, and the rest is done: what was answered is in the
        log, and the next start brings what lacks.
        """
        if self._is_closed:
            return
        self._is_closed = True
        for part in (self.engine, self.backends, self.alerting, self._keeper):
            _ended(type(part).__name__.lower(), part.close)
        if self.engine.failure is None:
            _ended("the last snapshot", self._keeper.write_snapshot)
        else:
            _ended("histories", self._keeper.points.flush)
        self._close_files()

    def _open(self, targets: Targets) -> None:
        folder = self._folder
        seed = secrets.randbits(64) if folder is None else folder.seed
        self.deployment = secrets.token_hex(16) if folder is None else folder.deployment
        snapshot, snapshots = None, None
        if folder is not None:
            snapshots = Snapshots(folder.part("snapshots"))
            snapshot = snapshots.newest()
            self._log = ObservationLog(folder.part("log"))
        self.state = ServiceState(self.settings, seed, snapshot)
        self.database = self._opened("service.db")
        # A file of its own: alarms do not wait for the histories of many agents.
        histories = self._opened("history.db")
        self._keeper = Keeper(self.state, self._log, histories, snapshots)
        self.verdicts = None
        if folder is not None:
            facts, position = self.settings.as_facts(), self.state.position
            begins = begin_leaf(self.deployment, position, facts, seed)
            self.verdicts = VerdictLog(folder.path, self.deployment, begins, self.state.leaves)
            self.state.leaves = self.verdicts.next
            self._keeper.before_adopting(self.verdicts.flush)
        if snapshot is None:
            self._keeper.write_snapshot()  # so that other options are noticed from now on
        self.engine = Engine(self.state, self._log, self.database, self._keeper, self.verdicts)
        self._keeper.after_replay()
        self._keeper.each_turn(self.engine.end_idle)
        try:
            alerts = None if folder is None else folder.path / "alerts.db"
            told, kept_ms = targets(self.deployment), self.settings.kept_alarms_ms
            self.alerting = Alerting(alerts, self.engine, told, self.deployment, kept_ms)
            self.retention = Retention(self.database, self.alerting.dispatcher.untold, kept_ms)
            self._keeper.each_turn(self.retention.turn)
        except BaseException:
            self.engine.close()
            self._keeper.close()
            raise

    def _opened(self, name: str) -> Database:
        made = Database(None if self._folder is None else self._folder.path / name)
        self._databases.append(made)
        return made

    def _close_files(self) -> None:
        for one in (self._log, *self._databases, self._folder):
            if one is not None:
                _ended("a file", one.close)


def _ended(what: str, end: Callable[[], None]) -> None:
    try:
        end()
    except Exception as error:
        _log.error(
            "%s could not be finished (%s: %s): nothing that was answered is lost, and the next "
            "start does the rest from the log; make room on the disk", what,
            type(error).__name__, error
        )  # fmt: skip

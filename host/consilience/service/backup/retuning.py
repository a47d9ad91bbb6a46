"""A state directory made of another, with another rate of false alarms: histories stay."""

import contextlib
import secrets
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from consilience.errors import BadInput
from consilience.evidence.atomic_file import naming, write_file
from consilience.monitor.monitor import Monitor
from consilience.monitor.watch_options import WatchOptions
from consilience.service.backup.restoring import state_being_made
from consilience.service.store.folder import StateFolder
from consilience.service.store.full_disk import told_if_full
from consilience.service.store.observation_log import ObservationLog
from consilience.service.store.snapshots import Snapshot, Snapshots

__all__ = ["RATES", "Retuned", "retune"]

RATES = "arl", "false_alarm", "threshold_bits", "false_alarms_per_day"
"""The options of which one says how rare a false alarm is."""

_COPIED = "history.db", "access.db"


class Retuned(NamedTuple):
    """What was made.

    Parameters
    ----------
    position : int
        Of the last record that the histories have.
    agents : int
    before_bits, threshold_bits : float
        The threshold of the old state, and of the new one.
    """

    position: int
    agents: int
    before_bits: float
    threshold_bits: float


def retune(state: Path, made: Path, changes: dict[str, Any]) -> Retuned:
    """Make a state directory of that of a service that has ended, under other options.

    Histories of scores, open runs, runs that have ended, the seed of ties and tokens are those of
    the old one, which stays as it is. Statistics begin anew, so that the new promise holds from
    here on: no run counts for an alarm under two thresholds. Alarms, what was told of them and the
    log of verdicts stay with the old one; a new log begins behind its last record.

    Parameters
    ----------
    state : Path
    made : Path
        Empty, or not there yet.
    changes : dict
        Options of `WatchOptions` that are others: one of `RATES`, `agents`, `runs_per_day`,
        `policy`.

    Raises
    ------
    BadInput
        A service has the state, or did not end in order; options that cannot be; the new folder
        is not empty.
    """
    if not (state / "deployment").is_file():
        raise BadInput(f"{state}: is no state directory of a service; give that of its --state")
    with StateFolder(state) as folder:
        snapshot = _whole(folder)
        before = dict(snapshot.facts["options"])
        if any(name in changes for name in RATES):
            before |= dict.fromkeys(RATES)
        facts = before | changes
        options = WatchOptions(**{name: one for name, one in facts.items() if name != "source"})
        known = len(snapshot.facts["directory"])
        if options.agents is not None and options.agents < known:
            raise BadInput(f"--agents {options.agents}: {known:,} agents were heard; give as many")
        old = Monitor.from_bytes(snapshot.parts["monitor"]).settings
        wanted = options.settings()
        settings = replace(
            old, threshold=wanted.threshold, policy=wanted.policy, enrolled=wanted.enrolled
        )
        snapshot.parts["monitor"] = bytes(Monitor(settings))
        snapshot.facts |= {"options": facts, "leaves": 0, "told": [], "moving": []}
        snapshot.facts["moving_scores"] = []
        for entry in snapshot.facts["directory"]:
            entry[4], entry[5] = None, False  # no alarm stands, none was acknowledged
        with state_being_made(made), naming(made):
            _write(folder, snapshot, made)
    return Retuned(
        snapshot.facts["position"], known, old.threshold / 65536, settings.threshold / 65536
    )


def _whole(folder: StateFolder) -> Snapshot:
    """Return the snapshot that has all that the log has."""
    snapshot = Snapshots(folder.part("snapshots")).newest()
    if snapshot is not None:
        with ObservationLog(folder.part("log")) as log:
            if next(log.replay(snapshot.facts["position"]), None) is None:
                return snapshot
    raise BadInput(
        f"{folder.path}: the service did not end in order; start it as it was, end it with SIGTERM "
        "or Ctrl-C, and do this again"
    )


def _write(folder: StateFolder, snapshot: Snapshot, made: Path) -> None:
    for name, text in (
        ("seed", (folder.path / "seed").read_text()),
        ("deployment", f"{secrets.token_hex(16)}\n"),
    ):
        write_file(made / name, text)
        (made / name).chmod(0o600)
    for name in _COPIED:
        if (folder.path / name).is_file():
            with (
                told_if_full(f"{made / name}: the disk"),
                contextlib.closing(sqlite3.connect(folder.path / name)) as read,
                contextlib.closing(sqlite3.connect(made / name)) as written,
            ):
                read.backup(written)
            (made / name).chmod(0o600)
    (made / "snapshots").mkdir(mode=0o700)
    snapshots = Snapshots(made / "snapshots")
    snapshots.stage(snapshot.facts["position"], bytes(snapshot))
    snapshots.adopt()

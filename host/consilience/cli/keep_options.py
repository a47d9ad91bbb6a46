"""The options that say how much a service keeps, and when it makes room."""

from typing import Annotated, NamedTuple

import typer

__all__ = [
    "HistoryOption",
    "IdleMinutesOption",
    "KeepAlarmsOption",
    "KeepOption",
    "KeepOptions",
    "RememberOption",
    "SnapshotOption",
]

_KEEPING = "What a service keeps (--http)"
_MIB = 1 << 20

KeepOption = Annotated[
    int,
    typer.Option(
        "--keep",
        min=0,
        metavar="MIB",
        help="Of the log before the last snapshots, beyond what recovery needs.",
        rich_help_panel=_KEEPING,
    ),
]

HistoryOption = Annotated[
    int,
    typer.Option(
        "--history",
        min=1,
        metavar="RUNS",
        help="Runs of an agent that GET /v1/agents/ID shows.",
        rich_help_panel=_KEEPING,
    ),
]

KeepAlarmsOption = Annotated[
    int,
    typer.Option(
        "--keep-alarms-days",
        min=1,
        metavar="DAYS",
        help="Alarms that were acknowledged so long ago are removed; those that stand never are.",
        rich_help_panel=_KEEPING,
    ),
]

RememberOption = Annotated[
    int,
    typer.Option(
        "--remember",
        min=2,
        metavar="RUNS",
        help="Of the runs that ended last, at least half as many are told from new ones; about 50 "
        "bytes each.",
        rich_help_panel=_KEEPING,
    ),
]

SnapshotOption = Annotated[
    int,
    typer.Option(
        "--snapshot-every",
        min=1,
        metavar="MIB",
        help="A snapshot after so much log: a start reads that much at most.",
        rich_help_panel=_KEEPING,
    ),
]

IdleMinutesOption = Annotated[
    int,
    typer.Option(
        "--idle-minutes",
        min=1,
        metavar="N",
        help="A run of traces ends when no new span has come for so long.",
        rich_help_panel=_KEEPING,
    ),
]


class KeepOptions(NamedTuple):
    """What a service keeps; see `ServiceSettings`."""

    keep: int = 1024
    history: int = 1000
    remember: int = 2_000_000
    snapshot_every: int = 64
    idle_minutes: int = 10
    keep_alarms_days: int = 365

    def as_settings(self) -> dict[str, int]:
        """Return the settings of a service."""
        return {
            "kept_bytes": self.keep * _MIB,
            "kept_points": self.history,
            "remembered": self.remember,
            "snapshot_bytes": self.snapshot_every * _MIB,
            "kept_alarms_ms": self.keep_alarms_days * 86_400_000,
            "idle_ms": self.idle_minutes * 60_000,
        }

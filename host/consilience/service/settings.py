"""What a service was started with: the promise, the source of evidence, devices, limits."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.source_file import ModelSource
from consilience.monitor.watch_options import WatchOptions

__all__ = ["ServiceSettings"]


@dataclass(frozen=True)
class ServiceSettings:
    """How a service judges, and what it keeps.

    Parameters
    ----------
    options : WatchOptions
        The promise and the ranks, as `consilience monitor` has them.
    model : Path or None
        A file of `consilience fit` that scores runs of traces; None: traces are refused.
    devices : dict of str to str
        URLs of devices by the names that requests use.
    volatile : bool
        Nothing is kept: every answer says so.
    remembered : int
        Runs that have ended and are told from new ones.
    kept_points : int
        Runs of an agent in its history; older ones are removed.
    kept_bytes : int
        Of the log before the newest snapshot: for audits; 0 keeps what recovery needs alone.
    snapshot_bytes : int
        So many bytes of log after a snapshot, and the next one is written.
    kept_alarms_ms : int
        Alarms that were acknowledged so long ago are removed, with what was told of them.
    idle_ms : int
        A run of traces without a new span for so long has ended.

    Raises
    ------
    BadInput
        Options that a service cannot keep to.
    """

    options: WatchOptions
    model: Path | None = None
    devices: dict[str, str] = field(default_factory=dict)
    volatile: bool = False
    remembered: int = 2_000_000
    kept_points: int = 1_000
    kept_bytes: int = 1 << 30
    snapshot_bytes: int = 64 << 20
    kept_alarms_ms: int = 365 * 86_400_000
    idle_ms: int = 600_000

    def __post_init__(self) -> None:
        if self.options.of_reports() is not None and self.model is not None:
            raise BadInput(
                "--model scores traces, which no reporter vouches for; leave --model or --faulty "
                "out"
            )
        if isinstance(self.options.source, ModelSource):
            raise BadInput(
                "a model of good behaviour (p0) is of `consilience monitor`; give --model a file "
                "of `consilience fit`"
            )
        if self.remembered < 2:
            raise BadInput(f"--remember {self.remembered}: 2 runs or more")
        self.options.settings()

    def as_facts(self) -> dict[str, Any]:
        """Return what the state depends on, as JSON holds it."""
        return self.options.as_facts()

"""Which options may be others when a state goes on: what makes alarms rarer, or only reads."""

from typing import Any

from consilience.errors import BadInput
from consilience.monitor.monitor import Monitor
from consilience.monitor.watch_options import WatchOptions

__all__ = ["grown"]

_MAY_CHANGE = {"agents", "fleet_alpha", "fleet_every", "group_agents"}


_RETUNED = {
    "arl",
    "false_alarm",
    "threshold_bits",
    "false_alarms_per_day",
    "runs_per_day",
    "policy",
}
_RETUNE = "; `consilience service retune` makes one of this that keeps the histories"


def grown(
    monitor: Monitor,
    before: dict[str, Any],
    options: WatchOptions,
    where: str,
    *,
    is_service: bool = False,
) -> list[str]:
    """Let a monitor go on under options; return what changes, in words.

    The fleet may grow: its size is fixed before each reading, and a threshold for more agents is
    higher. How it is read may change: each reading has a promise of its own.

    Parameters
    ----------
    monitor : Monitor
        As it was; enrols more.
    before : dict
        The options of the state, as JSON holds them.
    options : WatchOptions
    where : str
        The state, for the error.
    is_service : bool
        The state is of a service, which can be made one of another rate.

    Raises
    ------
    BadInput
        Other options have changed, or the fleet would shrink; nothing changed.
    """
    now = options.as_facts()
    changed = [name for name in now if before.get(name) != now[name]]
    fixed = [name for name in changed if name not in _MAY_CHANGE]
    if fixed:
        tuned = is_service and _RETUNED.issuperset(fixed)
        old = ", ".join(f"{name} was {before.get(name)}" for name in fixed)
        raise BadInput(
            f"{where}: the state is of other options ({', '.join(fixed)}); give the same ({old}), "
            f"or begin anew with another --state{_RETUNE if tuned else ''}"
        )
    notes = []
    settings = options.settings()
    if "agents" in changed:
        was = monitor.settings.enrolled
        if was is not None and (settings.enrolled or 0) < was:
            raise BadInput(
                f"{where}: {was:,} agents are enrolled, and a fleet may only grow, as who leaves "
                f"it could be chosen by what it did; give --agents {was} or more"
            )
        if settings.enrolled is not None:
            bits = monitor.settings.threshold / 65536
            monitor.enrol(settings.enrolled, settings.threshold)
            notes.append(
                f"note: the fleet has {settings.enrolled:,} agents from here on; the threshold is "
                f"{settings.threshold / 65536:.2f} bits ({bits:.2f} before)"
            )
    groups = options.readings()
    for name, count in _groups(before.get("group_agents")).items():
        if groups is not None and groups.groups.get(name, count) < count:
            raise BadInput(
                f"{where}: group {name} has {count:,} agents enrolled, and may only grow; give "
                f"--group-agents {name}={count} or more"
            )
    if set(changed) - {"agents"}:
        notes.append("note: the fleet is read otherwise from here on; each reading has its promise")
    return notes


def _groups(text: str | None) -> dict[str, int]:
    pairs = (part.rpartition("=") for part in text.split(",")) if text else ()
    return {name.strip(): int(count) for name, _, count in pairs}

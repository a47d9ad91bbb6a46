"""What a monitor is set to: mode, weights, threshold, policy, source of its increments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consilience.errors import BadInput
from consilience.monitor.promises import (
    Exact,
    checked_weights,
    equal_weights,
    threshold_for,
    whole_number,
)
from consilience.monitor.statistics import reach
from consilience_hw.spec.monitor_format import MonitorMode, Policy, Source

__all__ = ["MonitorSettings", "grown_settings", "monitor_settings"]


@dataclass(frozen=True)
class MonitorSettings:
    """What all agents of a monitor share.

    Parameters
    ----------
    mode : MonitorMode
    weights : tuple of int
        pi_k: codes of log2 of the components' shares.
    threshold : int
        A: a statistic at or above this code alarms.
    policy : Policy
        What follows an alarm.
    source : Source
        Where the increments' validity comes from.
    enrolled : int or None
        Agents of the fleet, fixed beforehand; None: not said.
    """

    mode: MonitorMode
    weights: tuple[int, ...]
    threshold: int
    policy: Policy
    source: Source
    enrolled: int | None


def monitor_settings(
    components: int | None = None,
    weights: Sequence[int] | None = None,
    mode: str = "restart",
    arl: Exact | None = None,
    false_alarm: Exact | None = None,
    threshold: int | None = None,
    policy: str = "latch",
    source: str = "conformal",
    enrolled: int | None = None,
) -> MonitorSettings:
    """Return settings from words and numbers; see `Device.monitor`."""
    kind = MonitorMode[_word(mode, "mode", MonitorMode)]
    if weights is None:
        shares = equal_weights(2 if components is None else components)
    else:
        shares = checked_weights(weights)
        if components not in (None, len(shares)):
            raise BadInput(f"{len(shares)} weights for {components} components")
    if enrolled is not None and not 1 <= whole_number(enrolled, "enrolled") < 1 << 63:
        raise BadInput(f"enrolled {enrolled}: the number of agents, 1 or more, below 2**63")
    return MonitorSettings(
        kind,
        shares,
        threshold_for(kind, arl, false_alarm, threshold),
        Policy[_word(policy, "policy", Policy)],
        Source[_word(source, "source", Source)],
        enrolled,
    )


def grown_settings(
    settings: MonitorSettings, enrolled: int, threshold: int | None, agents: int
) -> MonitorSettings:
    """Return the settings of a fleet that has grown; see `Monitor.enrol`."""
    now = settings.threshold if threshold is None else threshold
    most, before = reach(settings.weights), max(settings.enrolled or 1, agents)
    if whole_number(enrolled, "enrolled") < before:
        raise BadInput(
            f"enrolled {enrolled}: {before} agents are, and a fleet may only grow: who leaves it "
            "could be chosen by what it did"
        )
    if not settings.threshold <= whole_number(now, "threshold") <= most:
        raise BadInput(
            f"threshold {now}: from {settings.threshold}, that of before, to {most}, the most that "
            "these weights reach"
        )
    return replace(settings, enrolled=enrolled, threshold=now)


def _word(word: str, name: str, words: type[MonitorMode] | type[Policy] | type[Source]) -> str:
    known = [one.name.lower() for one in words]
    if word not in known:
        raise BadInput(f"{name} {word!r} is none of {', '.join(known)}")
    return word.upper()

"""What makes runs of today another thing than the baseline, before any is judged."""

from collections import Counter

from consilience.models.runs import Runs

__all__ = ["doubts"]

_NEW_TOOLS = 0.2
_SHOWN = 3


def doubts(today: Runs, baseline: Runs, *, together: bool) -> list[str]:
    """Return what differs so that alarms would not mean what they say, with the cure, a line each.

    Parameters
    ----------
    today, baseline : Runs
    together : bool
        All agents are alike; else tools are compared agent by agent.
    """
    found = []
    if today.formats != baseline.formats:
        found.append(
            f"today's files are of format {', '.join(sorted(today.formats))}, the baseline of "
            f"{', '.join(sorted(baseline.formats))}: calls may be told apart in other ways; export "
            "both alike"
        )
    if today.kind == "tool_calls":
        found += _new_tools(today, baseline, together)
        if _has_errors(today) != _has_errors(baseline):
            lacking = "the baseline" if _has_errors(today) else "today's file"
            found.append(
                f"{lacking} says of no call that it failed, the other does: export both alike, or "
                "failed calls count as new ones"
            )
    old, new_runs = len(baseline.runs), len(today.runs)
    if old and new_runs:
        steps = [
            sum(len(run.steps) for run in one.runs) / len(one.runs) for one in (baseline, today)
        ]
        if min(steps) > 0 and max(steps) / min(steps) > 5:
            found.append(
                f"a run has {steps[0]:.1f} steps in the baseline and {steps[1]:.1f} today: is a "
                "run the same thing in both? `consilience traces FILE` shows them"
            )
    return found


def _new_tools(today: Runs, baseline: Runs, together: bool) -> list[str]:
    """Return of how many calls the tool is new to the agent, if they are many."""
    old, now = _tools_by_agent(baseline, together), _tools_by_agent(today, together)
    if not old.keys() & now.keys():  # no file names agents, and those of today have other names
        old, now = _tools_by_agent(baseline, True), _tools_by_agent(today, True)
    found = []
    for agent, calls in now.items():
        if agent not in old:
            continue
        new = {name: count for name, count in calls.items() if name not in old[agent]}
        share = sum(new.values()) / max(1, sum(calls.values()))
        if share > _NEW_TOOLS:
            names = ", ".join(sorted(new, key=lambda name: -new[name])[:_SHOWN])
            whose = f"the calls of {agent!r} today" if agent else "today's calls"
            found.append((share, whose, names))
    found.sort(key=lambda one: -one[0])
    lines = [
        f"{share:.0%} of {whose} are of tools that the baseline does not have ({names}): if these "
        "are meant, give a baseline with them"
        for share, whose, names in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        lines.append(f"{len(found) - _SHOWN} more agents call tools that are new to them")
    return lines


def _tools_by_agent(runs: Runs, together: bool) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for run in runs.runs:
        calls = found.setdefault("" if together else run.agent, Counter())
        calls.update(step.name for step in run.steps)
    return found


def _has_errors(runs: Runs) -> bool:
    return any(step.error is not None for run in runs.runs for step in run.steps)

"""What makes runs of today another thing than the baseline, before any is judged."""

from consilience.models.runs import Runs

__all__ = ["doubts"]

_NEW_TOOLS = 0.2
_SHOWN = 3


def doubts(today: Runs, baseline: Runs) -> list[str]:
    """Return what differs so that alarms would not mean what they say, with the cure, a line each.

    Parameters
    ----------
    today, baseline : Runs
    """
    found = []
    if today.formats != baseline.formats:
        found.append(
            f"today's files are of format {', '.join(sorted(today.formats))}, the baseline of "
            f"{', '.join(sorted(baseline.formats))}: calls may be told apart in other ways; export "
            "both alike"
        )
    if today.kind == "tool_calls":
        known, now = baseline.tools(), today.tools()
        new = {name: count for name, count in now.items() if name not in known}
        share = sum(new.values()) / max(1, sum(now.values()))
        if share > _NEW_TOOLS:
            names = ", ".join(sorted(new, key=lambda name: -new[name])[:_SHOWN])
            found.append(
                f"{share:.0%} of today's calls are of tools that the baseline does not have "
                f"({names}): if the agents have new tools, give a baseline with them"
            )
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


def _has_errors(runs: Runs) -> bool:
    return any(step.error is not None for run in runs.runs for step in run.steps)

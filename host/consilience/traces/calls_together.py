"""What the calls of a file say of each other: told twice; failures alone."""

from consilience.traces.steps import Sequence, Step

__all__ = ["call_others_good", "drop_repeats"]

_ALIKE = 0.25
"""Share of calls that are alike, from which on it is probably no chance."""


def call_others_good(steps: list[Step], has_ends: bool) -> None:
    """Take calls of which nothing is said for good ones, where a file names failures alone.

    Parameters
    ----------
    steps : list of Step
        Of all runs.
    has_ends : bool
        Calls are told in two lines: one without its end is open, and may fail yet.
    """
    said = {step.error for step in steps}
    if True in said and False not in said:
        for step in steps:
            if step.error is None and (step.has_result or not has_ends):
                step.error = False


def drop_repeats(sequences: list[Sequence]) -> list[str]:
    """Drop calls that come again under their own id; return what is to be said of others.

    Parameters
    ----------
    sequences : list of Sequence
    """
    dropped = alike = total = 0
    for run in sequences:
        seen: set[tuple[str | None, ...]] = set()
        kept = []
        for step in run.steps:
            key = step.name, step.call_id, step.time
            again = key in seen
            seen.add(key)
            if again and step.call_id is not None and step.time is not None:
                dropped += 1
                continue
            alike += again and step.time is not None
            total += 1
            kept.append(step)
        run.steps = kept
    found = [f"{dropped} calls are told twice, and count once"] if dropped else []
    if alike > _ALIKE * total:
        found.append(
            f"{alike} of {total} calls are like another one, its time too: were lines written "
            "twice? each counts; give call_id, by which they can be told apart"
        )
    return found

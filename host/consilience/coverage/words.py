"""What a stage of a roll-out certifies, and where it is worth going on, in plain words."""

from consilience.coverage.stages import Coverage, Stage

__all__ = ["certified_words", "headline", "share_words", "stage_words"]

_BIT = 65536


def share_words(count: int, enrolled: int) -> str:
    """Return a number of reporters as a share of those enrolled, rounded up: 41 %."""
    return f"{-(-1000 * count // enrolled) / 10:g} %"


def headline(found: Coverage) -> list[str]:
    """Return the answer, a sentence a line."""
    asked = found.question
    if found.usual_from is None:
        return [f"No number of the {asked.enrolled:,} reporters suffices: {found.why_not}."]
    is_known = bool(found.stages[-1].chances)
    verdict = f"alarm within {asked.observations:,} runs" if found.is_monitor else "verdict"
    mostly = "in most cases" if is_known else "on average"
    lines = []
    lines.append(
        f"It takes {_of(found, found.usual_from)} before there is a{'n'[: found.is_monitor]} "
        f"{verdict} {mostly}, if {asked.liars:,} lie as hard as they can and join first."
    )
    if found.sure_from is None:
        lines.append(f"All {asked.enrolled:,} are too few for a probability of {asked.sure}.")
    else:
        lines.append(f"With probability {asked.sure}: {_of(found, found.sure_from)}.")
    if is_known and found.any_sure_from is not None:
        lines.append(
            f"For any evidence of r = {float(found.quality):.3f} or better, whatever its law: "
            f"{_of(found, found.any_sure_from)}."
        )
    if found.whole_usual_from is not None:
        also = ""
        if found.whole_sure_from is not None:
            also = f" (with probability {asked.sure}: {_of(found, found.whole_sure_from)})"
        lines.append(
            f"From {_of(found, found.whole_usual_from)} on it is {mostly} the verdict of all who "
            f"are enrolled, whatever the silent ones would have said{also}."
        )
    lines.append(_value(found))
    return lines


def _of(found: Coverage, count: int) -> str:
    enrolled = found.question.enrolled
    return f"{count:,} of {enrolled:,} ({share_words(count, enrolled)})"


def _value(found: Coverage) -> str:
    unit = "bits of every run" if found.is_monitor else "bits"
    text = (
        "Before that a further honest reporter changes no verdict; each brings "
        f"{found.each_brings_bits:.3f} {unit} nearer to it"
    )
    if found.is_monitor:
        return f"{text}."
    return (
        f"{text}, and {found.whole_each_brings_bits:.3f} to one for all enrolled, as it is one "
        "less that might have said anything."
    )


def certified_words(found: Coverage, stage: Stage) -> str:
    """Return what is certified when so many take part."""
    if not stage.enough:
        return (
            f"nothing: {found.question.liars:,} may lie, and more than "
            f"{3 * found.question.liars:,} must take part"
        )
    rarely = "mostly" if stage.chances else "on average"
    if found.is_monitor:
        if not stage.usual:
            return f"no more false alarms than promised (M2); {rarely} no alarm in time"
        return "M2, and an alarm in time" + ("" if stage.sure else f", {rarely}")
    if stage.whole_usual:
        part = "" if stage.whole_sure else f", {rarely}"
        return f"the verdict of all honest ones that are enrolled (G3){part}"
    if stage.usual:
        part = "" if stage.sure else f", {rarely}"
        return f"the verdict of the honest ones that take part (G3){part}"
    return f"an interval around their sum (G2), {rarely} undecided"


def stage_words(found: Coverage, stage: Stage) -> str:
    """Return a stage as a sentence."""
    asked = found.question
    text = f"{stage.taking_part:,} of {asked.enrolled:,}: {certified_words(found, stage)}"
    if stage.chances:
        least = min(stage.chances.values(), key=lambda one: one.predicted)
        text += f"; probability {least.predicted:.3f} ({least.least:.3f} .. {least.most:.3f})"
        if least.mean is not None:
            text += f", after {least.mean:.1f} runs on average"
    return f"{text}."

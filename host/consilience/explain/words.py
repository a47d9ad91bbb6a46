"""An explanation in plain words."""

from consilience.explain.explained import Explanation, Step
from consilience.explain.moves import bits_in_words
from consilience.explain.verdict import Verdict
from consilience.verdicts.decisions import IMPOSSIBLE

__all__ = ["in_sentences", "row_in_words", "verdict_in_words"]


def in_sentences(explanation: Explanation) -> list[str]:
    """Return what the verdict is, what moved it, and what it would be without: a sentence each."""
    verdict, rival = explanation.verdict, explanation.rival
    rows = f"{explanation.rows:,} row{'s' if explanation.rows > 1 else ''} of evidence"
    found = [f"{_named(explanation)}: {verdict_in_words(verdict)}, from {rows}."]
    for step in explanation.steps:
        found.append(_without(step, verdict, explanation.by))
    steps = "rows" if explanation.by is None else f"values of {explanation.by}"
    more = explanation.moving - len(explanation.steps)
    if more > 0:
        towards = "" if verdict.decision == IMPOSSIBLE else f" towards {explanation.decided}"
        found.append(f"{more:,} more {steps} moved it{towards}, none by more than these.")
    if not explanation.moving:
        found.append(f"No row speaks for {explanation.decided} against {rival}.")
    other, count = explanation.without_decisive, explanation.decisive
    if other is not None and count is not None and count > 1:
        found.append(
            f"No fewer than the {count:,} strongest {steps} decide: without these the verdict "
            f"would be {verdict_in_words(other)}."
        )
    elif other is None and explanation.moving:
        many = explanation.moving > 1
        these = f"all {explanation.moving:,} of them" if many else "it"
        found.append(
            f"Without {these} the decision would be the same: it does not hang on "
            f"{f'these {steps}' if many else 'that'}."
        )
    return found


def verdict_in_words(verdict: Verdict) -> str:
    """Return a decision with its probability, and those of the others where it is none."""
    if verdict.decision in verdict.shown:
        words = f"{verdict.decision} with probability {verdict.shown[verdict.decision]}"
    elif any(verdict.probabilities.values()):
        others = ", ".join(f"{name} {shown}" for name, shown in verdict.shown.items())
        words = f"{verdict.decision} ({others})"
    else:
        words = f"{verdict.decision} (each hypothesis is ruled out by some row)"
    if verdict.expected_cost is not None:
        words += f", expected cost {verdict.expected_cost:.4g}"
    return words


def row_in_words(step: Step, by: str | None = None) -> str:
    """Return a row by its number, and what else is said of it; or rows by what they share."""
    if by is not None:
        rows = f"{step.count:,} rows" if step.count > 1 else f"row {step.row}"
        return f"{by} {step.labels[by] or '(empty)'} ({rows})"
    labels = ", ".join(f"{name} {text}" for name, text in step.labels.items() if text)
    return f"row {step.row}" + (f" ({labels})" if labels else "")


def _named(explanation: Explanation) -> str:
    return f"Agent {explanation.agent}" if explanation.agent != "" else "The verdict"


def _without(step: Step, verdict: Verdict, by: str | None) -> str:
    without = f"Without {row_in_words(step, by)}, {bits_in_words(step.bits, step.ruled_out)}, "
    if step.without.decision != verdict.decision:
        return f"{without}the verdict would be {verdict_in_words(step.without)}."
    return f"{without}it would still be {verdict_in_words(step.without)}."

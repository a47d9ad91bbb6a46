"""The score of a line: its own, or how far a hypothesis lies behind the best of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.line_fields import number_of
from consilience.monitor.observation import What

__all__ = ["FIELDS", "REPORTER", "ScoreField", "score_cure"]

FIELDS = ("agent", "score", "run", "event", "at", "group", "cut", "sequence")
"""Of a line of scores."""
REPORTER = "reporter"


@dataclass(frozen=True)
class ScoreField:
    """Where the score of a line stands.

    Parameters
    ----------
    name : str
        What the file calls it.
    against : str or None
        Lines are evidence: the score is the largest other log-likelihood less this one.
    used : frozenset of str
        Names that say something else.
    """

    name: str
    against: str | None
    used: frozenset[str]

    def of(self, fields: Mapping[str, Any], what: What) -> float | None:
        """Return the score; None if the line says that there is none."""
        if self.against is None:
            return self._told(fields, what)
        none = {*FIELDS, "weight", REPORTER, self.against}
        others = [name for name in fields if name not in none]
        if not others:
            raise BadInput(f"no hypothesis beside {self.against}")
        return max(number_of(fields, name) for name in others) - number_of(fields, self.against)

    def _told(self, fields: Mapping[str, Any], what: What) -> float | None:
        if fields.get("score") is not None:
            return number_of(fields, "score")
        if what is What.END:
            raise BadInput(
                "the end of a run without a score; give the highest that it had, as others wait "
                "for it"
            )
        if "score" in fields:
            return None
        numbers = [
            name
            for name, value in fields.items()
            if name not in self.used and isinstance(value, float | int)
        ]
        cure = score_cure(numbers) if numbers and self.name == "score" else ""
        cure = cure or "give a number, null where there is none, or leave the line out"
        raise BadInput(f"no {self.name}; {cure}")


def score_cure(others: Sequence[str]) -> str:
    """Return what to do where none of the fields that nobody knows is called a score."""
    if len(others) == 1:
        return f"if {others[0]} is it: --score-column {others[0]}"
    return (
        f"name the one that is: --score-column {others[0]}, or another of {', '.join(others)}; if "
        f"they are log-likelihoods, say which hypothesis is good behaviour: --against {others[0]}"
    )

"""What a part of `make mutants` has to say."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["PartResult"]


@dataclass(frozen=True)
class PartResult:
    """What became of the cases of one part.

    Parameters
    ----------
    title : str
        Of the table.
    headings : tuple of str
    rows : list of tuple of str
        What a person has to see.
    cases : list of dict
        Every case, for the report.
    summary : dict
        Numbers by name.
    complaints : list of str
        What is wrong, or worth a warning, in lines.
    holds : bool
        Nothing is wrong.
    """

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]
    cases: list[dict[str, Any]]
    summary: dict[str, int]
    holds: bool
    complaints: list[str] = field(default_factory=list)

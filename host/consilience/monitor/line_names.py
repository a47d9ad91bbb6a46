"""What the fields of a line are called: a reader's own names, by whatever names a file has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consilience.field_names import AGENTS, RUNS, first_of, plain_name

__all__ = ["AS_THEY_ARE", "IGNORED", "LineNames", "NamedColumns"]

IGNORED = ""
"""The name of a field that the user has put another in the place of."""
_MOST_KEPT = 256


@dataclass(frozen=True)
class NamedColumns:
    """Columns that the user names.

    Parameters
    ----------
    score : str or None
        The score's; None: it is called so.
    run : str or None
        The run's; empty: lines name none; None: the first of `RUNS` that is there.
    whole_runs : bool
        Each line with a score is a whole run, whatever its event says; others are passed over.
    """

    score: str | None = None
    run: str | None = None
    whole_runs: bool = False


AS_THEY_ARE = NamedColumns()
"""Nothing is said of them."""


class LineNames:
    """Gives fields the names that a reader knows; see `consilience.field_names`.

    Parameters
    ----------
    columns : NamedColumns
    known : iterable of str
        The reader's names.
    kept : str or None
        A name that stays, whatever it is.
    """

    def __init__(self, columns: NamedColumns, known: Iterable[str], kept: str | None) -> None:
        self._columns, self._kept = columns, kept
        self._synonyms: dict[str, Sequence[str]] = {name: (name,) for name in known}
        self._synonyms["agent"] = AGENTS
        self._synonyms["run"] = RUNS if columns.run is None else ()
        if columns.score is not None:
            self._synonyms["score"] = ()
        self._found: dict[tuple[str, ...], list[str]] = {}
        self.taken: dict[str, str] = {}
        """Known names: what the file calls them, where that is another name, and nobody said so."""

    def known(self, names: Iterable[str]) -> list[str]:
        """Return the known names of fields, in their order; IGNORED of those not to be read."""
        key = tuple(names)
        if key not in self._found:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[key] = self._renamed(key)
        return self._found[key]

    def _renamed(self, names: tuple[str, ...]) -> list[str]:
        found = list(names)
        for known, named in (("score", self._columns.score), ("run", self._columns.run)):
            if named is not None and named != known:
                found = [IGNORED if one == known else one for one in found]
                name = named if named in found else first_of((plain_name(named),), found)
                if name:
                    found[found.index(name)] = known
        for known, synonyms in self._synonyms.items():
            if known not in found and synonyms:
                others = [one for one in found if one not in (self._kept, IGNORED)]
                others = [one for one in others if one not in self._synonyms]
                name = first_of(synonyms, others)
                if name:
                    found[found.index(name)] = known
                    self.taken[known] = name
        return found

"""Which tools, whatever their order: Dirichlet over the alphabet, UNSEEN and the end of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from consilience.models.chain import END, UNSEEN
from consilience.models.model import Float, LogTables, Scored, positive
from consilience.models.run import Run
from consilience.models.tool_symbols import ToolSymbols

__all__ = ["CategoryModel"]


@dataclass(frozen=True)
class CategoryModel:
    """Calls drawn independently, each tool with its predictive probability.

    With n(x) the number of times that x was seen of N and S symbols, p(x) = (n(x) + a) / (N + a S).

    Parameters
    ----------
    labels : tuple of str
    symbols : ToolSymbols
    pseudo : float
        a, the Dirichlet prior.
    counts : tuple of dict of int to int
        One for each label.
    """

    kind: ClassVar[str] = "categories"
    reads: ClassVar[tuple[str, ...]] = ("tool_calls",)
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = tuple({"pseudo": a} for a in (0.5, 0.05, 5.0))

    labels: tuple[str, ...]
    symbols: ToolSymbols
    pseudo: float
    counts: tuple[dict[int, int], ...]

    @classmethod
    def fit(
        cls, runs: Sequence[Run], truth: Sequence[int], labels: tuple[str, ...], **options: Any
    ) -> Self:
        """Count symbols; options: pseudo (above 0), and errors: failed calls as symbols (True)."""
        options = {**cls.grid[0], **options}
        symbols = ToolSymbols.of(runs, bool(options.get("errors", True)))
        counts = tuple(Counter[int]() for _ in labels)
        for run, place in zip(runs, truth, strict=True):
            counts[place].update(symbols.symbols(run))
        pseudo = positive(options["pseudo"], "pseudo")
        return cls(labels, symbols, pseudo, tuple(dict(sorted(one.items())) for one in counts))

    def score(self, run: Run) -> Scored:
        """Return ln p of each call and of the end; a tool never seen is no evidence."""
        columns = self._columns()
        nats = self._nats()[:, [columns.index(one) for one in self.symbols.symbols(run)]].T
        if len(self.labels) > 1:
            unseen = np.array(self.symbols.symbols(run)) == UNSEEN
            nats[unseen] = -np.log(len(columns))
        return Scored(nats)

    def tables(self) -> LogTables:
        """Return the one context there is."""
        columns = self._columns()
        return LogTables(self._nats()[:, None, :], len(columns) - 2, len(columns) - 1)

    def _columns(self) -> list[int]:
        return [*sorted(self.symbols.alphabet - {END, UNSEEN}), UNSEEN, END]

    def _nats(self) -> Float:
        columns = self._columns()
        counts = np.array([[one.get(x, 0) for x in columns] for one in self.counts]) + self.pseudo
        return np.asarray(np.log(counts / counts.sum(axis=1, keepdims=True)))

    def as_json(self) -> dict[str, Any]:
        """Return tools, prior, and for each label symbols and counts."""
        return {
            "labels": list(self.labels),
            **self.symbols.as_json(),
            "pseudo": self.pseudo,
            "counts": [[list(one), list(one.values())] for one in self.counts],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the model of `as_json`."""
        symbols = ToolSymbols.from_json(value)
        counts = tuple(dict(zip(*pair, strict=True)) for pair in value["counts"])
        if any(not symbols.alphabet.issuperset(one) or min(one.values(), default=1) < 1
               for one in counts):  # fmt: skip
            raise ValueError("a symbol or a count that is none")
        labels = tuple(value["labels"])
        if len(labels) != len(counts):
            raise ValueError("counts for other labels")
        return cls(labels, symbols, positive(value["pseudo"], "pseudo"), counts)

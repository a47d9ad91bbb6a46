"""The chain as a model: the next tool given the last ones, and where a run ends."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from consilience.errors import BadInput
from consilience.models.chain import END, START, UNSEEN, Chain, ChainConfig, Context, Counts, count
from consilience.models.model import Float, LogTables, Scored
from consilience.models.run import Run
from consilience.models.tool_symbols import ToolSymbols

__all__ = ["ChainModel"]

_LARGEST_ORDER = 16
_SMOOTHINGS = ("discount", "witten-bell", "jelinek-mercer", "additive")


@dataclass(frozen=True)
class ChainModel:
    """A chain of variable order for each hypothesis, over one alphabet.

    Between hypotheses a tool that was never seen is no evidence; in a model of known-good runs
    alone it is as surprising as the chain holds it to be.

    Parameters
    ----------
    labels : tuple of str
    symbols : ToolSymbols
    config : ChainConfig
    counts : tuple of Counts
        One for each label, up to the chain's order.
    """

    kind: ClassVar[str] = "chain"
    reads: ClassVar[tuple[str, ...]] = ("tool_calls",)
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"order": 3, "discount": 0.5, "concentration": 0.03},
        {"order": 1, "discount": 0.5, "concentration": 0.3},
        {"order": 2, "discount": 0.5, "concentration": 0.3},
        {"order": 3, "discount": 0.7, "concentration": 0.3},
    )

    labels: tuple[str, ...]
    symbols: ToolSymbols
    config: ChainConfig
    counts: tuple[Counts, ...]
    _chains: tuple[Chain, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        alphabet = self.symbols.alphabet
        chains = tuple(Chain(one, self.config, alphabet) for one in self.counts)
        object.__setattr__(self, "_chains", chains)

    @classmethod
    def fit(
        cls, runs: Sequence[Run], truth: Sequence[int], labels: tuple[str, ...], **options: Any
    ) -> Self:
        """Count what follows what; options are `ChainConfig`'s, and errors: as symbols (True)."""
        options = {**cls.grid[0], **options}
        errors = bool(options.pop("errors", True))
        config = ChainConfig(**options)
        if not 0 <= config.order <= _LARGEST_ORDER or config.smoothing not in _SMOOTHINGS:
            raise BadInput(f"order is 0 to {_LARGEST_ORDER}, smoothing {', '.join(_SMOOTHINGS)}")
        symbols = ToolSymbols.of(runs, errors)
        sequences = [(symbols.symbols(run), 1.0) for run in runs]
        counts = tuple(
            count(
                (one for one, its in zip(sequences, truth, strict=True) if its == place),
                config.order,
            )
            for place in range(len(labels))
        )
        return cls(labels, symbols, config, counts)

    def score(self, run: Run) -> Scored:
        """Return ln p of each call and of the end."""
        symbols = self.symbols.symbols(run)
        nats = np.log(np.array([chain.predict(symbols) for chain in self._chains]).T)
        if len(self.labels) > 1:
            unseen = np.array(symbols) == UNSEEN
            nats[unseen] = -np.log(len(self.symbols.alphabet))
        return Scored(nats)

    def tables(self) -> LogTables:
        """Return every stored context, and the empty one."""
        contexts: list[Context] = sorted({(), *(c for one in self.counts for c in one)})
        columns = [*sorted(self.symbols.alphabet - {END, UNSEEN}), UNSEEN, END]
        nats = np.array(
            [
                [[chain.probability(context, symbol) for symbol in columns] for context in contexts]
                for chain in self._chains
            ]
        )
        return LogTables(_logs(nats), len(columns) - 2, len(columns) - 1)

    def as_json(self) -> dict[str, Any]:
        """Return tools, the chain's options, and for each label context, symbols, counts."""
        return {
            "labels": list(self.labels),
            **self.symbols.as_json(),
            "config": asdict(self.config),
            "counts": [
                [[list(context), list(row), list(row.values())] for context, row in one.items()]
                for one in self.counts
            ],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the model of `as_json`."""
        symbols = ToolSymbols.from_json(value)
        config = ChainConfig(**value["config"])
        known = symbols.alphabet | {START}
        counts: list[Counts] = []
        for rows in value["counts"]:
            found: Counts = {}
            for context, following, numbers in rows:
                if not known.issuperset(context) or not symbols.alphabet.issuperset(following):
                    raise ValueError("a symbol that is none")
                if not all(number > 0 for number in numbers) or not numbers:
                    raise ValueError("a count that is not above 0")
                found[tuple(context)] = dict(zip(following, numbers, strict=True))
            counts.append(found)
        labels = tuple(value["labels"])
        if len(labels) != len(counts):
            raise ValueError("counts for other labels")
        return cls(labels, symbols, config, tuple(counts))


def _logs(probabilities: Float) -> Float:
    with np.errstate(divide="ignore"):
        return np.log(probabilities)

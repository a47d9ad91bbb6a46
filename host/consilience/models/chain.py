"""Markov chains of variable order over symbols, with interpolated back-off."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "END",
    "START",
    "UNSEEN",
    "Chain",
    "ChainConfig",
    "Context",
    "Counts",
    "Smoothing",
    "count",
]

Smoothing = Literal["discount", "witten-bell", "jelinek-mercer", "additive"]


@dataclass(frozen=True)
class ChainConfig:
    """How far back a chain looks, and how it smooths.

    Parameters
    ----------
    order : int
        Longest context, in calls.
    smoothing : str
        How much of a context's probability goes to the next shorter context:
        "discount": absolute discount of each count plus a constant, the interpolated predictive
        rule of a Pitman-Yor process with one table per kind of call; "witten-bell": as many
        pseudo-counts as kinds of call were seen; "jelinek-mercer": a constant share;
        "additive": no back-off, pseudo-counts spread evenly over the alphabet.
    discount : float
        Taken from each count, 0..1; "discount" only.
    concentration : float
        Pseudo-counts ("discount", "additive", the latter per symbol), or the constant share in
        0..1 ("jelinek-mercer").
    """

    order: int = 1
    smoothing: Smoothing = "discount"
    discount: float = 0.0
    concentration: float = 1.0


Context = tuple[int, ...]
Counts = dict[Context, dict[int, float]]
"""For every context up to some order: weighted number of times that each symbol followed."""
END = -1
"""Symbol after a run's last call: where an agent stops is evidence too."""
UNSEEN = -2
"""Symbol of a call that is outside the alphabet."""
START = -3
"""Stands before a run's first call."""


def count(sequences: Iterable[tuple[tuple[int, ...], float]], order: int) -> Counts:
    """Count what follows every context of up to `order` calls in weighted sequences.

    A run's start stands in its first contexts as one more call, `START`.
    """
    counts: Counts = {}
    for symbols, weight in sequences:
        history: Context = (START,)
        for symbol in symbols:
            for length in range(min(order, len(history)) + 1):
                following = counts.setdefault(history[len(history) - length :], {})
                following[symbol] = following.get(symbol, 0.0) + weight
            history = (*history[max(0, len(history) - order) :], symbol)
    return counts


class Chain:
    """Probability of the next call given the calls so far.

    With n(u, x) the count of x after context u, N(u) its sum over x, and u' the context u without
    its oldest call, smoothing "discount" is::

        D(u)   = sum over x of min(n(u, x), discount)
        p(x|u) = (n(u, x) - min(n(u, x), discount) + (concentration + D(u)) p(x|u'))
                 / (N(u) + concentration)

    Below the empty context stands `base`, or else an even distribution over the alphabet.

    Parameters
    ----------
    counts : Counts
        Counts up to `config.order` or more; longer contexts are left unused.
    config : ChainConfig
        Order and smoothing.
    alphabet : frozenset of int
        Every symbol that may occur, without `UNSEEN`.
    base : Chain, optional
        The chain asked, with the whole context, below this one's empty context.
    """

    def __init__(
        self,
        counts: Counts,
        config: ChainConfig,
        alphabet: frozenset[int],
        base: "Chain | None" = None,
    ) -> None:
        self._counts = counts
        self._config = config
        self._even = 1.0 / len(alphabet)
        self.alphabet = alphabet
        self._base = base
        self._reach: int = max(config.order, base._reach if base else 0)
        self._memo: dict[tuple[Context, int], float] = {}
        self._mass = {context: sum(following.values()) for context, following in counts.items()}

    def predict(self, symbols: tuple[int, ...]) -> list[float]:
        """Return p(symbol given all before it) for each symbol of a run, in (0, 1].

        Entry t depends on the symbols up to t alone. A symbol outside the alphabet has the same
        probability in every chain over that alphabet, so that it is no evidence, and hides what
        came before it.
        """
        history: Context = (START,)
        predicted = []
        for symbol in symbols:
            known = symbol in self.alphabet
            predicted.append(self.probability(history, symbol) if known else self._even)
            start = max(0, len(history) - self._reach)
            history = (*history[start:], symbol if known else UNSEEN)
        return predicted

    def probability(self, history: Context, symbol: int) -> float:
        """Return p(symbol given what came before), the latest last; `predict` step by step."""
        key = (history[max(0, len(history) - self._reach) :], symbol)
        if key not in self._memo:
            below = self._even if self._base is None else self._base.probability(history, symbol)
            context = history[max(0, len(history) - self._config.order) :]
            self._memo[key] = self._interpolate(context, symbol, below)
        return self._memo[key]

    def _interpolate(self, context: Context, symbol: int, below: float) -> float:
        config = self._config
        following = self._counts.get(context)
        if config.smoothing == "additive":
            pseudo = config.concentration
            seen = (following or {}).get(symbol, 0.0)
            return (seen + pseudo) / (self._mass.get(context, 0.0) + pseudo / self._even)
        lower = self._interpolate(context[1:], symbol, below) if context else below
        if following is None:
            return lower
        seen, mass = following.get(symbol, 0.0), self._mass[context]
        if config.smoothing == "jelinek-mercer":
            share = config.concentration
            return (1.0 - share) * seen / mass + share * lower
        if config.smoothing == "witten-bell":
            return (seen + len(following) * lower) / (mass + len(following))
        taken = sum(min(value, config.discount) for value in following.values())
        kept = seen - min(seen, config.discount)
        return (kept + (config.concentration + taken) * lower) / (mass + config.concentration)

"""Increments of a model: how much likelier a call is under misbehaviour, certified as e-values.

Of every context the stored codes are certified: what follows with the probabilities p0 pays 1 at
most in expectation. That is said of the table, given that calls follow p0; nothing is said of p0.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput, ImpossibleState
from consilience.exact.log_sum import LogSum
from consilience.monitor.model_bytes import pack_model, unpack_model
from consilience.numbers.arrays import Codes, plain_array
from consilience.numbers.convert import to_codes
from consilience_hw.spec.log_format import Q16_16

__all__ = ["ModelIncrements"]

_ZERO = Q16_16.log_of_zero
_BIT = Q16_16.fractions
_SLACK = 2
"""In ulp: the numerator is rounded to nearest, and a log sum too."""


class ModelIncrements:
    """Increments ``x = c1 - c0 - 2`` of calls and of the ends of runs; see docs/monitor.md.

    c1 is the nearest code of log p1, c0 that of log p0 rounded up, so that an increment is never
    above the logarithm of the ratio. The column UNSEEN stands for all calls that have no own one:
    its increment is 0 at most. The end of a run is an observation like a call.

    Parameters
    ----------
    p0, p1 : (contexts, symbols) real numbers
        Natural logarithms of the probabilities of what follows a context: of an agent that behaves,
        and of one that does not.
    unseen, end : int
        Columns of UNSEEN and of the end of a run.

    Raises
    ------
    BadInput
        Shapes that differ, columns that are none; p0 of zero, a logarithm above 0; a context whose
        increments are not certified.
    """

    source: ClassVar[str] = "model"
    """For `Device.monitor`."""

    def __init__(self, p0: ArrayLike, p1: ArrayLike, *, unseen: int, end: int) -> None:
        base, other = _log_probabilities(p0, "p0"), _log_probabilities(p1, "p1")
        if base.shape != other.shape:
            raise BadInput(f"p0 is {base.shape}, p1 {other.shape}: one shape, (contexts, symbols)")
        symbols = base.shape[1]
        if not (0 <= unseen < symbols and 0 <= end < symbols and unseen != end):
            raise BadInput(f"unseen and end are two different columns of 0 .. {symbols - 1}")
        below = to_codes(base, "up")
        if (below == _ZERO).any():
            context, symbol = np.argwhere(below == _ZERO)[0].tolist()
            raise BadInput(
                f"p0 of symbol {symbol} in context {context} is zero: give everything some "
                "probability, UNSEEN and the end too"
            )
        self._take(below, to_codes(other), int(unseen), int(end))

    @classmethod
    def from_bytes(cls, data: bytes) -> "ModelIncrements":
        """Return the increments of their canonical bytes; every context is certified again.

        Raises
        ------
        ImpossibleState
            No probabilities give these bytes.
        """
        made = cls.__new__(cls)
        try:
            made._take(*unpack_model(data))
        except BadInput as error:
            raise ImpossibleState(str(error)) from None
        return made

    def __bytes__(self) -> bytes:
        return pack_model(self._below, self._above, self.unseen, self.end)

    @property
    def codes(self) -> Codes:
        """Increments of every context and symbol, int32 of shape (contexts, symbols); read-only."""
        return self._codes

    def _take(self, below: Codes, above: Codes, unseen: int, end: int) -> None:
        self.unseen, self.end = unseen, end
        self._below, self._above = below, above
        self._codes = _certified(below.astype(np.int64), above.astype(np.int64), unseen)
        self._codes.flags.writeable = False

    def increments(self, contexts: ArrayLike, symbols: ArrayLike) -> Codes:
        """Return increments of observations, int32 of shape (n, 1).

        Parameters
        ----------
        contexts, symbols : (n,) integers
            What happened in which context; a call without a column of its own is UNSEEN. Each run's
            last observation is its end: `run` adds it.
        """
        rows = _places(contexts, len(self._codes), "context")
        columns = _places(symbols, self._codes.shape[1], "symbol")
        if rows.shape != columns.shape:
            raise BadInput(f"{len(rows)} contexts for {len(columns)} symbols; one for each")
        return self._codes[rows, columns][:, np.newaxis]

    def run(self, contexts: ArrayLike, symbols: ArrayLike) -> Codes:
        """Return the increments of a whole run, its end among them, int32 of shape (n + 1, 1).

        Parameters
        ----------
        contexts : (n + 1,) integers
            The last is that in which the run ended.
        symbols : (n,) integers
            Its calls.
        """
        columns = _places(symbols, self._codes.shape[1], "symbol")
        if (columns == self.end).any():
            raise BadInput("a run ends once, and run() adds its end; give its calls alone")
        return self.increments(contexts, np.append(columns, self.end))


def _log_probabilities(nats: ArrayLike, name: str) -> NDArray[np.float64]:
    values = plain_array(nats, name)
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        raise BadInput(f"{name}: real numbers of shape (contexts, symbols), not {values.shape}")
    if (values > 0).any():
        raise BadInput(f"{name}: a natural logarithm of a probability is 0 at most")
    return values


def _certified(below: NDArray[np.int64], above: NDArray[np.int64], unseen: int) -> Codes:
    """Return the increments of codes c0 and c1; BadInput at a context that is not certified."""
    increments = above - below - _SLACK
    increments[:, unseen] = np.minimum(increments[:, unseen], 0)
    # What cannot be told from the log of zero is it.
    increments[(above == _ZERO) | (increments < Q16_16.min_code)] = _ZERO
    paid = np.where(increments == _ZERO, _ZERO, below + increments)
    for context, row in enumerate(np.maximum(paid, _ZERO).astype(np.int32)):
        code = LogSum.of(row).code
        if code + 1 > 0:
            raise BadInput(
                f"context {context}: its increments pay up to 2**{(code + 1) / _BIT:.6f} where "
                "calls follow p0, above 1; normalise p1 over all symbols, UNSEEN and the end too"
            )
    return increments.astype(np.int32)


def _places(values: ArrayLike, count: int, name: str) -> NDArray[np.int64]:
    places = np.atleast_1d(plain_array(values, f"{name}s"))
    if places.ndim != 1 or (places.size and places.dtype.kind not in "iu"):
        raise BadInput(f"{name}s must be integers of shape (n,), not {places.dtype}")
    if ((places < 0) | (places >= count)).any():
        raise BadInput(f"a {name} that is none of 0 .. {count - 1}")
    return places.astype(np.int64)

"""One stream of numbers: how surprising each is, given those before it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.kernels.numeric_kernels import BINS, SHAPES, shape_each, view_each
from consilience.models.model import Float

__all__ = ["NumericStream"]

_VIEWS = 3
_SMOOTHED = 10
"""Rows of a mean."""
_MOST = 1e100
_HOUR = 3600
_THURSDAY = 72
"""Hours from the beginning of a week to 1970; any number would do, it names bins."""
_PARTS = {
    "level": (_VIEWS, 3),
    "bins": (_VIEWS, sum(BINS), 3),
    "pooled": (_VIEWS, len(BINS) + 1, 3),
    "largest": (_VIEWS, 1),
    "means": (2,),
    "shapes": (len(SHAPES),),
}


class NumericStream:
    """What was learned of one stream; it goes on from call to call, and forgets.

    Three views are watched side by side: the value, its logarithm (with its sign) and its mean over
    some ten rows. Each foretells the next row by a Student distribution about its level, and about
    the means of the hour of the day and of the week where these have foretold better; of the two
    the nearer counts. The farthest view counts; how heavy the tails are is learned, too.

    A stream that was constant is surprised by any other value. A missing value teaches nothing.
    Rows with one timestamp are rows like others; gaps are not filled. The order is that of calls.

    Parameters
    ----------
    moving : bool
        Means over the rows up to each one: they tell sooner, but one odd row makes ten surprising,
        so that their ranks are not those of exchangeable rows. Default: means of ten rows each,
        once each; the surprises of independent rows are then independent but for what is learned.
    """

    def __init__(self, moving: bool = False) -> None:
        self.moving = moving
        self.parts = {name: np.zeros(shape) for name, shape in _PARTS.items()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "NumericStream":
        """Return the stream of `as_json`; KeyError, TypeError or ValueError if it is none."""
        if not isinstance(value["moving"], bool):
            raise ValueError("neither moving nor not")
        made = cls(value["moving"])
        for name, shape in _PARTS.items():
            part = np.array(value[name], np.float64).reshape(shape)
            if not np.isfinite(part).all():
                raise ValueError("a number that is not finite")
            made.parts[name] = part
        return made

    def as_json(self) -> dict[str, Any]:
        """Return the statistics as lists of numbers."""
        parts = {name: part.ravel().tolist() for name, part in self.parts.items()}
        return {"moving": self.moving, **parts}

    def copy(self) -> "NumericStream":
        """Return a stream that goes on by itself from here."""
        made = NumericStream(self.moving)
        made.parts = {name: part.copy() for name, part in self.parts.items()}
        return made

    def surprise(self, values: ArrayLike, seconds: ArrayLike | None = None) -> Float:
        """Take rows in; return how surprising each was before it was taken, in bits.

        Parameters
        ----------
        values : (n,) float array_like
            NaN: not observed.
        seconds : (n,) int array_like, optional
            Since 1970, -1: not known. Without them no hours are learned.

        Returns
        -------
        (n,) float64
            -log2 of the chance of as much or more, 0 to 52; NaN where the value is NaN.

        Raises
        ------
        BadInput
            Infinite values, or above 1e100; arrays that do not fit. Nothing was taken.
        """
        rows = np.array(values, np.float64, ndmin=1)
        hours = _hours(seconds, len(rows))
        if rows.ndim != 1 or hours.shape != rows.shape:
            raise BadInput("values and seconds must be of one shape (n,)")
        if (np.abs(rows) > _MOST).any():
            raise BadInput(
                f"a value that is infinite or above {_MOST:g}; correct it, or give a larger unit"
            )
        parts = self.parts
        views = (rows, np.sign(rows) * np.log1p(np.abs(rows)), self._means(rows))
        found = np.zeros(len(rows))
        for number, view in enumerate(views):
            own = (parts[name][number] for name in ("level", "bins", "pooled", "largest"))
            found = np.fmax(found, view_each(view, hours, *own))
        found[np.isnan(rows)] = np.nan
        return shape_each(found, parts["shapes"])

    def _means(self, rows: Float) -> Float:
        """Return means, NaN where none is due."""
        weight, mean = self.parts["means"].tolist()
        kept = 1.0 - 1.0 / _SMOOTHED if self.moving else 1.0
        found = np.full(len(rows), np.nan)
        for place in np.flatnonzero(~np.isnan(rows)):
            weight = weight * kept + 1.0
            mean += (rows[place] - mean) / weight
            if self.moving:
                found[place] = mean
            elif weight == _SMOOTHED:
                found[place] = mean
                weight = mean = 0.0
        self.parts["means"][:] = weight, mean
        return found


def _hours(seconds: ArrayLike | None, count: int) -> NDArray[np.int64]:
    if seconds is None:
        return np.full(count, -1)
    whole = np.array(seconds, np.int64, ndmin=1)
    return np.where(whole < 0, -1, whole // _HOUR + _THURSDAY)

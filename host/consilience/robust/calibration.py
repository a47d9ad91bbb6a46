"""A calibration set: ratios of recorded runs whose truth is known, dated and hashed."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from consilience.errors import BadInput
from consilience.numbers.arrays import Codes
from consilience.numbers.convert import as_codes

__all__ = ["Calibration"]

_FORMAT = "consilience calibration 1"


@dataclass(frozen=True)
class Calibration:
    """Ratios of one pair of hypotheses, first : second, by which of them was true.

    Parameters
    ----------
    date : str
        When it was made, ISO 8601.
    source : str
        The recorded runs, and the command that made the set.
    names : (str, str)
        The hypotheses.
    first, second : (runs,) int32
        Ratios in ulp of runs of which the first, or the second, hypothesis was true; ascending.
    """

    date: str
    source: str
    names: tuple[str, str]
    first: Codes
    second: Codes

    @classmethod
    def of(
        cls, date: str, source: str, names: tuple[str, str], first: ArrayLike, second: ArrayLike
    ) -> Self:
        """Return the set of ratios in any order; BadInput where a class has none."""
        sides = [np.sort(as_codes(side, "ratios").reshape(-1)) for side in (first, second)]
        if not all(len(side) for side in sides):
            raise BadInput("a calibration set needs runs of both hypotheses")
        return cls(date, source, names, *sides)

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of all it says: of the canonical JSON without the hash."""
        text = json.dumps(self._contents(), sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()

    def _contents(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "date": self.date,
            "source": self.source,
            "names": list(self.names),
            **{
                side: [list(pair) for pair in _counted(ratios)]
                for side, ratios in (("first", self.first), ("second", self.second))
            },
        }

    def write(self, path: Path) -> None:
        """Write the file: JSON, one line a field, ratios as [code, count], and the hash."""
        fields = self._contents() | {"sha256": self.digest}
        lines = [f'"{name}":{json.dumps(value)}' for name, value in fields.items()]
        path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path, expected: str | None = None) -> Self:
        """Return the set of a file.

        Parameters
        ----------
        path : Path
        expected : str, optional
            The `digest` of the set that is wanted. Default: any that is not damaged.

        Raises
        ------
        BadInput
            No such file, none of this format, not what its own hash says, or another set.
        """
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            if fields["format"] != _FORMAT:
                raise BadInput(f"{path}: format {fields['format']!r}, not {_FORMAT!r}")
            one, other = fields["names"]
            sides = [np.repeat(*np.array(fields[side], np.int64).T) for side in ("first", "second")]
            found = cls.of(fields["date"], fields["source"], (one, other), *sides)
            stored = fields["sha256"]
        except (OSError, UnicodeDecodeError, ValueError, TypeError, KeyError) as error:
            raise BadInput(f"{path}: no calibration set ({error})") from error
        if found.digest != stored:
            raise BadInput(f"{path}: damaged, its hash is {found.digest}, not {stored}")
        if expected not in (None, stored):
            raise BadInput(f"{path}: another calibration set, {stored}, not {expected}")
        return found


def _counted(ratios: Codes) -> list[tuple[int, int]]:
    values, counts = np.unique(ratios, return_counts=True)
    return list(zip(values.tolist(), counts.tolist(), strict=True))

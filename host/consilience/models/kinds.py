"""The models there are, by name."""

from typing import Any

from consilience.errors import BadInput
from consilience.models.category_model import CategoryModel
from consilience.models.chain_model import ChainModel
from consilience.models.count_model import CountModel
from consilience.models.numeric_model import NumericModel
from consilience.models.rate_model import RateModel
from consilience.models.score_model import ScoreModel

__all__ = ["KINDS", "kind_of"]

_ALL: tuple[Any, ...] = (ChainModel, CategoryModel, CountModel, RateModel, NumericModel, ScoreModel)

KINDS: dict[str, Any] = {one.kind: one for one in _ALL}
"""Each a `Model`."""


def kind_of(name: str) -> Any:
    """Return a kind of model; BadInput if there is none of that name."""
    if name not in KINDS:
        raise BadInput(f"--model {name}: no such model; there are {', '.join(KINDS)}")
    return KINDS[name]

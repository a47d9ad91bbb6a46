"""The models there are, by name."""

from typing import Any

from consilience.errors import BadInput
from consilience.models.chain_model import ChainModel

__all__ = ["KINDS", "kind_of"]

KINDS: dict[str, Any] = {one.kind: one for one in (ChainModel,)}
"""Each a `Model`."""


def kind_of(name: str) -> Any:
    """Return a kind of model; BadInput if there is none of that name."""
    if name not in KINDS:
        raise BadInput(f"--model {name}: no such model; there are {', '.join(KINDS)}")
    return KINDS[name]

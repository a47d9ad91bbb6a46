"""The model that scores runs of traces: a file of `consilience fit`, and what it is known by."""

from hashlib import sha256
from pathlib import Path

from consilience.errors import BadInput
from consilience.models.model_file import FittedModel, read_model

__all__ = ["scoring_model"]


def scoring_model(path: Path) -> tuple[FittedModel, str]:
    """Return the model of a file, and the SHA-256 of the file.

    Raises
    ------
    BadInput
        It is no model, or not one of tool calls.
    """
    fitted = read_model(path)
    if "tool_calls" not in fitted.model.reads:
        raise BadInput(
            f"{path}: is a model of {fitted.model.reads[0].replace('_', ' ')}, and traces are tool "
            "calls; give a model of these, as `consilience fit --model chain` makes it"
        )
    return fitted, sha256(path.read_bytes()).hexdigest()

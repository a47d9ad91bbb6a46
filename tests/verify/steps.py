"""The steps of the verification, in the order in which they are told."""

from tests.verify import exhaustion
from tests.verify.step import Step

__all__ = ["STEPS"]

STEPS = (Step("exhaustion", "Every mantissa, every logarithm, every round trip", exhaustion.run),)

"""The claims of the tool chain, in their order."""

from consilience.validate.bench import Options
from consilience.validate.claim import Claim
from consilience_tools.validate import bitstreams, campaigns, dependencies, netlists, quality

__all__ = ["claims"]


def claims(options: Options) -> list[Claim]:
    """Return the claims; what a claim needs is imported in its test."""
    return [
        *netlists.claims(),
        *bitstreams.claims(),
        *quality.claims(),
        *dependencies.claims(),
        *campaigns.claims(options.scale),
    ]

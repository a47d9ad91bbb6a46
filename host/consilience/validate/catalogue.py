"""All claims in their order: the library's, and those of the tool chain where it is installed."""

import importlib.metadata

from consilience.extras import naming_extras
from consilience.validate.claim import Claim
from consilience.validate.claims import (
    behaving,
    coin,
    digests,
    million,
    recurrence,
    repeats,
    scaling,
)

__all__ = ["GROUP", "all_claims"]

GROUP = "consilience.claims"
"""Entry points of functions that take the devices' URLs and return claims; they import what a claim
needs in its test, so that a claim that cannot be tested is in the list all the same."""


def all_claims(devices: tuple[str, ...]) -> list[Claim]:
    """Return the claims for these devices.

    Raises
    ------
    ValueError
        Two have one name.
    """
    made = [
        *digests.claims(devices),
        *million.claims(devices),
        *scaling.claims(devices),
        *repeats.claims(devices),
        *coin.claims(),
        *behaving.claims(),
        *recurrence.claims(devices),
    ]
    for place in importlib.metadata.entry_points(group=GROUP):
        with naming_extras(place.name):
            made += place.load()(devices)
    names = [one.name for one in made]
    if len(set(names)) < len(names):
        raise ValueError(f"two claims have one name, of {', '.join(names)}")
    return made

"""All claims in their order: the library's, and those of the tool chain where it is installed."""

import importlib.metadata

from consilience.extras import naming_extras
from consilience.validate.bench import Options
from consilience.validate.claim import Claim
from consilience.validate.claims import (
    behaving,
    coin,
    cycles,
    data_file,
    digests,
    durability,
    fleets,
    fuzz,
    liars,
    link_under_fire,
    lying_monitors,
    million,
    partitions,
    permissions,
    recurrence,
    repeats,
    scaling,
)

__all__ = ["GROUP", "all_claims"]

GROUP = "consilience.claims"
"""Entry points of functions that take `Options` and return claims; they import what a claim
needs in its test, so that a claim that cannot be tested is in the list all the same."""


def all_claims(options: Options) -> list[Claim]:
    """Return the claims for these devices, and for the data of a user.

    Raises
    ------
    ValueError
        Two have one name.
    """
    devices = options.devices
    made = [
        *data_file.claims(options.data),
        *digests.claims(devices),
        *million.claims(devices),
        *scaling.claims(devices),
        *repeats.claims(devices),
        *coin.claims(),
        *behaving.claims(),
        *recurrence.claims(devices),
        *fleets.claims(),
        *liars.claims(devices),
        *lying_monitors.claims(),
        *partitions.claims(),
        *durability.claims(),
        *link_under_fire.claims(),
        *cycles.claims(devices),
        *fuzz.claims(),
        *permissions.claims(),
    ]
    for place in importlib.metadata.entry_points(group=GROUP):
        with naming_extras(place.name):
            made += place.load()(options)
    names = [one.name for one in made]
    if len(set(names)) < len(names):
        raise ValueError(f"two claims have one name, of {', '.join(names)}")
    return made

"""The claims of one device that is open already: for a service, whose devices have names."""

from typing import Any

from consilience.devices.device import Device
from consilience.errors import BadInput, Mismatch
from consilience.validate.bench import Bench, Options
from consilience.validate.catalogue import all_claims
from consilience.validate.claim import Claim
from consilience.validate.finding import Scale, Verdict
from consilience.validate.report import claim_document
from consilience.validate.running import run_one

__all__ = ["EVERY", "claims_of_device", "tested_claims"]

EVERY = "all"


def claims_of_device(name: str, wanted: str) -> list[Claim]:
    """Return the claims that are of each device, for one of this name.

    Parameters
    ----------
    name : str
        Of the device; the claims have it behind their own.
    wanted : str
        ``all``, or beginnings of names, with commas between them.

    Raises
    ------
    BadInput
        No claim's name begins so.
    """
    label = _label(name)
    others = {one.name for one in all_claims(Options(Scale.QUICK, ()))}
    made = [one for one in all_claims(Options(Scale.QUICK, (label,))) if one.name not in others]
    beginnings = [one.strip() for one in wanted.split(",")]
    for one in beginnings:
        if one != EVERY and not (one and any(claim.name.startswith(one) for claim in made)):
            known = ", ".join(claim.name.removesuffix(f".{label}") for claim in made)
            raise BadInput(f"claims={one}: no claim of a device begins so; there are {known}")
    return [one for one in made if EVERY in beginnings or one.name.startswith(tuple(beginnings))]


def tested_claims(claims: list[Claim], name: str, device: Device) -> list[dict[str, Any]]:
    """Return what came of claims, as `report.claims_document` has them; the device stays open.

    Raises
    ------
    Mismatch
        One of them fails; the message says which, and its worst case.
    """
    bench = Bench(Options(Scale.QUICK, (_label(name),)), lambda _: device)
    tested = [run_one(claim, bench) for claim in claims]
    for one in tested:
        if one.verdict is Verdict.FAIL:
            worst = one.reason or (one.finding.worst if one.finding else "")
            raise Mismatch(f"claim {one.name} fails: {worst}; take the device out of service")
    return [claim_document(one) for one in tested]


def _label(name: str) -> str:
    """Return what claims call a device: no URL, of which claims may know more than is true here."""
    return f"backend-{name}"

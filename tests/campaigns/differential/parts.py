"""What the campaign consists of: kinds of calls on a device, seeds, and what became of them."""

import json
import shlex
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import consilience as cs
from consilience.devices.device import Device
from tests.campaigns.differential.kind import Arguments, Kind, Outcome
from tests.campaigns.differential.kinds import KINDS, kind_of
from tests.campaigns.differential.shrink import shrunk

__all__ = ["Part", "Tally", "again", "differs", "found_on", "parts"]

_EACH = {"cpu": 10_000, "sim": 500}
"""Calls of a part."""
_SHRUNK = 2
"""Differences of a part that are made small."""


@dataclass
class Tally:
    """Calls by device and kind, differences of each, and these in words."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    differences: Counter[tuple[str, str]] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add what another part found."""
        self.calls += other.calls
        self.differences += other.differences
        self.complaints += other.complaints

    def on(self, url: str) -> int:
        """Return the calls on a device."""
        return sum(count for (where, _), count in self.calls.items() if where == url)

    @property
    def holds(self) -> bool:
        """Something was called, and nothing differed."""
        return self.calls.total() > 0 and not self.differences


@dataclass(frozen=True)
class Part:
    """Calls of one kind on one device.

    Parameters
    ----------
    kind, url, seed : str
    calls : int
        At least so many.
    """

    kind: str
    url: str
    seed: str
    calls: int

    def run(self) -> Tally:
        """Open the device, and compare."""
        with cs.open(self.url) as device:
            return self.compared(device)

    def compared(self, device: Device) -> Tally:
        """Draw calls of the device, and compare each with the golden model."""
        kind, name = kind_of(self.kind), (self.url, self.kind)
        tally = Tally()
        number = 0
        while tally.calls[name] < self.calls:
            rng = Random(f"{self.seed}/{number}")
            arguments = kind.draw(rng, large=self.url == "cpu")
            number += 1
            try:
                expected = kind.expected(arguments)
            except ValueError:
                continue  # nothing is promised of these
            tally.calls[name] += len(expected)
            if found_on(kind, device, arguments) != expected:
                tally.differences[name] += 1
                if tally.differences[name] <= _SHRUNK:
                    tally.complaints.append(_made_small(kind, self.url, device, arguments))
        return tally


def differs(kind: Kind, device: Device, arguments: Arguments) -> tuple[Outcome, Any] | None:
    """Return what is expected and what is found, if these differ; None also for no arguments."""
    try:
        expected = kind.expected(arguments)
    except Exception:
        return None
    found = found_on(kind, device, arguments)
    return None if found == expected else (expected, found)


def found_on(kind: Kind, device: Device, arguments: Arguments) -> Any:
    """Return what a device gives; an error that is none of ours, in words."""
    try:
        return kind.found(device, arguments)
    except Exception as error:
        return repr(error)


def again(kind: Kind, url: str, arguments: Arguments) -> str:
    """Return the line that makes some calls again."""
    call = json.dumps({"kind": kind.name, "device": url, "arguments": arguments})
    return f"python -m tests.campaigns.differential --call {shlex.quote(call)}"


def _made_small(kind: Kind, url: str, device: Device, arguments: Arguments) -> str:
    """Return a smaller call that differs in the same way, and in what."""
    _, first = differs(kind, device, arguments) or ("", "")

    def fails(one: Arguments) -> bool:
        found = differs(kind, device, one)
        return found is not None and _errors(found[1]) <= _errors(first)

    small = shrunk(arguments, fails, tries=3_000 if url == "cpu" else 300)
    expected, found = differs(kind, device, small) or ("", "something else, but only once")
    return f"{again(kind, url, small)}\n    golden: {expected}\n    {url}: {found}"


def _errors(found: Any) -> set[str]:
    """Return the errors among what was found: one in place of all, or of single calls."""
    return {one for one in ([found] if isinstance(found, str) else found) if isinstance(one, str)}


def parts(calls: int, sim_calls: int, seed: int) -> list[Part]:
    """Return the parts of a campaign of so many calls on the cpu, and in simulation."""
    found = []
    for url, most in (("sim", sim_calls), ("cpu", calls)):
        kinds = {kind: share for kind, share in KINDS.items() if url == "cpu" or kind.needs_device}
        for kind, share in kinds.items():
            left, number = -(-most * share // sum(kinds.values())), 0
            while left > 0:
                name = f"{seed}/{kind.name}/{number}"
                found.append(Part(kind.name, url, name, min(left, _EACH[url])))
                left, number = left - _EACH[url], number + 1
    return found

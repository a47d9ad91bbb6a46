"""The ports of an exported module, as its datasheet lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Port", "ports_of"]

_DIRECTIONS = {"In": "input", "Out": "output"}


@dataclass(frozen=True)
class Port:
    """A port of the module."""

    name: str
    width: int
    direction: str
    meaning: str


def ports_of(top: Any, meanings: Mapping[str, str]) -> list[Port]:
    """Return the ports of a component, with what each means.

    Parameters
    ----------
    top : component
    meanings : mapping of str to str
        By name, in the order of the list; clock and reset may be among them that Amaranth adds.
    """
    members = top.signature.members
    assert set(members) <= set(meanings), set(members) - set(meanings)
    ports = []
    for name, meaning in meanings.items():
        if name in members:
            width, flow = int(members[name].shape), members[name].flow.name
        else:
            width, flow = 1, "In"
        ports.append(Port(name, width, _DIRECTIONS[flow], meaning))
    return ports

"""Lines of a source, counted from where a state left off."""

from typing import Any

from consilience.errors import BadInput

__all__ = ["BLOCK", "LONGEST", "POLL_S", "CountedLines", "place_of", "whole_lines"]

BLOCK = 1 << 18
LONGEST = 1 << 20
"""Bytes of a line, at most."""
POLL_S = 0.2


class CountedLines:
    """Counts the lines and the bytes that were given, from where a state left off."""

    def __init__(self, place: dict[str, Any]) -> None:
        self.offset, self.number = int(place.get("offset", 0)), int(place.get("line", 0))
        self.news: list[str] = []
        """What there is to tell of the source; the caller takes it."""

    def give_back(self, lines: list[bytes]) -> None:
        """Take back the last lines that were given: they were not counted."""
        self.offset -= sum(map(len, lines))
        self.number -= len(lines)

    def numbered(self, lines: list[bytes]) -> list[tuple[int, bytes]]:
        """Count lines, and return them with their numbers."""
        first = self.number + 1
        self.number += len(lines)
        self.offset += sum(map(len, lines))
        return list(enumerate(lines, first))


def place_of(place: dict[str, Any], kind: str, goes_on: bool) -> dict[str, Any]:
    """Return the place at which a source of a kind begins.

    Parameters
    ----------
    place : dict
        That of the state; empty at the start.
    kind : str
    goes_on : bool
        A source of another kind goes on after the lines of the one before.

    Raises
    ------
    BadInput
        The state is of another kind.
    """
    if not place or place["source"] == kind:
        return place
    if goes_on:
        return {"source": kind, "line": place["line"]}
    raise BadInput(
        f"the state is of a {place['source']}, not of a {kind}; give the same source, pass --next "
        "if this one goes on after it, or begin anew with another --state"
    )


def whole_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the lines that have an end, and what comes after the last of them."""
    *lines, rest = data.split(b"\n")
    return [line + b"\n" for line in lines], rest

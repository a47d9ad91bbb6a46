"""Server-sent events, line by line, as the HTML standard has them."""

import json
from typing import Any

__all__ = ["EventLines"]


class EventLines:
    """Puts lines together to events.

    Attributes
    ----------
    last : str
        Number of the last event, with which a stream is taken up again.
    """

    def __init__(self, last: str) -> None:
        self.last = last
        self._data: list[str] = []
        self._id: str | None = None

    def take(self, line: str) -> dict[str, Any] | None:
        """Take a line; return the event that it ends, if it is an alarm."""
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                self._data.append(value)
            elif name == "id" and "\0" not in value:
                self._id = value
            return None
        data, number = self._data, self._id
        self._data, self._id = [], None
        if number is not None:
            self.last = number
        if not data:
            return None
        found = json.loads("\n".join(data))
        return found if isinstance(found, dict) and "agent" in found else None

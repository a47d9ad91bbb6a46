"""What a format is to the detection: a name, a test of what it is recognised by, a reader."""

from collections.abc import Callable
from dataclasses import dataclass

from consilience.traces.source import Source
from consilience.traces.steps import Reading

__all__ = ["Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Attributes
    ----------
    name : str
        What `--format` calls it.
    title : str
        What people call it.
    recognise : callable
        From a source to why it is of this format, or None if it is not.
    read : callable
        From a source to its steps.
    """

    name: str
    title: str
    recognise: Callable[[Source], str | None]
    read: Callable[[Source], Reading]

"""What the fields of an event say of a call: its tool, whether it begins or ends, and failed."""

from functools import lru_cache
from typing import Any, NamedTuple

from consilience.field_names import TIMES, plain_name
from consilience.traces.call_outcome import FAILING, RESULTS, failed_of
from consilience.traces.json_values import first_text
from consilience.traces.steps import Step

__all__ = ["NAME", "TOOLS", "Kind", "kind_of", "step_of"]

TOOLS = ("tool", "tool_name", "gen_ai_tool_name")
NAME = "name"
"""Of a tool, where no line has a tool."""

_EVENTS = ("event", "event_type", "event_name", "type", "kind", "phase")
_CALLS = ("call_id", "tool_call_id", "tool_use_id")
_ID = "id"
"""Of the call, where a line is all of it; else it may be that of the line."""

_OF_TOOLS = {"tool", "tools", "call", "function"}
_BEGINS = {"start", "started", "begin", "began", "call", "request", "requested", "invoke",
           "invoked", "use"}  # fmt: skip
_ENDS = {"end", "ended", "finish", "finished", "result", "complete", "completed", "done",
         "response", "returned", "return", "output", "error", "failed", "failure"}  # fmt: skip


class Kind(NamedTuple):
    """What kind of event a row is, by what it says of itself.

    Parameters
    ----------
    said : bool
        It says something.
    of_tool : bool
    begins, ends : bool
        It is the begin of a call alone, or the end of one.
    fails : bool
        It is the end of a call that failed.
    """

    said: bool = False
    of_tool: bool = False
    begins: bool = False
    ends: bool = False
    fails: bool = False

    def call_of(self, fields: dict[str, Any]) -> str | None:
        """Return the id of the call that such a row is of; None if it says none."""
        whole = not self.begins and not self.ends
        return first_text(fields, (*_CALLS, _ID) if whole else _CALLS)


_NO_KIND = Kind()


def kind_of(fields: dict[str, Any]) -> Kind:
    """Return the kind of event that a row is."""
    said = [value for name in _EVENTS if type(value := fields.get(name)) is str]
    return _kind(" ".join(said)) if said else _NO_KIND


@lru_cache(maxsize=4096)
def _kind(said: str) -> Kind:
    words = set(plain_name(said).split("_"))
    ends = bool(_ENDS & words)
    begins = bool(_BEGINS & words) and not ends
    return Kind(True, bool(_OF_TOOLS & words), begins, ends, ends and bool(FAILING & words))


def step_of(
    tool: str, fields: dict[str, Any], kind: Kind, agent: str | None, odd: set[str]
) -> Step:
    """Return the call that a row tells.

    Parameters
    ----------
    tool : str
    fields : dict
        By plain names.
    kind : Kind
        Of the row.
    agent : str or None
    odd : set of str
        Gets a status that says neither that the call failed nor that it worked.
    """
    error = failed_of(fields, odd, begins=kind.begins, fails=kind.fails)
    done = error is not None or any(fields.get(name) is not None for name in RESULTS)
    return Step(tool, kind.call_of(fields), error, first_text(fields, TIMES), done, agent)

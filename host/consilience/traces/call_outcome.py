"""Whether a call failed, by the fields of its line: flags, statuses, exit codes, results."""

from collections.abc import Iterable, Mapping
from typing import Any

from consilience.field_names import plain_name
from consilience.traces.json_values import text

__all__ = ["FAILING", "RESULTS", "failed_of"]

RESULTS = ("result", "output", "tool_output", "tool_result")

_FAILED = ("error", "errors", "is_error", "has_error", "failed", "error_message", "error_code",
           "error_type", "exception", "traceback")  # fmt: skip
_WORKED = ("ok", "success", "succeeded")
_EXITS = ("exit_code", "exit_status", "return_code", "returncode")
_STATUS = ("status", "outcome", "status_code", "http_status", "http_status_code")
_WITHIN = ("is_error", "error", "ok", "success")
"""Flags within a result: other fields there are what the tool returned."""
_LEVELS = ("level", "log_level", "severity", "severity_text")

_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
_NOTHING = {"", "none", "null", "nan"}
FAILING = {"error", "errored", "failed", "failure", "fail", "exception", "timeout", "timed",
           "denied", "cancelled", "canceled", "rejected", "aborted", "crashed"}  # fmt: skip
"""Words of an end that is a failure."""
_GOOD = {"ok", "success", "successful", "succeeded", "complete", "completed", "done", "passed",
         "finished"}  # fmt: skip
_OPEN = {"unset", "running", "pending", "started", "queued", "progress", "unknown"}
_LONGEST = 200
"""Characters of what may be a status."""
_GRAVE = {"error", "critical", "fatal"}


def failed_of(
    fields: Mapping[str, Any], odd: set[str], *, begins: bool = False, fails: bool = False
) -> bool | None:
    """Return whether a call failed; None: nothing says so.

    Flags come before exit codes, these before statuses, and these before a result that is one word,
    a state, the level of a log, and the kind of event. A field for an error that is there and empty
    says that there was none, but of a call that only begins, and of one whose result is there and
    empty, too.

    Parameters
    ----------
    fields : mapping
        Of the call's line, by plain names.
    odd : set of str
        Gets a status that says neither that the call failed nor that it worked.
    begins : bool
        The line is of the call's begin alone.
    fails : bool
        Its kind of event is the end of a call that failed.
    """
    results = [fields[name] for name in RESULTS if name in fields]
    flags = _flags(fields)
    for one in results:
        if isinstance(one, dict):
            held = {plain_name(str(name)): value for name, value in one.items()}
            flags += _flags({name: held.get(name) for name in _WITHIN})
    if flags:
        return any(flags)
    for found in (_exit(fields), _status(fields, odd)):
        if found is not None:
            return found
    words = [text(one) or "" for one in results]
    words = [one for one in words if len(_words_in(one)) == 1]
    ends = [_of_words(one) for one in (*words, text(fields.get("state")) or "")]
    ends += [True for name in _LEVELS if _words_in(text(fields.get(name)) or "") & _GRAVE]
    told = [one for one in ends if one is not None]
    if told:
        return any(told)
    if fails:
        return True
    is_open = begins or (bool(results) and all(one is None for one in results))
    return False if not is_open and any(name in fields for name in _FAILED) else None


def _flags(fields: Mapping[str, Any]) -> list[bool]:
    """Return what each field that is there for it says of failing."""
    found = []
    for names, failed in ((_FAILED, True), (_WORKED, False)):
        truths = (_truth(fields.get(name)) for name in names)
        found += [one is failed for one in truths if one is not None]
    return found


def _truth(value: Any) -> bool | None:
    """Return whether it is true; None where there is nothing. A text that is neither is an error
    message, and so is an object or a list with anything in it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict | list):
        held: Iterable[Any] = value.values() if isinstance(value, dict) else value
        return any(map(_truth, held)) or None
    written = (text(value) or "").strip().lower()
    if written in _NOTHING:
        return None
    try:
        return float(written) != 0.0  # of a table with gaps: 1.0
    except ValueError:
        return _TRUTHS.get(written, True)


def _exit(fields: Mapping[str, Any]) -> bool | None:
    for name in _EXITS:
        written = (text(fields.get(name)) or "").strip()
        if written.lower() not in _NOTHING:
            try:
                return float(written) != 0.0
            except ValueError:
                continue
    return None


def _status(fields: Mapping[str, Any], odd: set[str]) -> bool | None:
    """Return what a status says; a number is one of HTTP."""
    for name in _STATUS:
        value = fields.get(name)
        if isinstance(value, bool):
            return not value
        status = text(value)
        if status is not None:
            break
    else:
        return None
    if status.strip().isdecimal():
        number = int(status)
        if 100 <= number < 600:
            return number >= 400
        odd.add(status)
        return None
    found = _of_words(status)
    words = _words_in(status)
    if found is None and ({"no", "not"} & words or not (_OPEN | _NOTHING) & words):
        odd.add(status)
    return found


def _of_words(written: str) -> bool | None:
    """Return whether some words say that it failed; None if they say nothing of it."""
    words = _words_in(written)
    if {"no", "not"} & words:
        return None
    if FAILING & words:
        return True
    return False if _GOOD & words else None


def _words_in(written: str) -> set[str]:
    return set(plain_name(written).split("_")) if len(written) <= _LONGEST else set()

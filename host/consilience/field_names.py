"""Names that people give to the fields of an event: one list for all that reads such lines."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from re import compile as pattern

__all__ = ["AGENTS", "RUNS", "TIMES", "first_of", "looks_like_a_run", "plain_name"]

AGENTS = ("agent", "agent_id", "agent_name")
RUNS = ("run", "run_id", "run_name", "conversation", "conversation_id", "session", "session_id",
        "trace_id", "thread_id")  # fmt: skip
TIMES = ("time", "timestamp", "at", "ts", "start_time", "started_at", "created_at", "event_time",
         "datetime", "date")  # fmt: skip
"""Plain names, the first that is there counts."""

_HUMP = pattern(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = pattern(r"[^a-z0-9]+")
_OF_RUNS = {"run", "session", "conversation", "trace", "thread", "task", "job", "request", "ticket",
            "episode", "execution", "id", "uuid", "guid"}  # fmt: skip


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Return a name without what spellings differ in: `runId`, `Run ID`, `run.id` are `run_id`."""
    return _OTHER.sub("_", _HUMP.sub("_", name).lower()).strip("_")


def first_of(known: Sequence[str], names: Iterable[str]) -> str | None:
    """Return which of some names is the first of the known ones; None if none is known."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(plain_name(name), name)
    return next((plain[one] for one in known if one in plain), None)


def looks_like_a_run(name: str) -> bool:
    """Return whether a field that nobody knows may say of which run a line is."""
    return bool(_OF_RUNS & set(plain_name(name).split("_")))

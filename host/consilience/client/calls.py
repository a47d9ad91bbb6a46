"""The calls of the API, version 1, and rows in the batches in which they are sent."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from consilience.client.exchange import Call
from consilience.errors import BadInput

__all__ = [
    "acknowledge_call",
    "agent_call",
    "agents_call",
    "alarms_call",
    "alerts_call",
    "batches",
    "benchmark_call",
    "fleet_call",
    "lift_call",
    "observations_call",
    "proof_call",
    "remove_call",
    "silence_call",
    "silences_call",
    "status_call",
    "validate_call",
]

Row = Mapping[str, Any]


def status_call() -> Call:
    """Return the call that asks who the service is."""
    return Call("GET", "/v1/status")


def fleet_call() -> Call:
    """Return the call that asks how many agents behave."""
    return Call("GET", "/v1/fleet")


def agent_call(agent: str) -> Call:
    """Return the call that asks for one agent."""
    return Call("GET", f"/v1/agents/{quote(agent, safe='')}")


def proof_call(alarm: int) -> Call:
    """Return the call that asks for the proof that an alarm is in the log of verdicts."""
    return Call("GET", f"/v1/alarms/{alarm}/proof")


def remove_call(agent: str) -> Call:
    """Return the call that forgets an agent; made again, there is no such agent."""
    return Call("DELETE", f"/v1/agents/{quote(agent, safe='')}", again=False)


def agents_call(after: str | None, limit: int, state: str | None) -> Call:
    """Return the call that asks for a page of agents."""
    asked = {"after": after, "limit": limit, "state": state}
    return Call("GET", "/v1/agents", {name: one for name, one in asked.items() if one is not None})


def alarms_call(after: int, limit: int) -> Call:
    """Return the call that asks for alarms after a number."""
    return Call("GET", "/v1/alarms", {"after": after, "limit": limit})


def alerts_call(after: int, limit: int, standing: bool) -> Call:
    """Return the call that asks what became of telling people of alarms."""
    which = str(standing).lower()
    return Call("GET", "/v1/alerts", {"after": after, "limit": limit, "standing": which})


def acknowledge_call(alarm: int, note: str | None) -> Call:
    """Return the call that acknowledges an alarm; made twice, it does nothing more."""
    return Call("POST", f"/v1/alarms/{alarm}/acknowledge", body=_body(note=note))


def silences_call() -> Call:
    """Return the call that asks for the silences that hold."""
    return Call("GET", "/v1/silences")


def silence_call(pattern: str, for_ms: int, note: str | None) -> Call:
    """Return the call that silences agents; made twice, there are two silences."""
    body = _body(pattern=pattern, for_ms=for_ms, note=note)
    return Call("POST", "/v1/silences", body=body, again=False)


def lift_call(silence: int) -> Call:
    """Return the call that ends a silence."""
    return Call("DELETE", f"/v1/silences/{silence}")


def benchmark_call(backend: str) -> Call:
    """Return the call that measures a backend; it takes the device for a while, so once."""
    return Call("POST", "/v1/benchmark", {"backend": backend}, again=False)


def validate_call(backend: str | None, claims: str | None = None) -> Call:
    """Return the call that checks a backend's pinned digest."""
    asked = {"backend": backend, "claims": claims}
    return Call("POST", "/v1/validate", {key: one for key, one in asked.items() if one is not None})


def observations_call(rows: list[Row]) -> Call:
    """Return the call that sends rows."""
    try:
        body = json.dumps({"observations": rows}, allow_nan=False, default=_plain)
    except ValueError as error:
        raise BadInput(f"observations: {error}; a score is a finite number") from None
    return Call("POST", "/v1/observations", body=body.encode())


def batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Yield rows in batches; a whole run without a name gets one, so that it can be sent twice.

    Raises
    ------
    BadInput
        A row is no mapping, or `size` is below 1.
    """
    if size < 1:
        raise BadInput(f"a batch has 1 row or more, not {size}")
    batch: list[Row] = []
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise BadInput(f"observation {place}: a mapping such as {{'agent': 'a', 'score': 1.5}}")
        batch.append(_named(row))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _body(**fields: object) -> bytes:
    return json.dumps({name: one for name, one in fields.items() if one is not None}).encode()


def _named(row: Row) -> Row:
    if row.get("reporter") is not None and row.get("run") is None:
        raise BadInput("observations: a row with a reporter names its run, as others speak of it")
    if row.get("run") is None and row.get("event", "run") == "run":
        return {**row, "run": uuid.uuid4().hex}
    return dict(row)


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as Python has it."""
    if hasattr(value, "item"):
        return value.item()
    raise BadInput(f"observations: {value!r} of type {type(value).__name__} is no JSON")

"""The service from a program with an event loop (asyncio)."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx

from consilience.client import calls
from consilience.client.address import Address
from consilience.client.event_stream import EventLines
from consilience.client.exchange import Answer, Call, exchange, unreachable
from consilience.client.receipt import Receipt
from consilience.client.retrying import Retrying
from consilience.client.service_errors import AGAIN, error_of

__all__ = ["AsyncClient"]

Row = Mapping[str, Any]


class AsyncClient:
    """As `Client`, with calls that are awaited; an asynchronous context manager.

    Parameters, results and errors are those of `Client`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        ca: str | Path | None = None,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
        timeout_s: float = 30.0,
        retrying: Retrying | None = None,
    ) -> None:
        self._url = url
        self._retrying = retrying or Retrying()
        options = Address(url, token, ca, certificate, key, timeout_s).options()
        self._http = httpx.AsyncClient(**options)

    async def status(self) -> dict[str, Any]:
        """As `Client.status`."""
        return await self._made(calls.status_call())

    async def benchmark(self, backend: str) -> dict[str, Any]:
        """As `Client.benchmark`."""
        return await self._made(calls.benchmark_call(backend))

    async def validate(
        self, backend: str | None = None, claims: str | None = None
    ) -> dict[str, Any]:
        """As `Client.validate`."""
        return await self._made(calls.validate_call(backend, claims))

    async def send(self, observations: Iterable[Row], *, batch: int = 1000) -> Receipt:
        """As `Client.send`."""
        whole = Receipt()
        for rows in calls.batches(observations, batch):
            whole += Receipt.of(await self._made(calls.observations_call(rows)))
        return whole

    async def fleet(self) -> dict[str, Any]:
        """As `Client.fleet`."""
        return await self._made(calls.fleet_call())

    async def proof(self, alarm: int) -> dict[str, Any]:
        """As `Client.proof`."""
        return await self._made(calls.proof_call(alarm))

    async def agent(self, agent: str) -> dict[str, Any]:
        """As `Client.agent`."""
        return await self._made(calls.agent_call(agent))

    async def remove_agent(self, agent: str) -> int:
        """Forget an agent that is gone for good; return the position of that in the log."""
        return int((await self._made(calls.remove_call(agent)))["position"])

    async def agents(
        self, *, state: str | None = None, page: int = 500
    ) -> AsyncIterator[dict[str, Any]]:
        """As `Client.agents`."""
        after: str | None = None
        while True:
            found = await self._made(calls.agents_call(after, page, state))
            for one in found["agents"]:
                yield one
            after = found.get("next")
            if after is None:
                return

    async def alarms(self, *, after: int = 0, page: int = 500) -> AsyncIterator[dict[str, Any]]:
        """As `Client.alarms`."""
        while True:
            found = (await self._made(calls.alarms_call(after, page)))["alarms"]
            for one in found:
                yield one
            if not found:
                return
            after = int(found[-1]["id"])

    async def alerts(
        self, *, standing: bool = True, page: int = 500
    ) -> AsyncIterator[dict[str, Any]]:
        """As `Client.alerts`."""
        after: int | None = 0
        while after is not None:
            found = await self._made(calls.alerts_call(after, page, standing))
            for one in found["alerts"]:
                yield one
            after = found["next"]

    async def acknowledge(self, alarm: int, note: str | None = None) -> list[int]:
        """As `Client.acknowledge`."""
        ended: list[int] = (await self._made(calls.acknowledge_call(alarm, note)))["acknowledged"]
        return ended

    async def silences(self) -> list[dict[str, Any]]:
        """As `Client.silences`."""
        found: list[dict[str, Any]] = (await self._made(calls.silences_call()))["silences"]
        return found

    async def silence(self, pattern: str, for_ms: int, note: str | None = None) -> dict[str, Any]:
        """As `Client.silence`."""
        return await self._made(calls.silence_call(pattern, for_ms, note))

    async def lift(self, silence: int) -> dict[str, Any]:
        """As `Client.lift`."""
        return await self._made(calls.lift_call(silence))

    async def follow_alarms(self, *, after: int = 0) -> AsyncIterator[dict[str, Any]]:
        """As `Client.follow_alarms`."""
        lines, failures = EventLines(str(after)), 0
        while True:
            headers = {"Accept": "text/event-stream", "Last-Event-ID": lines.last}
            wait = None
            try:
                async with self._http.stream("GET", "/v1/alarms/stream", headers=headers) as answer:
                    if answer.status_code >= 300:
                        await answer.aread()
                        self._refuse_stream(answer)
                        wait = answer.headers
                    else:
                        async for line in answer.aiter_lines():
                            failures = 0
                            found = lines.take(line)
                            if found is not None:
                                yield found
            except httpx.TransportError as error:
                if failures + 1 >= self._retrying.tries:
                    raise unreachable(self._url, error) from None
            failures += 1
            lines = EventLines(lines.last)
            await asyncio.sleep(self._retrying.wait_s(failures, wait))

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _refuse_stream(self, answer: httpx.Response) -> None:
        if answer.status_code not in AGAIN:
            document = answer.json() if "json" in answer.headers.get("content-type", "") else None
            raise error_of(answer.status_code, document, answer.text, "GET /v1/alarms/stream")

    async def _made(self, call: Call) -> dict[str, Any]:
        steps = exchange(call, self._retrying, self._url)
        answer: Answer | None = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                made: dict[str, Any] = end.value
                return made
            if isinstance(step, float):
                await asyncio.sleep(step)
                answer = None
            else:
                answer = await self._sent(step)

    async def _sent(self, call: Call) -> Answer:
        headers = {} if call.body is None else {"Content-Type": "application/json"}
        try:
            return await self._http.request(
                call.method, call.path, params=dict(call.query), content=call.body, headers=headers
            )
        except httpx.TransportError as error:
            return error

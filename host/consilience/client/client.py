"""The service from a program that waits for its answers."""

import time
from collections.abc import Iterable, Iterator, Mapping
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
from consilience.closing import Closes

__all__ = ["Client"]

Row = Mapping[str, Any]


class Client(Closes):
    """Speaks with one service; not for several threads at a time.

    Parameters
    ----------
    url : str
        As ``http://127.0.0.1:8080``.
    token : str, optional
        Default the environment variable CONSILIENCE_TOKEN.
    ca, certificate, key : path, optional
        PEM files: whom to trust, and who this client is.
    timeout_s : float
        Longest silence of the service.
    retrying : Retrying, optional

    Raises
    ------
    BadInput
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
        self._http = httpx.Client(**options)

    def status(self) -> dict[str, Any]:
        """Return who the service is, since when it runs, and its devices."""
        return self._made(calls.status_call())

    def benchmark(self, backend: str) -> dict[str, Any]:
        """Return the measured speed of a backend, and the digest that all backends share.

        Raises
        ------
        NoDevice
            The service has no such backend, or it is not there. No other is taken for it.
        """
        return self._made(calls.benchmark_call(backend))

    def validate(self, backend: str | None = None, claims: str | None = None) -> dict[str, Any]:
        """Return whether a backend, or each of them, gives the pinned digest, and keeps claims.

        Parameters
        ----------
        backend : str, optional
            Default: each of them.
        claims : str, optional
            ``all``, or beginnings of names of claims (docs/validate.md), with commas between them:
            they are tested too, which takes from seconds to minutes.
        """
        return self._made(calls.validate_call(backend, claims))

    def send(self, observations: Iterable[Row], *, batch: int = 1000) -> Receipt:
        """Send observations; return when all are on the service's disk.

        Parameters
        ----------
        observations : iterable of dict
            With ``agent`` and ``score``, and where there are any ``run``, ``step``, ``event``,
            ``at``, ``group``: as docs/service.md has them. A whole run without a name gets one.
        batch : int
            Rows in a request.

        Returns
        -------
        Receipt
            Of all batches. A batch is tried again until it is acknowledged; what is sent twice
            counts once.

        Raises
        ------
        BadInput
            A row cannot be; batches before it count.
        NoDevice, PermissionRefused, ServiceError
        """
        whole = Receipt()
        for rows in calls.batches(observations, batch):
            whole += Receipt.of(self._made(calls.observations_call(rows)))
        return whole

    def fleet(self) -> dict[str, Any]:
        """Return how many agents behave, and who does not."""
        return self._made(calls.fleet_call())

    def agent(self, agent: str) -> dict[str, Any]:
        """Return an agent: its statistic, what is promised, history, alarms, reasons."""
        return self._made(calls.agent_call(agent))

    def proof(self, alarm: int) -> dict[str, Any]:
        """Return the proof that an alarm is in the log of verdicts, as `verify.py` takes it."""
        return self._made(calls.proof_call(alarm))

    def remove_agent(self, agent: str) -> int:
        """Forget an agent that is gone for good; return the position of that in the log."""
        return int(self._made(calls.remove_call(agent))["position"])

    def agents(self, *, state: str | None = None, page: int = 500) -> Iterator[dict[str, Any]]:
        """Yield all agents, or those in a state: alarm, quiet, learning."""
        after: str | None = None
        while True:
            found = self._made(calls.agents_call(after, page, state))
            yield from found["agents"]
            after = found.get("next")
            if after is None:
                return

    def alarms(self, *, after: int = 0, page: int = 500) -> Iterator[dict[str, Any]]:
        """Yield alarms after a number, in their order, up to the last that there is."""
        while True:
            found = self._made(calls.alarms_call(after, page))["alarms"]
            yield from found
            if not found:
                return
            after = int(found[-1]["id"])

    def alerts(self, *, standing: bool = True, page: int = 500) -> Iterator[dict[str, Any]]:
        """Yield alarms that stand, or all, with what became of telling people.

        In ``ended``, ``silenced`` and ``told``: docs/alerts.md.
        """
        after: int | None = 0
        while after is not None:
            found = self._made(calls.alerts_call(after, page, standing))
            yield from found["alerts"]
            after = found["next"]

    def acknowledge(self, alarm: int, note: str | None = None) -> list[int]:
        """Acknowledge an alarm, for its agent; return the numbers of those that ended."""
        ended: list[int] = self._made(calls.acknowledge_call(alarm, note))["acknowledged"]
        return ended

    def silences(self) -> list[dict[str, Any]]:
        """Return the silences that hold."""
        found: list[dict[str, Any]] = self._made(calls.silences_call())["silences"]
        return found

    def silence(self, pattern: str, for_ms: int, note: str | None = None) -> dict[str, Any]:
        """Tell nobody of agents of a pattern for a while; return the silence.

        Parameters
        ----------
        pattern : str
            Of names: ``*``, ``?``, ``[abc]``.
        for_ms : int
        note : str, optional
        """
        return self._made(calls.silence_call(pattern, for_ms, note))

    def lift(self, silence: int) -> dict[str, Any]:
        """End a silence now; return it."""
        return self._made(calls.lift_call(silence))

    def follow_alarms(self, *, after: int = 0) -> Iterator[dict[str, Any]]:
        """Yield alarms after a number, then each when it is raised, for ever.

        A stream that breaks is taken up again after the last alarm that came.
        """
        lines, failures = EventLines(str(after)), 0
        while True:
            headers = {"Accept": "text/event-stream", "Last-Event-ID": lines.last}
            wait = None
            try:
                with self._http.stream("GET", "/v1/alarms/stream", headers=headers) as answer:
                    if answer.status_code >= 300:
                        answer.read()
                        self._refuse_stream(answer)
                        wait = answer.headers
                    else:
                        for line in answer.iter_lines():
                            failures = 0
                            found = lines.take(line)
                            if found is not None:
                                yield found
            except httpx.TransportError as error:
                if failures + 1 >= self._retrying.tries:
                    raise unreachable(self._url, error) from None
            failures += 1
            lines = EventLines(lines.last)
            time.sleep(self._retrying.wait_s(failures, wait))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _refuse_stream(self, answer: httpx.Response) -> None:
        if answer.status_code not in AGAIN:
            document = answer.json() if "json" in answer.headers.get("content-type", "") else None
            raise error_of(answer.status_code, document, answer.text, "GET /v1/alarms/stream")

    def _made(self, call: Call) -> dict[str, Any]:
        steps = exchange(call, self._retrying, self._url)
        answer: Answer | None = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                made: dict[str, Any] = end.value
                return made
            if isinstance(step, float):
                time.sleep(step)
                answer = None
            else:
                answer = self._sent(step)

    def _sent(self, call: Call) -> Answer:
        headers = {} if call.body is None else {"Content-Type": "application/json"}
        try:
            return self._http.request(
                call.method, call.path, params=dict(call.query), content=call.body, headers=headers
            )
        except httpx.TransportError as error:
            return error

"""Prometheus Alertmanager, through its API v2: told again and again what stands."""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from consilience.service.alerts.alert import Event, reason_of
from consilience.service.alerts.http_post import HttpPost
from consilience.service.alerts.target import Answer, Delivery, Target
from consilience.service.alerts.webhook import utc

__all__ = ["Alertmanager"]

_LOG = logging.getLogger(__name__)

_REPEAT_MS = 60_000
_ASK_AGAIN_MS = 3_600_000
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


class Alertmanager(Target):
    """An Alertmanager; of several that form a cluster each is a target of its own.

    No alert that it is told of has an end, so that its own `resolve_timeout` holds, by its own
    clock; it is told again within a third of that. An alert that has ended is told with its end.

    Parameters
    ----------
    name : str
    post : HttpPost
        To its ``/api/v2/alerts``.
    labels : mapping of str to str
        More labels of each alert.
    service : str
        Label `service`.
    clock : callable
        Milliseconds UTC.
    page : str or None
        Address of the service's own page, for the link back.
    """

    keeps_states = True
    batch = 200

    def __init__(
        self,
        name: str,
        post: HttpPost,
        labels: Mapping[str, str],
        service: str,
        clock: Callable[[], int],
        page: str | None = None,
    ) -> None:
        self.name = name
        self._post, self._labels = post, dict(labels)
        self._service, self._clock, self._page = service, clock, page
        self._repeat_ms, self._ask_ms = _REPEAT_MS, 0

    def repeat_ms(self) -> int:
        """Return a third of its `resolve_timeout`, a minute at the most."""
        now = self._clock()
        if not 0 <= self._ask_ms - now <= _ASK_AGAIN_MS:
            self._ask_ms = now + _ASK_AGAIN_MS
            timeout = _resolve_timeout_ms(self._post.get(f"{self._base}/status"))
            self._repeat_ms = min(_REPEAT_MS, max(1000, timeout // 3)) if timeout else _REPEAT_MS
            if timeout and timeout < 3 * 1000:
                _LOG.warning(
                    "alertmanager %s resolves alerts after %d ms without news of them, sooner "
                    "than they are repeated; set its resolve_timeout to 5m",
                    self.name,
                    timeout,
                )
        return self._repeat_ms

    def tell(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        """Post them together; if they are refused together, each by itself."""
        status, answer = self._tell(deliveries)
        if status in (400, 413, 422) and len(deliveries) > 1:
            return [self._tell([one])[1] for one in deliveries]
        return [answer] * len(deliveries)

    def close(self) -> None:
        """Close its connections."""
        self._post.close()

    @property
    def _base(self) -> str:
        return self._post.url.removesuffix("/alerts")

    def _tell(self, deliveries: Sequence[Delivery]) -> tuple[int, Answer]:
        body = json.dumps([self._alert(one) for one in deliveries]).encode()
        return self._post.post(body, {}, self._clock)

    def _alert(self, one: Delivery) -> dict[str, Any]:
        alert = one.alert
        labels = {
            **self._labels,
            "alertname": "ConsilienceAlarm",
            "service": self._service,
            "kind": alert.kind,
            "alarm": alert.id,
            # Alertmanager takes no label without a value.
            **({"agent": str(alert.agent)} if alert.agent not in (None, "") else {}),
            **({"run": str(alert.run)} if alert.run not in (None, "") else {}),
        }
        said = alert.alarm
        annotations = {
            "summary": _summary(alert.kind, alert.agent, provisional=alert.provisional),
            "description": reason_of(said),
            "meaning": said.get("says"),
            "promise": said.get("promise"),
            "statistic_bits": said.get("statistic_bits"),
            "threshold_bits": said.get("threshold_bits"),
            "provisional": str(alert.provisional).lower(),
            "ended": alert.how and f"{alert.how} by {alert.by}" if alert.by else alert.how,
        }
        found: dict[str, Any] = {
            "labels": labels,
            "annotations": {
                name: str(value) for name, value in annotations.items() if value not in (None, "")
            },
            "startsAt": utc(alert.at_ms),
        }
        if one.event is Event.RESOLVED:
            # Within a clock's difference from now it is resolved at once.
            found["endsAt"] = utc(alert.ended_ms or alert.at_ms)
        if self._page is not None:
            agent = alert.agent
            part = "" if agent is None else f"#agent={quote(str(agent), safe='')}"
            found["generatorURL"] = f"{self._page}{part}"
        return found


def _summary(kind: str, agent: int | str | None, *, provisional: bool) -> str:
    whose = "the fleet" if agent is None else f"agent {agent}"
    what = {"run": "a run of "}.get(kind, "")
    open_run = " (its run is still open)" if provisional else ""
    return f"{what}{whose} no longer behaves as it did{open_run}"


def _resolve_timeout_ms(status: bytes) -> int:
    """Return the `resolve_timeout` of an Alertmanager's status; 0 if it is not found."""
    try:
        text = json.loads(status)["config"]["original"]
    except (ValueError, KeyError, TypeError):
        return 0
    found = re.search(r"^\s*resolve_timeout:\s*\"?([0-9a-z]+)", str(text), re.MULTILINE)
    if found is None:
        return 0
    parts = re.findall(r"(\d+)(ms|s|m|h|d|w)", found[1])
    return sum(int(number) * _UNITS_MS[unit] for number, unit in parts)

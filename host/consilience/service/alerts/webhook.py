"""A webhook: each event of an alert as a signed POST."""

import datetime
import json
from collections.abc import Callable, Sequence
from typing import Any

from consilience import __version__
from consilience.service.alerts.alert import Event
from consilience.service.alerts.http_post import HttpPost
from consilience.service.alerts.signature import Signer
from consilience.service.alerts.target import Answer, Delivery, Target

__all__ = ["Webhook", "utc"]


class Webhook(Target):
    """A receiver of Standard Webhooks.

    The body is ``{"type": "alarm.raised" or "alarm.resolved", "timestamp": when it happened,
    "service": NAME, "data": the alarm as the API shows it}``.

    Parameters
    ----------
    name : str
    post : HttpPost
    signer : Signer
    service : str
        Which service speaks.
    clock : callable
        Milliseconds UTC.
    """

    def __init__(
        self, name: str, post: HttpPost, signer: Signer, service: str, clock: Callable[[], int]
    ) -> None:
        self.name = name
        self._post, self._signer = post, signer
        self._service, self._clock = service, clock

    def tell(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        """Post each; return an answer for each."""
        return [self._tell(one) for one in deliveries]

    def close(self) -> None:
        """Close its connections."""
        self._post.close()

    def _tell(self, one: Delivery) -> Answer:
        body = json.dumps(self._body(one)).encode()
        headers = self._signer.headers(one.id, self._clock() // 1000, body)
        headers["user-agent"] = f"consilience/{__version__}"
        return self._post.post(body, headers, self._clock)[1]

    def _body(self, one: Delivery) -> dict[str, Any]:
        alert = one.alert
        raised = one.event is Event.RAISED
        return {
            "type": f"alarm.{one.event}",
            "timestamp": utc(alert.at_ms if raised else alert.ended_ms or alert.at_ms),
            "service": self._service,
            "data": alert.as_json(),
        }


def utc(at_ms: int) -> str:
    """Return a time as RFC 3339 has it; what is before 1970 or after 9999 as the nearest there."""
    seconds, ms = divmod(min(max(at_ms, 0), 253_402_300_799_999), 1000)
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"

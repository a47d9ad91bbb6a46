"""What must never be, counted: by the answers, and by all that the service has written."""

from collections import Counter
from collections.abc import Iterable

from tests.campaigns.service_fuzz.attempts import Attempt, Secrets
from tests.campaigns.service_fuzz.services import Shown
from tests.campaigns.service_fuzz.wire import Outcome

__all__ = ["FORBIDDEN", "Tally"]

FORBIDDEN = {
    "500": "answers with status 500, 502 or 504",
    "let in": "answers other than a refusal without a valid token",
    "no answer": "whole requests with a valid token that got no answer",
    "leak": "tokens or passwords in an answer",
    "written": "tokens or passwords in logs or state",
    "late": "revoked tokens that were good for more than a second",
    "stuck": "connections that stay when all clients are gone",
    "dead": "ends of the process",
}

_REFUSALS = frozenset({400, 401, 408, 421, 429, 431, 503})
_FAULTS = frozenset({500, 502, 504})
_WHOLE = ("bodies with the right token", "10^6 attributes")
_KEPT = 30


class Tally:
    """Outcomes by kind and status, and what must not be."""

    def __init__(self, secrets: Secrets | None = None) -> None:
        self.kinds: Counter[str] = Counter()
        self.shown: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.forbidden: Counter[str] = Counter()
        self.complaints: list[str] = []
        self.unanswered = 0
        self.slowest = 0.0
        self.memory = 0
        self.revoked: list[float] = []
        # Of a token the last half of its secret: a line that was cut shows part of it.
        texts = (str(text) for text in (vars(secrets) if secrets else {}).values())
        self._needles = [text.rpartition("_")[2][-32:].encode() for text in texts]

    @property
    def holds(self) -> bool:
        """Whether nothing forbidden has been."""
        return not self.forbidden.total()

    def take(self, number: int, attempt: Attempt, shown: Shown, outcome: Outcome) -> None:
        """Judge the outcome of a request, of a client that showed this of itself."""
        self.shown[shown.what] += 1
        self.kinds[attempt.kind] += 1
        self.statuses.update(outcome.statuses)
        self.unanswered += not outcome.statuses
        told = f"request {number} ({attempt.kind}, showing {shown.what})"
        if attempt.kind != "slow clients":
            self.slowest = max(self.slowest, outcome.seconds)
        if _FAULTS & set(outcome.statuses):
            self.complain("500", f"{told}: {outcome.data[:300]!r}")
        trusted = attempt.trusted or shown.is_credential
        let_in = not trusted and not _REFUSALS.issuperset(outcome.statuses)
        if let_in or (outcome.statuses and not shown.is_answered):
            self.complain("let in", f"{told}: {outcome.data[:300]!r}")
        if attempt.kind in _WHOLE and not outcome.statuses and shown.is_answered:
            self.complain("no answer", f"{told}: after {outcome.seconds:.1f} s")
        for needle in self.found(outcome.data):
            self.complain("leak", f"{told}: ...{needle!r} in {outcome.data[:600]!r}")

    def add(self, other: "Tally") -> None:
        """Count what another part of the campaign has found, too."""
        self.kinds += other.kinds
        self.shown += other.shown
        self.statuses += other.statuses
        self.forbidden += other.forbidden
        self.complaints = [*self.complaints, *other.complaints][:_KEPT]
        self.unanswered += other.unanswered
        self.slowest = max(self.slowest, other.slowest)
        self.memory = max(self.memory, other.memory)
        self.revoked += other.revoked

    def found(self, data: bytes) -> Iterable[bytes]:
        """Yield the secrets in some bytes."""
        return (needle for needle in self._needles if needle in data)

    def complain(self, what: str, told: str) -> None:
        """Count what must not be."""
        self.forbidden[what] += 1
        if len(self.complaints) < _KEPT:
            self.complaints.append(f"{FORBIDDEN[what]}: {told}")

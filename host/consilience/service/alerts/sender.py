"""Tells one target what is due, again until it is taken or given up."""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

from consilience.service.alerts.backoff import Backoff
from consilience.service.alerts.delivery_queue import DeliveryQueue
from consilience.service.alerts.target import Delivery, Target

__all__ = ["Sender"]

_LOG = logging.getLogger(__name__)

_IDLE_MS = 5_000
"""A queue is looked at so often if nothing wakes its sender: a silence may have ended."""


_LOOKED_AT = 100
_FRESH_MS = 1_000
"""Deliveries that are taken from the queue at once, and for how long they are: in the meantime
their alarms may have ended, or been silenced."""


class Sender:
    """The attempts of one target, by one thread.

    A target that does not answer is left alone for a while that doubles; a delivery that it
    refuses by itself waits alone, and others pass.

    Parameters
    ----------
    target : Target
    queue : DeliveryQueue
    backoff : Backoff
    clock : callable
        Milliseconds UTC.
    steady : callable
        Milliseconds that never go back.
    """

    def __init__(
        self,
        target: Target,
        queue: DeliveryQueue,
        backoff: Backoff,
        clock: Callable[[], int],
        steady: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        self.target, self.queue = target, queue
        self.counts: Counter[str] = Counter(taken=0, repeated=0, failed=0, given_up=0)
        """Attempts by what came of them, since the start."""
        self._backoff, self._clock, self._steady = backoff, clock, steady
        self._choose = random.Random()
        self._failures = 0
        self._failing_since = 0
        self._paused_until = 0

    def turn(self) -> int:
        """Tell what is due; return the milliseconds after which to come again."""
        left = self._paused_until - self._steady()
        if left > 0:
            return left
        found = self.queue.due(self._clock(), max(_LOOKED_AT, self.target.batch))
        if not found:
            return self._until_next()
        began = self._steady()
        for start in range(0, len(found), self.target.batch):
            wait = self._tell(found[start : start + self.target.batch])
            if wait:
                return wait
            if self._steady() - began >= _FRESH_MS:
                break
        return 0

    def _tell(self, found: Sequence[Delivery]) -> int:
        """Tell some deliveries; return for how long the target is to be left alone."""
        answers = self.target.tell(found)
        now = self._clock()
        taken = [one for one, answer in zip(found, answers, strict=True) if answer.error is None]
        if taken:
            again = sum(one.again for one in taken)
            self.counts["repeated"] += again
            self.counts["taken"] += len(taken) - again
            self.queue.taken(taken, now, self.target.repeat_ms())
        paused_ms, error = 0, ""
        for one, answer in zip(found, answers, strict=True):
            if answer.error is None:
                continue
            self.counts["failed"] += 1
            if answer.alone:
                failures = self.queue.attempts(one) + 1
                wait = max(answer.wait_ms, self._backoff.wait_ms(failures, self._choose))
                self.queue.refused(one, answer.error, now, now + wait)
                _LOG.warning(
                    "alert %s is not taken by %s: %s; again in %.1f s",
                    one.alert.id,
                    self.target.name,
                    answer.error,
                    wait / 1000,
                )
                self._give_up(now, one)
            else:
                self.queue.refused(one, answer.error, now)
                paused_ms = max(paused_ms, answer.wait_ms, 1)
                error = answer.error
        if paused_ms:
            wait = self._pause(error, paused_ms)
            self._give_up(now)
            return wait
        self._recovered()
        return 0

    def _until_next(self) -> int:
        now = self._clock()
        due = self.queue.next_ms(now)
        return _IDLE_MS if due is None else min(_IDLE_MS, max(due - now, 1))

    def _pause(self, error: str, wait_ms: int) -> int:
        """Leave the target alone for a while, and say so at the first failure and at each pause."""
        if self._failures == 0:
            self._failing_since = self._steady()
        self._failures += 1
        wait = max(wait_ms, self._backoff.wait_ms(self._failures, self._choose))
        self._paused_until = self._steady() + wait
        _LOG.warning(
            "target %s does not take alerts: %s; attempt %d, again in %.1f s",
            self.target.name,
            error,
            self._failures,
            wait / 1000,
        )
        return wait

    def _recovered(self) -> None:
        if self._failures:
            _LOG.info("target %s takes alerts again", self.target.name)
        self._failures = 0

    def _give_up(self, now: int, only: Delivery | None = None) -> None:
        """Give up what has waited too long, once the target had its time to answer."""
        trying = min(self._backoff.trying_ms, self._backoff.give_up_ms)
        failing = self._steady() - self._failing_since if self._failures else 0
        if only is None and failing < trying:
            return
        for alert, event in self.queue.give_up(now, states=self.target.keeps_states, only=only):
            self.counts["given_up"] += 1
            _LOG.error(
                "alert %s (%s) is given up for target %s, which has not taken it for %.1f h",
                alert,
                event,
                self.target.name,
                self._backoff.give_up_ms / 3_600_000,
            )

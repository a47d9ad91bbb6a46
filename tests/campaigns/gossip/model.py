"""Gossip of reads as a model: node S accounts for a shard, node R holds its state and dates it.

It shares nothing with the implementation. Time is counted in ticks that neither node sees: each
knows the ticks since its own start. The network keeps every message, and delivers any of them any
number of times, in any order, or never. Both nodes can be killed and start again: S with its log, R
with nothing. The clocks run alike; drift is a factor, which tests of the age bounds have.
"""

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["FIRST", "Limits", "Model", "Rules", "State"]


class Rules(NamedTuple):
    """The rules; each can be broken, and the search must notice."""

    clock_first: bool = True
    """A sender reads its clock before its state."""
    dated_by_receipt: bool = False
    """A fault: a state is as old as its receipt."""
    echo_names_incarnation: bool = True
    """An echo of a time of a former life of R is no use."""
    incarnation_first: bool = True
    """States are ordered by (incarnation, version), messages by (incarnation, elapsed)."""
    log_replayed: bool = True
    """S starts again with all that it acknowledged."""
    held_is_counted: bool = True
    """An echo says how long it was held, not from when the message is that bears it."""
    newer_replaces: bool = True
    """A state that is not newer than the held one does not replace it."""


class Limits(NamedTuple):
    """How far the search goes."""

    ticks: int = 3
    reports: int = 1
    said: int = 2
    """Messages of each node."""
    s_lives: int = 2
    r_lives: int = 1


class Said(NamedTuple):
    """A message of S: incarnation, elapsed, version, and its echo of R's time (or none)."""

    incarnation: int
    elapsed: int
    version: int
    echo: tuple[int, int, int] | tuple[()]
    """R's incarnation and elapsed time as S had them, and how long S had held them."""


class Sender(NamedTuple):
    """S. `draft`: what it has read for its next message; `heard`: R's time, and when it came."""

    incarnation: int = 1
    start: int = 0
    version: int = 0
    draft: int | None = None
    heard: tuple[int, int, int] | tuple[()] = ()


class Receiver(NamedTuple):
    """R. `last`: incarnation and elapsed of the last dated message, and R's time it was sent at.

    `held`: incarnation and version; `sent`: R's time at or after which that was sent.
    """

    incarnation: int = 1
    start: int = 0
    last: tuple[int, int, int] | tuple[()] = ()
    held: tuple[int, int] | tuple[()] = ()
    sent: int = 0


class State(NamedTuple):
    """A moment. `acknowledged`: reports at the beginning of each tick until now."""

    s: Sender = Sender()
    r: Receiver = Receiver()
    acknowledged: tuple[int, ...] = (0,)
    from_s: tuple[Said, ...] = ()
    from_r: tuple[tuple[int, int], ...] = ()
    fell: bool = False
    """Whether what R holds went back within one life of it."""

    @property
    def now(self) -> int:
        """The tick."""
        return len(self.acknowledged) - 1


FIRST = State()


class Model:
    """Steps and invariants.

    Parameters
    ----------
    rules : Rules
    limits : Limits
    """

    def __init__(self, rules: Rules, limits: Limits) -> None:
        self.rules, self.limits = rules, limits

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """Yield all that can happen: what, and the state after it."""
        s, r, now = state.s, state.r, state.now
        if now < self.limits.ticks:
            count = max(s.version, state.acknowledged[-1])
            yield "a tick", state._replace(acknowledged=(*state.acknowledged, count))
        if s.version < self.limits.reports:
            yield "S acknowledges", state._replace(s=s._replace(version=s.version + 1))
        if len(state.from_s) < self.limits.said:
            if s.draft is None:
                first = now - s.start if self.rules.clock_first else s.version
                yield "S begins a message", state._replace(s=s._replace(draft=first))
            else:
                yield "S sends it", self._sent(state, s.draft)
        if len(state.from_r) < self.limits.said:
            said = tuple(sorted({*state.from_r, (r.incarnation, now - r.start)}))
            yield "R says its time", state._replace(from_r=said)
        for time in state.from_r:
            if time > s.heard[:2]:
                yield "S hears R", state._replace(s=s._replace(heard=(*time, now)))
        for said in state.from_s:
            yield f"R hears {tuple(said)}", self._heard(state, said)
        if s.incarnation < self.limits.s_lives:
            version = s.version if self.rules.log_replayed else 0
            yield "S starts again", state._replace(s=Sender(s.incarnation + 1, now, version))
        if r.incarnation < self.limits.r_lives:
            yield "R starts again", state._replace(r=Receiver(r.incarnation + 1, now))

    def _sent(self, state: State, draft: int) -> State:
        s = state.s
        elapsed, version = state.now - s.start, s.version
        if self.rules.clock_first:
            elapsed = draft
        else:
            version = draft
        echo: tuple[int, int, int] | tuple[()] = ()
        if s.heard and s.heard[2] <= s.start + elapsed:
            held = s.start + elapsed - s.heard[2]
            echo = (s.heard[0], s.heard[1], held)
        said = Said(s.incarnation, elapsed, version, echo)
        sent = tuple(sorted({*state.from_s, said}))
        return state._replace(s=s._replace(draft=None), from_s=sent)

    def _heard(self, state: State, said: Said) -> State:
        """R takes a message, or not."""
        r, sent = state.r, self._date(state, said)
        if sent is None:
            return state
        r = r._replace(last=(said.incarnation, said.elapsed, sent))
        order = (said.incarnation, said.version)
        if not self.rules.incarnation_first and r.held:
            newer, same = said.version > r.held[1], said.version == r.held[1]
        else:
            newer, same = order > r.held, order == r.held
        if newer or same or not self.rules.newer_replaces:
            r = r._replace(held=order, sent=sent)
        return state._replace(r=r, fell=state.fell or r.held < state.r.held)

    def _date(self, state: State, said: Said) -> int | None:
        """R's time at or after which a message was sent; None: not newer, or it cannot be told."""
        r, now = state.r, state.now - state.r.start
        if r.last and self.rules.newer_replaces and not self._is_later(said, r.last):
            return None
        if self.rules.dated_by_receipt:
            return now
        bounds = []
        if said.echo:
            incarnation, elapsed, held = said.echo
            is_mine = incarnation == r.incarnation or not self.rules.echo_names_incarnation
            if is_mine and elapsed <= now:
                bounds.append(elapsed + (held if self.rules.held_is_counted else 2 * held + 1))
        if r.last:
            incarnation, elapsed, sent = r.last
            same = incarnation == said.incarnation
            bounds.append(sent + (said.elapsed - elapsed if same else 0))
        return min(max(bounds), now) if bounds else None

    def _is_later(self, said: Said, last: tuple[int, int, int]) -> bool:
        if self.rules.incarnation_first:
            return (said.incarnation, said.elapsed) > last[:2]
        return said.elapsed > last[1]

    def broken(self, state: State) -> str | None:
        """Return the invariant that does not hold, or None."""
        r = state.r
        if state.fell:
            return "G2: what a node holds went back"
        if not r.held:
            return None
        moment = r.start + r.sent
        if moment > state.now:
            return "G1: a state is dated in the future"
        if r.held[1] < state.acknowledged[moment]:
            return "G1: a state is older than its age says: a report from before is missing in it"
        if r.held not in {(said.incarnation, said.version) for said in state.from_s}:
            return "G3: a node holds what nobody said"
        return None

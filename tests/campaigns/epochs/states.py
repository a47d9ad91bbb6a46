"""States and rules of the model: three replicas, of which 0 lies; two agents, of which b lies.

It shares nothing with the implementation. Replicas 1 and 2 are honest. Agent a signed one report
here, A, and one with the same key for elsewhere, X; agent b signed two versions of one report, B1
and B2. F is a forged report in a's name. The liar knows everything that was said, and makes any
offer of its menu, to whom and when it likes. Two epochs: the reports are of the first, the second
brings what came late. A set is an integer, a bit for each member.
"""

from typing import NamedTuple

__all__ = [
    "AGENT_A",
    "AGENT_B",
    "B1",
    "B2",
    "CLOSED",
    "FIRST",
    "HONEST",
    "LIAR",
    "MENU",
    "OF_A",
    "OF_B",
    "REPORTS",
    "SMALL_MENU",
    "A",
    "F",
    "Replica",
    "Rules",
    "State",
    "X",
]

A, B1, B2, X, F = 1, 2, 4, 8, 16
REPORTS = {A: "A", B1: "B1", B2: "B2", X: "X, signed for elsewhere", F: "F, forged"}
OF_A, OF_B = A | X | F, B1 | B2
AGENT_A, AGENT_B = 1, 2
LIAR, HONEST = 0, (1, 2)

MENU = (0, A, B1, B2, B1 | B2, F, X)
SMALL_MENU = (0, B1, F, X)
"""Offers of the liar."""

CLOSED = 9


class Rules(NamedTuple):
    """The protocol's rules: each can be broken, and the search must notice."""

    rounds: int = 2
    signatures_counted: bool = True
    """In round r an offer needs the signatures of r replicas."""
    deployment_signed: bool = True
    reports_checked: bool = True
    """A report that its agent did not sign makes an offer worthless."""
    offer_persists: bool = True
    """What a replica holds, so what it offers, outlives a restart."""
    relays_persist: bool = True
    """What a replica took in rounds before outlives a restart."""
    late_offered: bool = True
    """Late first halves are offered to all, not kept by who has them."""
    kept_while_closing: bool = True
    """What comes while the epoch closes is kept as a late report."""
    named_once: bool = True
    quorum: int = 2
    synchronous: bool = True
    """What honest replicas send arrives within the round; without that E1 alone is promised."""


class Replica(NamedTuple):
    """An honest replica.

    `held`: reports of the open epoch; `late`: late ones; `said`: the offers that it signed in this
    epoch; `taken`: (who, offer); `outcome`: what it closed with: counted reports, named agents,
    replicas found faulty.
    """

    held: int = 0
    late: int = 0
    said: tuple[int, ...] = ()
    taken: tuple[tuple[int, int], ...] = ()
    outcome: tuple[int, ...] = ()

    def takes(self, who: int, offer: int) -> "Replica":
        """Return it with an offer more, unless it has that, or two, the proof of a lie."""
        own = [one for one in self.taken if one[0] == who]
        if (who, offer) in own or len(own) == 2:
            return self
        return self._replace(taken=tuple(sorted((*self.taken, (who, offer)))))


class State(NamedTuple):
    """A moment.

    `stage`: 0 while the epoch is open, then the round, then `CLOSED`. `passed`: what each honest
    replica has signed of the liar's offers by the end of the first round. `counted`, `named`: of
    the first epoch. `met`: reports that honest replicas have accepted or kept; `due`: those that
    they had when the closing began.
    """

    epoch: int = 0
    stage: int = 0
    replicas: tuple[Replica, Replica] = (Replica(), Replica())
    passed: tuple[tuple[int, ...], ...] = ((), ())
    counted: int = 0
    named: int = 0
    met: int = 0
    due: int = 0


FIRST = State()

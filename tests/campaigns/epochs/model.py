"""The epoch protocol as a model: what can happen in a state, and what must hold."""

from collections.abc import Iterator

from tests.campaigns.epochs.states import (
    AGENT_A,
    AGENT_B,
    B1,
    B2,
    CLOSED,
    HONEST,
    LIAR,
    MENU,
    OF_A,
    OF_B,
    REPORTS,
    A,
    F,
    Replica,
    Rules,
    State,
    X,
)

__all__ = ["Model"]


class Model:
    """Steps and invariants under some rules.

    Parameters
    ----------
    rules : Rules
    menu : tuple of int
        The offers that the liar can make.
    """

    def __init__(self, rules: Rules, menu: tuple[int, ...] = MENU) -> None:
        self.rules, self.menu = rules, menu

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """Yield all that can happen: what, and the state after it."""
        if state.stage == 0:
            yield from self._arrivals(state)
            yield "the closing begins", self._begun(state)
        elif state.stage == CLOSED:
            if not state.epoch:
                # Where they are kept it is as if they came right after the next epoch opens.
                yield from () if self.rules.kept_while_closing else self._arrivals(state)
                yield "the next epoch opens", self._next_epoch(state)
        else:
            yield from self._lies(state)
            yield from self._ends(state)
        if state.stage != CLOSED:
            yield from self._restarts(state)

    def _arrivals(self, state: State) -> Iterator[tuple[str, State]]:
        """An honest replica gets a report: in the open epoch, late, or while the epoch closes."""
        for place in (0, 1):
            for report in (A, B1, B2) if self.rules.deployment_signed else (A, B1, B2, X):
                one, met = state.replicas[place], state.met | report
                if state.epoch == 0 and state.stage == 0:
                    one = one._replace(held=one.held | report)
                elif report & state.counted:
                    continue  # a repetition
                elif state.epoch == 1 or self.rules.kept_while_closing:
                    one = one._replace(late=one.late | report)
                after = _with(state, place, one)._replace(met=met)
                yield f"replica {place + 1} gets {REPORTS[report]}", after

    def _offer(self, state: State, one: Replica) -> int:
        """What an honest replica brings: its reports; then late ones, and what they prove."""
        if state.epoch == 0:
            return one.held
        known = one.late | state.counted
        proof = known if known & OF_B == OF_B or (known & OF_A).bit_count() > 1 else 0
        return one.late | proof if self.rules.late_offered else proof

    def _begun(self, state: State) -> State:
        # Honest replicas differ by nothing but what they hold: their mirror image needs no search.
        state = state._replace(replicas=(min(state.replicas), max(state.replicas)))
        offers = [self._offer(state, one) for one in state.replicas]
        one, two = (
            replica._replace(said=(offer,), taken=((number, offer),))
            for number, replica, offer in zip(HONEST, state.replicas, offers, strict=True)
        )
        return state._replace(stage=1, replicas=(one, two), due=state.met)

    def _lies(self, state: State) -> Iterator[tuple[str, State]]:
        """The liar shows an offer to one replica, with all signatures that it can have by then."""
        for place in (0, 1):
            for offer in self.menu:
                signers = 1 + (state.stage > 1 and offer in state.passed[1 - place])
                if self.rules.signatures_counted and signers < state.stage:
                    continue
                after = _with(state, place, state.replicas[place].takes(LIAR, offer))
                yield f"the liar shows replica {place + 1} {_words(offer)}", after

    def _ends(self, state: State) -> Iterator[tuple[str, State]]:
        """The round ends: what honest replicas sent in it arrives, or may not."""
        arrives = (True,) if self.rules.synchronous else (True, False)
        for to_one in arrives:
            for to_two in arrives:
                replicas = list(state.replicas)
                for place, here in ((0, to_one), (1, to_two)):
                    other = state.replicas[1 - place]
                    sent = [(HONEST[1 - place], offer) for offer in other.said]
                    if state.stage > 1:  # what was said in the first round has but one signature
                        sent = [(LIAR, offer) for offer in state.passed[1 - place]]
                    for who, offer in sent if here else ():
                        replicas[place] = replicas[place].takes(who, offer)
                words = f"round {state.stage} ends"
                if not (to_one and to_two):
                    words += f"; arrived at 1: {to_one}, at 2: {to_two}"
                after = state._replace(stage=state.stage + 1, replicas=(replicas[0], replicas[1]))
                if state.stage == 1:
                    passed = [tuple(o for w, o in one.taken if w == LIAR) for one in replicas]
                    after = after._replace(passed=tuple(passed))
                yield words, self._closed(after) if after.stage > self.rules.rounds else after

    def _restarts(self, state: State) -> Iterator[tuple[str, State]]:
        """An honest replica starts again, with what is on its disk: with all, nothing changes."""
        for place, number in ((0, 1), (1, 2)):
            one = state.replicas[place]
            if not self.rules.offer_persists:
                one = one._replace(held=0, late=0)
            if state.stage:
                offer = one.said[0] if self.rules.offer_persists else self._offer(state, one)
                heard = one.taken if self.rules.relays_persist else ()
                others = [each for each in heard if each[0] != number]
                said = tuple(sorted({*one.said, offer}))
                one = one._replace(said=said, taken=tuple(sorted([*others, (number, offer)])))
            if one != state.replicas[place]:
                yield f"replica {number} starts again", _with(state, place, one)

    def _closed(self, state: State) -> State:
        outcomes = [self._outcome(state, one) for one in state.replicas]
        one, two = (
            Replica(late=one.late, outcome=outcome)
            for one, outcome in zip(state.replicas, outcomes, strict=True)
        )
        if state.epoch == 0:
            state = state._replace(counted=outcomes[0][0], named=outcomes[0][1])
        return state._replace(stage=CLOSED, replicas=(one, two), passed=((), ()))

    def _outcome(self, state: State, one: Replica) -> tuple[int, int, int]:
        """What a replica makes of the offers it took: counted, named agents, faulty replicas."""
        union, faulty = state.counted if state.epoch else 0, 0
        for who in (LIAR, *HONEST):
            offers = [offer for whose, offer in one.taken if whose == who]
            if len(offers) > 1 or any(self._is_faulty(offer) for offer in offers):
                faulty |= 1 << who
            else:
                union |= offers[0] if offers else 0
        named = AGENT_B if union & OF_B == OF_B else 0
        named |= AGENT_A if (union & OF_A).bit_count() > 1 else 0
        if state.epoch and self.rules.named_once:
            named &= ~state.named
        counted = union if state.epoch == 0 else state.counted
        liars = (OF_B if named & AGENT_B else 0) | (OF_A if named & AGENT_A else 0)
        return counted & ~liars, named, faulty

    def _is_faulty(self, offer: int) -> bool:
        forged = offer & F and self.rules.reports_checked
        return bool(forged or (offer & X and self.rules.deployment_signed))

    def _next_epoch(self, state: State) -> State:
        one, two = (Replica(late=one.late) for one in state.replicas)
        return State(1, 0, (one, two), ((), ()), state.counted, state.named, state.met, 0)

    def broken(self, state: State) -> str | None:
        """Return the invariant that does not hold once an epoch is closed, or None."""
        if state.stage != CLOSED:
            return None
        results = [one.outcome for one in state.replicas]
        if any(quorum not in results for quorum in self._results(results)):
            return "E1: what no honest replica computed has a quorum"
        if not self.rules.synchronous:
            return None
        if any(faulty & ~(1 << LIAR) for *_, faulty in results):
            return "E5: an honest replica is named"
        if results[0] != results[1]:
            return "E2: honest replicas closed with different sets"
        counted, named, _ = results[0]
        if named & AGENT_A:
            return "E4: an honest agent is named"
        if state.epoch and named & state.named:
            return "E4: an agent is named twice"
        if state.due & OF_B == OF_B and not (named | state.named) & AGENT_B:
            return "E4: an agent whose two reports reached honest replicas is not named"
        proven = OF_B if (named | state.named) & AGENT_B else 0
        if state.epoch == 0 and state.due & ~proven & ~counted:
            return "E3: a report that an honest replica accepted does not count"
        return None

    def _results(self, honest: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
        """Everything that has a quorum, whatever the liar votes for; two votes of it are none."""
        lie = (-1, 0, 0)
        found = set()
        for lies in ((), (honest[0],), (honest[1],), (lie,)):
            votes = [*honest, *lies]
            found |= {vote for vote in votes if votes.count(vote) >= self.rules.quorum}
        return found


def _with(state: State, place: int, one: Replica) -> State:
    replicas = (one, state.replicas[1]) if place == 0 else (state.replicas[0], one)
    return state._replace(replicas=replicas)


def _words(offer: int) -> str:
    return "an offer of " + (
        " and ".join(n for bit, n in REPORTS.items() if offer & bit) or "nothing"
    )

"""A device's `live()`: agents enter, change and leave; the log sum after each, from scratch."""

from random import Random
from typing import Any

from consilience.devices.device import Device
from consilience.live.live import Live
from consilience_sim import golden
from tests.campaigns.differential.canonical_bytes import log_sum_bytes
from tests.campaigns.differential.codes import ZERO, codes_at_a_border, draw_codes, hard_differences
from tests.campaigns.differential.kind import Arguments, Kind, Outcome, done, plain, refusal

__all__ = ["LiveSums"]

_AGENTS = (0, 1, 2, 3, 5, (1 << 32) - 1)


class LiveSums(Kind):
    """`enter`, `change`, `leave`, `code`, `code_of`, `count`, `state`, `clear`, `reload`."""

    name = "live"

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw steps; some name what an agent does not have."""
        pool = [*draw_codes(rng, 8)[:8], ZERO]
        held: dict[int, int] = {}
        steps: list[list[Any]] = []
        hard = rng.random()
        if hard < 0.15:  # a sum whose last unit decides
            pool = codes_at_a_border(rng)
            held = dict(enumerate(pool))
            steps = [["enter", [[agent, 0, code] for agent, code in held.items()]], ["code", []]]
        elif hard < 0.3:  # readings that a unit may not decide
            first, *more = rng.sample(hard_differences(), 4)
            steps = [["enter", [[0, 0, 0], [1, 0, first]]], ["code", []]]
            for code in more:
                steps += [["change", [[1, first, code]]], ["code", []]]
                first = code
            held = {0: 0, 1: first}
        for _ in range(rng.randint(1, 12)):
            word = rng.choice(
                ("enter", "enter", "change", "change", "leave", "code", "code_of", "state", "other")
            )
            word = rng.choice(("clear", "reload")) if word == "other" else word
            updates = []
            for _ in range(rng.choice((1, 1, 2, 4)) if word in ("enter", "change", "leave") else 0):
                agent = rng.choice(_AGENTS)
                if word != "enter" and held and rng.random() < 0.9:
                    agent = rng.choice(list(held))
                old = held.get(agent, rng.choice(pool))
                old = rng.choice(pool) if rng.random() < 0.05 else old
                new = rng.choice(pool)
                updates.append([agent, old, new])
                held[agent] = new
                if word == "leave":
                    held.pop(agent)
            if word == "code_of":
                updates = [[rng.choice(_AGENTS), 0, 0]]
            if word == "clear":
                held.clear()
            steps.append([word, updates])
        return {"steps": steps}

    def expected(self, arguments: Arguments) -> Outcome:
        """Take the steps, each update the sum of all codes anew."""
        held: dict[int, int] = {}
        outcome: Outcome = []
        for word, updates in arguments["steps"]:
            answer: Any = None
            if word in ("enter", "change", "leave", "code_of") and not updates:
                raise ValueError("nothing to do")
            if word in ("enter", "change", "leave"):
                after, answer = dict(held), []
                for agent, old, new in updates:
                    is_id = 0 <= agent < 1 << 32
                    if not is_id or after.get(agent) != (None if word == "enter" else old):
                        answer = "BadInput"
                        break
                    after.pop(agent, None)
                    if word != "leave":
                        after[agent] = new
                    answer.append(list(golden.log_sum(after.values())))
                else:
                    held = after
            elif word == "code":
                answer = [golden.log_sum(held.values())[0], len(held)]
            elif word == "code_of":
                answer = held.get(updates[0][0], "BadInput")
            elif word == "state":
                answer = log_sum_bytes(list(held.values())).hex()
            elif word == "clear":
                held = {}
            outcome.append(answer)
        return outcome

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Take the steps."""
        with device.live() as live:
            return [_taken(live, word, updates) for word, updates in arguments["steps"]]


def _taken(live: Live, word: str, updates: list[list[int]]) -> Any:
    agents, old, new = (list(one) for one in zip(*updates, strict=True)) if updates else ([],) * 3
    if len(updates) == 1:  # numbers in place of arrays
        (agents,), (old,), (new,) = agents, old, new
    if word in ("enter", "change", "leave"):
        calls = {
            "enter": lambda: live.enter(agents, new),
            "change": lambda: live.change(agents, old, new),
            "leave": lambda: live.leave(agents, old),
        }
        found = refusal(calls[word])
        if isinstance(found, str):
            return found
        operations, codes, status = found
        # Ids of its updates, one after the other.
        in_order = operations == list(range(operations[0], operations[0] + len(updates)))
        return [list(one) for one in zip(codes, status, strict=True)] if in_order else operations
    if word == "code":
        return plain([live.code, live.count])
    if word == "code_of":
        return refusal(lambda: live.code_of(updates[0][0]))
    if word == "state":
        return bytes(live.state()).hex()
    return done(live.clear if word == "clear" else live.reload)

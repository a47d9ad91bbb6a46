"""Exact states: `LogSum` and `WindowSum`, added to, taken from, merged, as bytes."""

from collections import Counter
from functools import partial
from random import Random
from typing import Any

import consilience as cs
from consilience.devices.device import Device
from consilience_sim import golden
from tests.campaigns.differential.canonical_bytes import log_sum_bytes
from tests.campaigns.differential.codes import ZERO, draw_codes, draw_length
from tests.campaigns.differential.kind import Arguments, Kind, Outcome, done, plain, refusal

__all__ = ["LogSums", "WindowSums"]

_WORDS = ("add", "add", "remove", "remove", "merge", "code", "bytes", "bytes", "copy", "other")


class LogSums(Kind):
    """`LogSum`: three states; what is taken out was in, or can be seen not to have been."""

    name = "log sums"
    needs_device = False
    state: type[Any] = cs.LogSum

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw steps of three states."""
        pool = [*draw_codes(rng, 10)[:10], ZERO]
        held: list[list[int]] = [[], [], []]
        steps = []
        for _ in range(rng.randint(1, 14)):
            word, which, other = rng.choice(_WORDS), rng.randrange(3), rng.randrange(3)
            own = held[which]
            codes = rng.choices(pool, k=draw_length(rng)) if word == "add" else []
            if word == "remove":
                codes = rng.sample(own, rng.randint(0, len(own)))
                codes += [*own, pool[0]] if rng.random() < 0.1 else []
            steps.append([word, which, other, codes])
            if word == "remove":
                left = Counter(own)
                left.subtract(codes)
                held[which] = own if min(left.values(), default=0) < 0 else [*left.elements()]
            elif word in ("add", "merge", "copy"):
                more = codes if word == "add" else held[other]
                held[which] = [*more] if word == "copy" else [*own, *more]
            if len(held[which]) > 200:
                break
        return {"steps": steps}

    def expected(self, arguments: Arguments) -> Outcome:
        """Keep the multisets."""
        held: list[list[int]] = [[], [], []]
        outcome: Outcome = []
        for word, which, other, codes in arguments["steps"]:
            own = held[which]
            answer: Any = None
            if word == "add":
                held[which] = own + codes
            elif word == "merge":
                held[which] = own + held[other]
            elif word == "copy":
                held[which] = [*held[other]]
            elif word == "remove":
                left = Counter(own)
                left.subtract(codes)
                if min(left.values(), default=0) < 0:
                    answer = "ImpossibleState"
                    if len(codes) <= len(own):
                        raise ValueError("whether that is noticed depends on the bins")
                else:
                    held[which] = [*left.elements()]
            elif word == "code":
                zeros = own.count(ZERO)
                answer = [*golden.log_sum(own), len(own) - zeros, zeros]
            elif word == "bytes":
                answer = [log_sum_bytes(own).hex(), sorted(own) == sorted(held[other])]
                answer[1] = log_sum_bytes(own) == log_sum_bytes(held[other])
            else:
                answer = _window_of(own)
            outcome.append(answer)
        return outcome

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Take the steps."""
        held = [cs.LogSum(), cs.LogSum(), cs.LogSum()]
        outcome: Outcome = []
        for word, which, other, codes in arguments["steps"]:
            own = held[which]
            if word == "add":
                answer: Any = done(own.add, codes)
            elif word == "merge":
                answer = done(own.merge, held[other].copy())
            elif word == "copy":
                held[which] = held[other].copy()
                answer = None
            elif word == "remove":
                # One by one code, or another state.
                gone = cs.LogSum.of(codes)
                answer = done(own.take_out, gone) if other else done(own.remove, codes)
            elif word == "code":
                answer = plain([own.code, int(own.status), own.count, own.zeros])
            elif word == "bytes":
                held[which] = cs.LogSum.from_bytes(bytes(own))
                answer = [bytes(own).hex(), own == held[other]]
            else:
                answer = _window_told(own.window())
            outcome.append(answer)
        return outcome


def _window_of(codes: list[int]) -> list[Any]:
    """Return what the golden window of some codes says."""
    state = golden.window(codes)
    return [
        list(golden.log2_of_window(state)),
        state.top,
        log_sum_bytes(codes, windowed=True).hex(),
    ]


def _window_told(state: cs.WindowSum) -> list[Any]:
    return [[state.code, int(state.status)], state.top, bytes(state).hex()]


class WindowSums(Kind):
    """`WindowSum`: two states; a removal of the top makes one unknown for good."""

    name = "window sums"
    needs_device = False

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw steps of two states."""
        pool = [*draw_codes(rng, 8)[:8], ZERO]
        held: list[list[int]] = [[], []]
        steps = []
        for _ in range(rng.randint(1, 12)):
            word = rng.choice(("add", "add", "remove", "merge", "code", "code", "bytes"))
            which = rng.randrange(2)
            own = held[which]
            codes = rng.choices(pool, k=draw_length(rng)) if word == "add" else []
            if word == "remove":
                codes = rng.sample(own, rng.randint(0, min(2, len(own))))
                for code in codes:
                    own.remove(code)
            own += codes if word == "add" else held[1 - which] if word == "merge" else []
            steps.append([word, which, codes])
        return {"steps": steps}

    def expected(self, arguments: Arguments) -> Outcome:
        """Keep the multisets, and which states are unknown."""
        held: list[list[int]] = [[], []]
        unknown = [False, False]
        outcome: Outcome = []
        for word, which, codes in arguments["steps"]:
            own, other = held[which], held[1 - which]
            answer: Any = None
            if unknown[which] or (word == "merge" and unknown[1 - which]):
                answer = "NeedsRescan"
            elif word == "add":
                own += codes
            elif word == "merge":
                own += [*other]
            elif word == "remove":
                top = golden.window(own).top
                for code in codes:
                    own.remove(code)
                left = golden.window(own)
                unknown[which] = left.count > 0 and left.top != top
            elif word == "code":
                answer = [*golden.log2_of_window(golden.window(own)), len(own)]
            else:
                answer = _window_of(own)
            outcome.append(answer)
        return outcome

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Take the steps."""
        held = [cs.WindowSum(), cs.WindowSum()]
        outcome: Outcome = []
        for word, which, codes in arguments["steps"]:
            own = held[which]
            if word in ("add", "remove"):
                answer: Any = done(own.add if word == "add" else own.remove, codes)
            elif word == "merge":
                answer = done(own.merge, held[1 - which])
            elif word == "code":
                answer = refusal(partial(_code, own))
            else:
                answer = refusal(partial(_again, held, which))
            outcome.append(answer)
        return outcome


def _code(state: cs.WindowSum) -> list[int]:
    return [state.code, int(state.status), state.count + state.zeros]


def _again(held: list[cs.WindowSum], which: int) -> list[Any]:
    """Return what a state tells, and put the one of its bytes in its place."""
    told = _window_told(held[which])
    held[which] = cs.WindowSum.from_bytes(bytes(held[which]))
    return told

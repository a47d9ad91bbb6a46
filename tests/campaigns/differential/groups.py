"""`GroupTree`: exact sums of groups and of all above them, and who has moved the whole."""

from collections import Counter
from functools import partial
from random import Random
from typing import Any

import consilience as cs
from consilience.devices.device import Device
from consilience_sim import golden
from tests.campaigns.differential.canonical_bytes import log_sum_bytes
from tests.campaigns.differential.codes import draw_codes, draw_length
from tests.campaigns.differential.kind import Arguments, Kind, Outcome, done, refusal

__all__ = ["Groups"]

_ALL = 1 << 30
"""As many groups as there are."""

Codes = Counter[int]


class Groups(Kind):
    """`add`, `remove`, `change`, `code`, `state`, `children`, `mark`, `drill_down`."""

    name = "group trees"
    needs_device = False

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw steps of a tree of depth 1 to 3."""
        depth = rng.randint(1, 3)
        pool = draw_codes(rng, 8)[:8] or [0]
        held: dict[tuple[str, ...], list[int]] = {}
        steps: list[list[Any]] = []
        words = (
            "add",
            "add",
            "remove",
            "change",
            "code",
            "state",
            "children",
            "mark",
            "drill_down",
        )
        for _ in range(rng.randint(1, 14)):
            word = rng.choice(words)
            path = tuple(rng.choice("ab") for _ in range(depth))
            own = held.setdefault(path, [])
            old = rng.sample(own, rng.randint(0, len(own))) if word in ("remove", "change") else []
            new = rng.choices(pool, k=draw_length(rng, 5)) if word in ("add", "change") else []
            for code in old:
                own.remove(code)
            own += new
            if word in ("code", "state", "children"):
                path = path[: rng.randint(0, depth)]
            steps.append([word, list(path), old, new, rng.choice((1, 1, 100, 1 << 16))])
        return {"depth": depth, "steps": steps}

    def expected(self, arguments: Arguments) -> Outcome:
        """Keep the multisets of the groups; everything else from scratch."""
        depth = arguments["depth"]
        now: dict[tuple[str, ...], list[int]] = {}
        marked: dict[tuple[str, ...], list[int]] = {}
        changed: set[tuple[str, ...]] = set()
        outcome: Outcome = []
        for word, names, old, new, least in arguments["steps"]:
            path = tuple(names)
            answer: Any = None
            if word in ("add", "remove", "change"):
                if len(path) != depth or (old and not Counter(old) <= Counter(now.get(path, []))):
                    raise ValueError("no such change")
                own = now.setdefault(path, [])
                for code in old:
                    own.remove(code)
                own += new
                changed.update(path[:k] for k in range(depth + 1))
            elif word == "mark":
                marked = {group: [*codes] for group, codes in now.items()}
                changed = set()
            elif word == "drill_down":
                answer = _moved(now, marked, changed, depth, least)
            elif path and not any(group[: len(path)] == path for group in now):
                answer = "BadInput"
            elif word == "code":
                answer = _code(_below(now, path))
            elif word == "state":
                answer = log_sum_bytes(_below(now, path)).hex()
            else:
                answer = [*dict.fromkeys(g[len(path)] for g in now if g[: len(path)] == path != g)]
            outcome.append(answer)
        return outcome

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Take the steps."""
        tree = cs.GroupTree(arguments["depth"])
        outcome: Outcome = []
        for word, path, old, new, least in arguments["steps"]:
            if word == "add":
                answer: Any = done(tree.add, path, new)
            elif word == "remove":
                answer = done(tree.remove, path, old)
            elif word == "change":
                answer = done(tree.change, path, old, new)
            elif word == "mark":
                answer = done(tree.mark)
            elif word == "drill_down":
                answer = _told(tree.drill_down(least, _ALL), tree.drill_down(least, 1))
            elif word == "state":
                answer = refusal(lambda: bytes(tree.state(path)))  # noqa: B023
            else:
                answer = refusal(partial(tree.code if word == "code" else tree.children, path))
            outcome.append(answer)
        return outcome


def _below(groups: dict[tuple[str, ...], list[int]], path: tuple[str, ...]) -> list[int]:
    """Return the codes of all groups below a node."""
    return [code for group, codes in groups.items() if group[: len(path)] == path for code in codes]


def _code(codes: list[int]) -> int:
    return golden.log_sum(codes)[0]


def _moved(
    now: dict[tuple[str, ...], list[int]],
    marked: dict[tuple[str, ...], list[int]],
    changed: set[tuple[str, ...]],
    depth: int,
    least: int,
) -> list[Any]:
    """Return who has moved the whole: a group counts only below nodes that have, themselves."""

    def one(path: tuple[str, ...]) -> list[Any]:
        others = [c for g, codes in now.items() if g[: len(path)] != path for c in codes]
        before, own = _below(marked, path), _below(now, path)
        without = _code(others + before)
        shift = _code([*others, *own]) - without
        return [list(path), _code(before), _code(own), without, shift]

    found = []
    for group in now:
        way = [group[: k + 1] for k in range(depth)]
        if all(path in changed and abs(one(path)[-1]) >= least for path in way):
            found.append(one(group))
    shifts = sorted(-abs(entry[-1]) for entry in found)
    return [sorted(found), shifts, shifts[:1]]


def _told(found: list[cs.Moved], first: list[cs.Moved]) -> list[Any]:
    """Return the same of what was found: all in any order, and the order of the shifts."""
    entries = [[list(one.path), *one[1:]] for one in found]
    shifts = [[-abs(one.shift) for one in part] for part in (found, first)]
    return [sorted(entries), *shifts]

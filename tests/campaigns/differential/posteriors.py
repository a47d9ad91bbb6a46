"""Posteriors of a device: many agents, their rows in any order, with and without weights."""

from random import Random
from typing import Any

import numpy as np

from consilience.devices.device import Device
from consilience_sim import golden
from tests.campaigns.differential.codes import ONE, ZERO, draw_code, draw_length, hard_differences
from tests.campaigns.differential.kind import (
    Arguments,
    Kind,
    Outcome,
    array_of,
    draw_way,
    refusal,
)

__all__ = ["Posterior", "draw_rows"]

_IDS: tuple[tuple[Any, ...], ...] = (
    (0, 1, 2, 3, 70),
    (-(1 << 63), -1, 0, (1 << 63) - 1),
    (0, 1 << 63, (1 << 64) - 1),
    ("a", "b", "ä", "", "agent 10", "agent 9"),
    ("1", "10", "2"),
)


def draw_rows(rng: Random, hypotheses: int, ids: tuple[Any, ...], count: int) -> list[list[Any]]:
    """Draw rows: agent, weight, and a code per hypothesis. Often sums that tie, or end at a tie."""
    kind = rng.randrange(4)
    rows = []
    for _ in range(count):
        if kind == 0:  # half an ulp here and there
            codes = [rng.randint(-9, 9) for _ in range(hypotheses)]
            weight = rng.choice((ONE // 2, ONE // 2, ONE, 3 * ONE // 4))
        elif kind == 1:
            codes = [rng.randint(-(1 << 20), 0) for _ in range(hypotheses)]
            weight = rng.choice((0, 1, ONE - 1, ONE, rng.randint(0, ONE)))
        else:
            codes = [draw_code(rng) for _ in range(hypotheses)]
            weight = rng.choice((0, 1, ONE // 2, ONE, ONE, rng.randint(0, ONE)))
        codes = [ZERO if rng.random() < 0.05 else code for code in codes]
        rows.append([rng.choice(ids), weight, codes])
    return rows


class Posterior(Kind):
    """`posterior`."""

    name = "posterior"

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw rows, a prior, and whether the rows are weighted."""
        hypotheses = rng.choice((2, 2, 3, 4, rng.randint(2, 16)))
        count = draw_length(rng)
        if rng.random() < 0.001:
            count = rng.randint(200, 3_000 if large else 600)
        flat = rng.random() < 0.3
        prior = [0 if flat else draw_code(rng) for _ in range(hypotheses)]
        weighted = rng.random() < 0.6
        ids = rng.choice(_IDS)
        if hypotheses == 2 and rng.random() < 0.2:  # what a unit may not decide
            prior, weighted = [0, 0], False
            hard = [[0, code] for code in hard_differences()]
            rows = [[agent, ONE, rng.sample(rng.choice(hard), 2)] for agent in ids]
        else:
            rows = draw_rows(rng, hypotheses, ids, count)
        if weighted and rows and rng.random() < 0.02:
            rows[0][1] = rng.choice((ONE + 1, -1))
        return {"rows": rows, "prior": prior, "weighted": weighted, "way": draw_way(rng)}

    def expected(self, arguments: Arguments) -> Outcome:
        """Return ids ascending, posteriors and status: agent by agent."""
        prior, weighted = arguments["prior"], arguments["weighted"]
        if not 2 <= len(prior) <= 16:
            raise ValueError("too few hypotheses, or too many")
        if weighted and any(not 0 <= weight <= ONE for _, weight, _ in arguments["rows"]):
            return ["BadInput"]
        by_agent: dict[Any, list[tuple[list[int], int]]] = {}
        for agent, weight, codes in arguments["rows"]:
            if len(codes) != len(prior):
                raise ValueError("rows of other lengths")
            by_agent.setdefault(agent, []).append((codes, weight if weighted else ONE))
        found = [
            golden.posterior([codes for codes, _ in rows], [weight for _, weight in rows], prior)
            for _, rows in sorted(by_agent.items())
        ]
        return [[sorted(by_agent), [codes for codes, _ in found], [status for _, status in found]]]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call it."""
        rows, prior, way = arguments["rows"], arguments["prior"], arguments["way"]
        evidence = array_of([codes for *_, codes in rows], way) if rows else []
        evidence = np.reshape(evidence, (len(rows), len(prior)))
        agents = [agent for agent, *_ in rows]
        weights = (
            array_of([weight for _, weight, _ in rows], way) if arguments["weighted"] else None
        )

        def call() -> Any:
            ids, posterior, status = device.posterior(evidence, agents, prior, weights)
            return ids.tolist(), posterior, status  # of no agents the ids have no type

        return [refusal(call)]

"""What stands on the sums: `EvidenceSums` and their posteriors, ages to weights, stale reads."""

from random import Random
from typing import Any

import numpy as np

from consilience.devices.device import Device
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.shard_arrays import NEVER, ShardArrays
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience_hw.spec.flags import ResultStatus
from consilience_sim import golden
from consilience_sim.golden import ShardReading
from tests.campaigns.differential.canonical_bytes import Rows, evidence_bytes
from tests.campaigns.differential.codes import LOWEST, ONE, ZERO, draw_code, draw_length
from tests.campaigns.differential.conversions import draw_shape
from tests.campaigns.differential.kind import Arguments, Kind, Outcome, plain, refusal
from tests.campaigns.differential.posteriors import draw_rows

__all__ = ["Ages", "Evidence", "StaleReads"]


class Evidence(Kind):
    """`EvidenceSums`: rows in parts, merged in any order; bytes, and posteriors on a device."""

    name = "evidence sums"

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw parts of rows, and a prior."""
        hypotheses = rng.choice((2, 2, 3, rng.randint(2, 16)))
        ids = rng.choice(((0, 1, 2), (-(1 << 63), (1 << 63) - 1), ("a", "ä", "")))
        parts = [
            draw_rows(rng, hypotheses, ids, draw_length(rng)) for _ in range(rng.randint(1, 3))
        ]
        prior = [draw_code(rng) for _ in range(hypotheses)]
        return {"parts": parts, "prior": prior, "weighted": rng.random() < 0.7}

    def expected(self, arguments: Arguments) -> Outcome:
        """Return the bytes by integers, and the posterior of all rows of each agent."""
        prior = arguments["prior"]
        rows: dict[Any, list[tuple[list[int], int]]] = {}
        for part in arguments["parts"]:
            for agent, weight, codes in part:
                if len(codes) != len(prior):
                    raise ValueError("rows of other lengths")
                rows.setdefault(agent, []).append((codes, weight if arguments["weighted"] else ONE))
        if not rows:
            raise ValueError("no row: nobody asks for the posterior")
        data: Rows = rows
        found = [
            golden.posterior([codes for codes, _ in own], [weight for _, weight in own], prior)
            for _, own in sorted(rows.items())
        ]
        impossible = [bool(status & ResultStatus.IMPOSSIBLE) for _, status in found]
        return [
            evidence_bytes(_names(prior), data).hex(),
            [sorted(rows), [codes for codes, _ in found], impossible],
        ]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Add the parts, to a state of their own or to the one before; merge all."""
        names = _names(arguments["prior"])
        total = EvidenceSums(names)
        for number, part in enumerate(arguments["parts"]):
            agents = [agent for agent, *_ in part]
            codes = np.array([codes for *_, codes in part], np.int32).reshape(-1, len(names))
            weights = np.array([weight for _, weight, _ in part], np.uint32)
            state = total if number % 2 else EvidenceSums(names)
            state.add(agents, codes, weights if arguments["weighted"] else None)
            if state is not total:
                total = state.merge(total)
        again = EvidenceSums.from_bytes(bytes(total))

        def posterior() -> Any:
            found = again.posterior(device, np.array(arguments["prior"], np.int32))
            impossible = (found.status & ResultStatus.IMPOSSIBLE) != 0
            return found.ids.to_pylist(), found.posterior, impossible

        return [bytes(total).hex(), refusal(posterior)]


def _names(prior: list[int]) -> list[str]:
    return [f"h{number}" for number in range(len(prior))]


class Ages(Kind):
    """`Discount`: ages of any shape to weights, and off codes."""

    name = "discounts"
    needs_device = False

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw a policy and ages."""
        policy = [rng.choice((0, 1, 1_000, rng.randrange(1 << 20))) for _ in range(3)]
        policy[1] = max(1, policy[1])
        shape = draw_shape(rng)
        count = int(np.prod(shape))
        near = (*policy, policy[0] + policy[1], policy[0] + 20 * policy[1])
        ages = [
            max(0, rng.choice((*near, rng.randrange(1 << rng.randint(1, 40)))) + rng.randint(-1, 1))
            for _ in range(count)
        ]
        return {"policy": policy, "shape": shape, "ages": ages, "code": draw_code(rng)}

    def expected(self, arguments: Arguments) -> Outcome:
        """Return weights, and the code less what its age takes."""
        (grace, half_life, most), code = arguments["policy"], arguments["code"]
        ages = [min(age, (1 << 32) - 1) for age in arguments["ages"]]
        weights = [golden.age_weight(age, grace, half_life, most) for age in ages]
        mixed = [
            ZERO
            if code == ZERO or age >= most
            else max(LOWEST, code - golden.age_decay(age, grace, half_life))
            for age in ages
        ]
        return [weights, mixed]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call both."""
        discount = Discount(*arguments["policy"])
        ages = np.reshape(np.array(arguments["ages"], np.int64), arguments["shape"])
        found = discount.weight(ages), discount.mixed(arguments["code"], ages)
        return [plain(np.reshape(one, -1)) for one in found]


class StaleReads(Kind):
    """`ShardArrays.estimate`: what is held of all shards, discounted by age, and its bound."""

    name = "stale reads"
    needs_device = False

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw shards; of some of them nothing is held."""
        clip = 128 * rng.choice((1, 64, 1024))
        shards = []
        for _ in range(rng.randint(1, 6)):
            enrolled = rng.choice((0, 1, 3, 1000))
            age = rng.choice((None, 0, rng.randrange(5_000), rng.randrange(1 << 30)))
            most = enrolled * clip
            held = rng.choice((0, most, -most, rng.randint(-most, most)))
            shards.append([enrolled, age, 0 if age is None else held])
        policy = [rng.randrange(2_000), rng.randint(1, 2_000), rng.randrange(20_000)]
        return {
            "shards": shards,
            "policy": policy,
            "rate": rng.randint(1, 100),
            "clip": clip,
            "prior": draw_code(rng),
        }

    def expected(self, arguments: Arguments) -> Outcome:
        """Return point, bound and weights by integers."""
        readings = [
            ShardReading(number, enrolled, arguments["rate"], age, held)
            for number, (enrolled, age, held) in enumerate(arguments["shards"])
        ]
        policy, clip = tuple(arguments["policy"]), arguments["clip"]
        return [plain(golden.stale_estimate(readings, policy, clip, arguments["prior"]))]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call it."""
        enrolled, ages, held = zip(*arguments["shards"], strict=True)
        arrays = ShardArrays(
            enrolled,
            arguments["rate"],
            Discount(*arguments["policy"]),
            arguments["clip"],
            arguments["prior"],
        )
        known = np.array([NEVER if age is None else age for age in ages])
        found = arrays.estimate(known, np.array(held))
        return [plain([found.point, found.bound, found.weights, found.effective_weight])]

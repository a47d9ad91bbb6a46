"""Robust fusion: a device's `robust`, and `RobustHistogram`."""

from collections import Counter
from functools import partial
from random import Random

from consilience.devices.device import Device
from consilience.robust.robust_histogram import RobustHistogram
from consilience_sim import golden
from tests.campaigns.differential.canonical_bytes import histogram_bytes
from tests.campaigns.differential.codes import draw_code, draw_codes, draw_length
from tests.campaigns.differential.kind import (
    Arguments,
    Kind,
    Outcome,
    array_of,
    done,
    plain,
    refusal,
)

__all__ = ["Histogram", "Robust"]

_UNITS = (1, 2, 5, 512, 1024, 1 << 24)
_MOST = 1 << 24


def draw_ratios(rng: Random, count: int, unit: int) -> list[int]:
    """Draw ratios: at borders of bins, at the clip, and others."""
    if rng.random() < 0.4:
        return draw_codes(rng, count)[:count]
    found = [rng.randint(-140, 140) * unit + rng.choice((0, unit // 2, -1)) for _ in range(count)]
    return [max(-(1 << 31), min((1 << 31) - 1, one)) for one in found]


class Robust(Kind):
    """`robust` with one pair or the pairs of up to 5 hypotheses."""

    name = "robust"

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw reporters; too few of them now and then."""
        unit = rng.choice((*_UNITS, rng.randint(1, _MOST)))
        count = draw_length(rng, 30)
        pairs = rng.choice((None, None, 1, 3, 3, 6, 10))
        columns = [draw_ratios(rng, count, unit) for _ in range(pairs or 1)]
        count = min(map(len, columns))
        faulty = rng.randint(0, max(0, (count - 1) // 3)) + (rng.random() < 0.05)
        near = golden.robust(columns[0], faulty, unit)[2] * unit if count > 3 * faulty else 0
        threshold = rng.choice((0, near, near + 1, near - 1, draw_code(rng), 1 << 70, -(1 << 70)))
        return {
            "ratios": [list(row) for row in zip(*columns, strict=False)],
            "pairs": pairs,
            "faulty": faulty,
            "unit": unit,
            "threshold": threshold if rng.random() < 0.5 else [threshold] * (pairs or 1),
        }

    def expected(self, arguments: Arguments) -> Outcome:
        """Return all fields: numbers for one column without a name, else lists."""
        ratios, pairs, unit = arguments["ratios"], arguments["pairs"], arguments["unit"]
        faulty, limits = arguments["faulty"], arguments["threshold"]
        columns = pairs or 1
        if any(len(row) != columns for row in ratios) or unit < 1:
            raise ValueError("rows of other lengths")
        limits = limits if isinstance(limits, list) else [limits] * columns
        if len(limits) != columns:
            raise ValueError("another number of thresholds")
        if len(ratios) <= 3 * faulty:
            return ["BadInput"]
        scans = [
            golden.robust([row[k] for row in ratios], faulty, unit, limits[k])
            for k in range(columns)
        ]
        trimmed, counts, low, high, decisions = map(list, zip(*scans, strict=True))
        if pairs is None:
            return [[trimmed[0], counts[0], low[0], high[0], unit, decisions[0]]]
        hypotheses = {1: 2, 3: 3, 6: 4, 10: 5}[pairs]
        decisions = golden.robust_pairs(decisions, hypotheses)
        return [[trimmed, counts[0], low, high, unit, decisions]]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call it."""
        ratios, limits = arguments["ratios"], arguments["threshold"]
        if arguments["pairs"] is None:
            ratios = [one for (one,) in ratios]
            limits = limits[0] if isinstance(limits, list) else limits
        ratios = array_of(ratios, "int32")
        if arguments["pairs"]:
            ratios = ratios.reshape(-1, arguments["pairs"])
        faulty, clip = arguments["faulty"], 128 * arguments["unit"]
        return [refusal(lambda: device.robust(ratios, faulty, clip, limits))]


class Histogram(Kind):
    """`RobustHistogram`: ratios in and out, merged, scanned, as bytes."""

    name = "histograms"
    needs_device = False

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw steps of two histograms."""
        unit, held = rng.choice(_UNITS), ([], [])
        steps = []
        for _ in range(rng.randint(1, 10)):
            which = rng.randrange(2)
            word = rng.choice(("add", "add", "remove", "merge", "scan", "bytes", "counts"))
            if word == "remove":
                own = held[which]
                ratios = rng.sample(own, rng.randint(0, len(own)))
                ratios += draw_ratios(rng, 1, unit) * (rng.random() < 0.2)
            else:
                ratios = draw_ratios(rng, draw_length(rng), unit) if word == "add" else []
                held[which].extend(ratios)
            steps.append([word, which, ratios, rng.randrange(3), draw_code(rng)])
        return {"unit": unit, "steps": steps}

    def expected(self, arguments: Arguments) -> Outcome:
        """Count by bin."""
        unit = arguments["unit"]
        held: list[list[int]] = [[], []]
        outcome: Outcome = []
        for word, which, ratios, faulty, threshold in arguments["steps"]:
            own = held[which]
            answer: object = None
            if word == "add":
                own.extend(ratios)
            elif word == "merge":
                own.extend(list(held[1 - which]))
            elif word == "remove":
                bins = Counter(golden.binned_ratio(one, unit) for one in own)
                gone = Counter(golden.binned_ratio(one, unit) for one in ratios)
                if gone <= bins:
                    held[which] = own = _representatives(bins - gone, unit)
                else:
                    answer = "ImpossibleState"
            elif word == "scan":
                answer = "BadInput"
                if len(own) > 3 * faulty:
                    scan = golden.robust(own, faulty, unit, threshold)
                    answer = [*scan[:4], unit, scan[4]]
            elif word == "counts":
                bins = Counter(golden.binned_ratio(one, unit) for one in own)
                answer = [[bins[one] for one in range(-128, 129)], len(own)]
                answer.append(sum(bin_ * count for bin_, count in bins.items()))
            else:
                answer = histogram_bytes(own, unit).hex()
            outcome.append(answer)
        return outcome

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Take the steps."""
        clip = 128 * arguments["unit"]
        held = [RobustHistogram(clip), RobustHistogram(clip)]
        outcome: Outcome = []
        for word, which, ratios, faulty, threshold in arguments["steps"]:
            own = held[which]
            if word in ("add", "remove"):
                answer = done(own.add if word == "add" else own.remove, ratios)
            elif word == "merge":
                answer = done(own.merge, held[1 - which])
            elif word == "scan":
                answer = refusal(partial(own.scan, faulty, threshold))
            elif word == "counts":
                again = RobustHistogram.of_counts(own.counts, clip)
                answer = [plain(again.counts), again.count, again.sum]
            else:
                held[which] = RobustHistogram.from_bytes(bytes(own))
                answer = bytes(own).hex()
            outcome.append(answer)
        return outcome


def _representatives(bins: Counter[int], unit: int) -> list[int]:
    """Return a ratio for each count of a bin."""
    return [max(-(1 << 31) + 1, min((1 << 31) - 1, value * unit)) for value in bins.elements()]

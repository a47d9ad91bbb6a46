"""The highest occupied bin after every change: one latency, every order of changes."""

import random
from functools import cache

import pytest

from consilience_hw.live.occupied_bins import OccupiedBins, bin_change_layout
from consilience_hw.spec.log_format import LogFormat
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of

FMT = LogFormat(integer_bits=11, fraction_bits=4)  # 256 bins: 8 rows of 4 blocks
BINS = 256


@cache
def bench():
    return StreamBench(OccupiedBins(FMT, codes=1 << 8))


def beats_of(changes):
    layout = bin_change_layout(FMT)
    return [
        bits_of(layout, {"bin": number, "add": add, "remove": remove, "wipe": wipe})
        for number, add, remove, wipe in changes
    ]


WIPES = [(number, 0, 0, 1) for number in range(BINS)]


def expected_of(changes):
    """Return the highest bin after each change, and whether the beat asks."""
    counts = [0] * BINS
    found = []
    for number, add, remove, wipe in changes:
        counts[number] = 0 if wipe else counts[number] + add - remove
        occupied = [place for place in range(BINS) if counts[place]]
        asks = not (add or remove or wipe)
        found.append((asks, occupied[-1] if occupied else None))
    return found


def check(changes, **options):
    unit = bench().component
    beats = beats_of([*WIPES, *changes])
    run = bench().run(beats, len(beats), **options)
    latency = {out - taken for out, taken in zip(run.produced, run.accepted, strict=True)}
    assert latency == {OccupiedBins.latency}
    compared = 0
    expected = expected_of(changes)
    for bits, (asks, highest) in zip(run.outputs[BINS:], expected, strict=True):
        if asks:
            answer = fields_of(unit.o.p.shape(), bits)
            assert answer.present == (highest is not None)
            assert highest is None or answer.bin == highest
            compared += 1
    return compared


def random_changes(seed, count, bins):
    choose = random.Random(seed)
    inside = []
    changes = []
    for _ in range(count):
        kind = choose.random()
        if kind < 0.4:
            changes.append((0, 0, 0, 0))
        elif inside and (kind < 0.7 or len(inside) > 6):
            number = inside.pop(choose.randrange(len(inside)))
            changes.append((number, 0, 1, 0))
        else:
            inside.append(choose.choice(bins))
            changes.append((inside[-1], 1, 0, 0))
    return changes


@pytest.mark.parametrize(
    "bins",
    [
        pytest.param([0], id="lowest"),
        pytest.param([BINS - 1, BINS - 2], id="highest"),
        pytest.param(range(8, 24), id="two rows"),
        pytest.param(range(BINS), id="all"),
        pytest.param([0, 63, 64, 127, 128, 255], id="borders of blocks"),
    ],
)
@pytest.mark.parametrize("gaps", [0, 0.5])
def test_any_order_of_changes(bins, gaps):
    changes = random_changes(len(bins), 500, list(bins))
    assert check(changes, gaps=gaps, seed=1) > 100


def test_down_a_ladder():
    """Each removal of the highest uncovers the next, far below, and is asked about at once."""
    ladder = list(range(0, BINS, 17))
    changes = [(number, 1, 0, 0) for number in ladder]
    for number in reversed(ladder):
        changes += [(number, 0, 1, 0), (0, 0, 0, 0)]
    assert check(changes) == len(ladder)


def test_wiped():
    changes = [(200, 1, 0, 0), (200, 1, 0, 0), (0, 0, 0, 0), *WIPES, (0, 0, 0, 0)]
    changes += [(200, 1, 0, 0), (200, 0, 1, 0), (0, 0, 0, 0)]
    assert check(changes) == 3


def test_formats_with_too_few_bins():
    with pytest.raises(ValueError, match="too few bins"):
        OccupiedBins(LogFormat(integer_bits=7, fraction_bits=4))

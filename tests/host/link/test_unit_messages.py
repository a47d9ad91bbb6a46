"""Messages to units beside the log sum, against a slow reference; results back."""

import struct

import numpy as np
import pytest

from consilience.errors import LinkError
from consilience.link.unit_messages import (
    live_message,
    monitor_head,
    monitor_records,
    monitor_words,
    parse_live,
    parse_monitor,
    parse_robust,
    robust_message,
)
from consilience.monitor.steps import AgentSteps, StepSettings
from consilience_hw.spec.link_map import PROVISIONAL, RobustFlag
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_hw.spec.number_formats import Decision


def agents_of(choose, counts, components):
    offsets = np.append(0, np.cumsum(counts)).astype(np.int64)
    return AgentSteps(
        choose.integers(-(2**31), 2**31, (len(counts), components), dtype=np.int32),
        choose.integers(0, 2**32, len(counts), dtype=np.uint32),
        choose.integers(0, 4, len(counts), dtype=np.uint32),
        offsets,
        choose.integers(-(2**31), 2**31, (offsets[-1], components), dtype=np.int32),
    )


@pytest.mark.parametrize("components", [1, 2, 16])
@pytest.mark.parametrize("commit", [True, False])
def test_monitor(components, commit):
    choose = np.random.default_rng(components)
    settings = StepSettings(
        MonitorMode.SPREAD, Policy.RENEW, -7, tuple(range(-components, 0)), commit
    )
    agents = agents_of(choose, [3, 1, 9, 1], components)
    first = components | 3 << 8 | 1 << 16 | PROVISIONAL * (not commit)
    expected = struct.pack(f"<Ii{components}i", first, -7, *range(-components, 0))
    lengths = []
    for agent in range(4):
        low, high = agents.offsets[agent : agent + 2]
        record = struct.pack(
            f"<III{components}i",
            high - low,
            agents.observations[agent],
            agents.flags[agent],
            *agents.components[agent].tolist(),
        )
        record += agents.increments[low:high].astype("<i4").tobytes()
        lengths.append(len(record) // 4)
        expected += record
    message = np.concatenate((monitor_head(settings), monitor_records(agents)))
    assert message.tobytes() == expected
    assert monitor_words(agents).tolist() == lengths
    part = agents.part(1, 3)
    assert (
        monitor_records(part).tobytes()
        == expected[8 + 4 * (components + lengths[0]) :][: 4 * sum(lengths[1:3])]
    )


def test_results_of_a_monitor():
    agents = agents_of(np.random.default_rng(1), [2, 1], 2)
    data = struct.pack("<ii2iI i2iI", -1, -2, 5, 6, 0x103, 7, 8, -9, 1 << 31)
    found = parse_monitor(data, agents)
    assert found.statistics.tolist() == [-1, -2, 7]
    assert found.components.tolist() == [[5, 6], [8, -9]]
    assert found.status.tolist() == [0x103, 1 << 31]
    with pytest.raises(LinkError, match="returned 32 bytes of results, not 36"):
        parse_monitor(data[:-4], agents)


def test_live():
    held, steps = np.array([5, -6], np.int32), np.array([14, 2], np.uint8)
    message = live_message(held, steps, np.array([1, 2], np.int32), np.array([-3, 4], np.int32))
    assert message.tobytes() == struct.pack("<I2iIiiIii", 2, 5, -6, 14, 1, -3, 2, 2, 4)
    found = parse_live(struct.pack("<iIIiII", -5, 3, 1, 6, 0xFFFF_FFFF, 0), 2)
    assert [one.tolist() for one in found] == [[-5, 6], [1, 0], [3, 0xFFFF_FFFF]]


def test_robust():
    ratios = np.array([3, -4], np.int32)
    for threshold, above, below in (
        (25, 2, 3),
        (-25, -3, -2),
        (20, 2, 2),
        (1 << 90, (1 << 41) - 1, (1 << 41) - 1),
        (-(1 << 90), -(1 << 41), -(1 << 41)),
    ):
        expected = struct.pack("<IIIqqii", 2, 10, 7, above, below, 3, -4)
        assert robust_message(ratios, 10, 7, threshold).tobytes() == expected
    for flag, decision in (
        (RobustFlag.ABOVE, Decision.ABOVE),
        (RobustFlag.BELOW, Decision.BELOW),
        (0, Decision.UNDECIDED),
    ):
        found = parse_robust(struct.pack("<qqqI", -5, -(1 << 40), 1 << 40, flag), 9, 10, 2)
        assert found == (-5, 5, -(1 << 40), 1 << 40, 10, decision)

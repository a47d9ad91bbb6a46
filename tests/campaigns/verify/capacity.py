"""The capacity of 2**32 codes, reached by merging: one below it, at it, and one above."""

from collections.abc import Iterator
from typing import Any

import consilience as cs
from consilience.errors import CapacityExceeded
from consilience_hw.reduction.packet_merge import PacketMerge
from consilience_hw.reduction.window import window_layout
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.campaigns.verify.step import Claim

__all__ = ["capacity_claims"]

CODES = [0, -1, -(5 << 16), -(55 << 16)]
"""Four codes of one window; their states are doubled."""

Fields = dict[str, Any]


def capacity_claims() -> Iterator[Claim]:
    """Compare gateware `PacketMerge` and host `WindowSum` up to the capacity and over it."""
    one = cs.WindowSum.of(CODES)
    hardware, failures = _fields(one), 0
    states = [(one.copy(), hardware)]
    for _ in range(30):  # 4 codes doubled 30 times
        hardware = _merged(hardware, hardware)
        one.merge(one.copy())
        states.append((one.copy(), hardware))
        failures += hardware != _fields(one)
    yield Claim(
        "PacketMerge doubles a state up to 2**32 codes: gateware and host agree on every bin",
        len(states) - 1,
        failures,
        detail=f"code at capacity: {one.code}",
    )
    # One code less than the capacity: 2**31 + 2**30 + ... + 4, and three single codes.
    below, below_hardware = states[0]
    for state, fields in states[1:-1]:
        below = below.copy().merge(state)
        below_hardware = _merged(below_hardware, fields)
    for code in CODES[:3]:
        single = cs.WindowSum.of([code])
        below = below.copy().merge(single)
        below_hardware = _merged(below_hardware, _fields(single))
    capacity = Q16_16.capacity
    at = below.copy().merge(cs.WindowSum.of(CODES[3:]))
    last = _fields(cs.WindowSum.of(CODES[3:]))
    at_hardware = _merged(below_hardware, last)
    wrong = [
        below.count != capacity - 1,
        below_hardware != _fields(below),
        at.count != capacity,
        at_hardware != _fields(at),
        at.code != one.code,
        bool(_merged(at_hardware, last)["over"]) is not True,
        bool(_merged(last, at_hardware)["over"]) is not True,
        not _refused(at),
    ]
    yield Claim(
        "capacity - 1 and capacity are states; one more is `over`, on both sides and in any order",
        len(wrong),
        sum(wrong),
    )


def _fields(state: cs.WindowSum) -> Fields:
    """Return a host state as fields of `window_layout`."""
    slots = [0] * Q16_16.slots
    bins = state._held.bins
    for number, value in enumerate(bins.sums.tolist(), start=bins.first):
        slots[number % Q16_16.slots] = value
    return {
        "present": int(state.top is not None),
        "top": state.top or 0,
        "slots": slots,
        "count": state.count,
        "over": 0,
    }


def _merged(a: Fields, b: Fields) -> Fields:
    """Return the state that the gateware makes of two."""
    dut = PacketMerge()
    run = run_stream(dut, [bits_of(dut.i.payload.shape(), [a, b])], 1)
    state = fields_of(window_layout(Q16_16), run.outputs[0])
    return {
        "present": int(state.present),
        "top": int(state.top),
        "slots": [int(slot) for slot in state.slots],
        "count": int(state.count),
        "over": int(state.over),
    }


def _refused(state: cs.WindowSum) -> bool:
    try:
        state.copy().merge(cs.WindowSum.of([0]))
    except CapacityExceeded:
        return True
    return False

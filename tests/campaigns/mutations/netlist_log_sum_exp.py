"""`LogSumExp` with one lane under faults: every fraction, packets, borders, near the capacity."""

import random

import mpmath

from consilience_hw.log2.log2_rom import ERROR, G
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.reduction.accumulator import Accumulator
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from tests.campaigns.mutations.netlist_build import Netlist
from tests.campaigns.mutations.netlist_run import READY, RESET, Stimulus, Trace

__all__ = ["NETLIST", "check", "stimulus"]

HARD = int(ResultStatus.HARD_TO_ROUND)
ZERO = Q16_16.log_of_zero
MOST = (2**32 - 1) * 255
"""Largest sum of a bin at the capacity."""

SUMS = [f"accumulator.slot_{j}" for j in range(8)] + ["accumulator.count"]
LOW_BITS = [20] * 8 + [17]
"""Bits of the lower half of each, which is a cycle ahead: its register, and the one behind it."""
POKED = [f"{name}_{part}" for name in SUMS for part in ("low", "low_q1", "high")]


def _register(name: str) -> str:
    """Return the C++ name of a register."""
    return "p_" + name.replace("_", "__").replace(".", "_2e_")


SUPPORT = (
    """
template<class W> static void force(W &wire, uint64_t bits) {
	set(wire.curr, bits);
	wire.next = wire.curr;
}
static void poke(Design &design, const uint64_t *state) {
"""
    + "".join(
        f"\tforce(design.{_register(f'{name}_{part}')}, state[{place}] {of});\n"
        for place, (name, low) in enumerate(zip(SUMS, LOW_BITS, strict=True))
        for part, of in (
            ("low", f"& {(1 << low) - 1}"),
            ("low_q1", f"& {(1 << low) - 1}"),
            ("high", f">> {low}"),
        )
    )
    + f"""}}
// A packet's state on its way from the accumulator to the logarithm.
static uint64_t observe(const Design &design) {{
	uint64_t mixed = get(design.p_accumulator_2e_o____valid);
	if (!mixed)
		return 0;
	for (uint64_t part : {{{", ".join(f"get(design.{_register(name)})" for name in POKED)}}})
		mixed = (mixed ^ part) * 0x9e3779b97f4a7c15 ^ mixed >> 29;
	return mixed;
}}
static void set_controls(Design &design, uint8_t control) {{
	set(design.p_o____ready, control & {READY});
	set(design.p_rst, !!(control & {RESET}));
}}
"""
)


def _takes(mode: str, port: str, wire: str) -> bool:
    # What is set from outside must not be behind a fault; the same fault stands at its input.
    return not (port == "Q" and wire in POKED)


UNIT = LogSumExp(Q16_16, 1)
NETLIST = Netlist("log_sum_exp", UNIT, _takes, SUPPORT)
SETTLED = UNIT.reducer.latency + Accumulator.latency + 2
"""Cycles after which a code is in the accumulator, and nothing else on its way there."""


def _packets(choose: random.Random) -> list[list[int]]:
    low, high = ZERO, Q16_16.max_code
    packets = [[((f * 40503) % 65536 - 32768 << 16) + f] for f in range(65536)]
    for _ in range(1500):
        base = choose.randrange(low + 1, high + 1)
        draw = choose.choice(
            [
                lambda: choose.randrange(low, high + 1),
                lambda: choose.choice([low, low + 1, high, 0, -1, 8 << 16, (8 << 16) - 1]),
                lambda base=base: base,
                lambda base=base: max(low, base - choose.randrange(70 << 16)),
                lambda base=base: min(high, base + choose.randrange(70 << 16)),
            ]
        )
        packets.append([draw() for _ in range(choose.choice([1, 1, 2, 3, 12, 40]))])
    with mpmath.workprec(300):
        for _ in range(400):  # around the margin within which a sum is too near to a border
            beside = choose.choice([0, 0.5, 0.98, 1.02, 1.1, 1.5, 2]) * choose.choice([-1, 1])
            fraction = mpmath.mpf(2 * choose.randrange(65536) + 1) / 131072
            log = choose.randrange(56, 63) + fraction + mpmath.mpf(beside * ERROR) / 2**G
            total = int(mpmath.floor(mpmath.power(2, log)))
            packets.append(golden.codes_for_sum(total, choose.randrange(-4000, 4000)))
    return packets


def stimulus() -> tuple[Stimulus, list[tuple[int, int]]]:
    """Return the input and what the golden model makes of it."""
    choose = random.Random(7)
    packets = _packets(choose)
    states = 4000
    beats = sum(map(len, packets))
    given = Stimulus(cycles=3 * beats // 2 + (2 * SETTLED + 8) * states + 2000)
    for cycle in range(100, 12_000):  # the sink stalls, at first much
        if choose.random() < (0.8 if cycle < 4000 else 0.3):
            given.controls[cycle] &= ~READY & 0xFF
    expected = []
    choose.shuffle(packets)
    for codes in packets:
        expected.append(golden.log_sum(codes))
        for place, code in enumerate(codes):
            keep = choose.random() < 0.95 or len(codes) == 1
            if not keep:  # a lane not to be read, before the code
                given.add(choose.getrandbits(32))
            last = place == len(codes) - 1
            pause = choose.choice([0, 0, 0, 0, 0, 0, 0, 1, 3])
            given.add(code & 0xFFFF_FFFF | 1 << 32 | last << 33, pause=pause)
    for _ in range(states):
        expected.append(_add_state(given, choose))
    return given, expected


def _add_state(given: Stimulus, choose: random.Random) -> tuple[int, int]:
    """Add a packet of two codes between which a state near or at the capacity is loaded."""
    top = choose.choice([choose.randrange(-4000, 4000), 0, 4095, -4096])
    position = max(8 * top, -32767)
    code = (position << 16) + choose.randrange(65536)
    aimed = choose.random() < 0.6
    slots = _aimed_slots(top, choose) if aimed else _any_slots(choose)
    capacity = Q16_16.capacity
    beside = [capacity - 2, capacity - 1, capacity, capacity + 1]
    all_ones = (1 << choose.randrange(1, 33)) - 1
    count = choose.choice([*beside, choose.randrange(1, capacity), all_ones])
    slots[top % 8] = max(slots[top % 8], 1)
    if aimed:
        _aim_at_a_border(slots, top, code, choose)
    state = golden.WindowState(top, tuple(slots), count, 0)
    # The second code is within the window: the top stays; or above, and bins leave.
    above = choose.choice([0, 0, 0, 1, 3, 7, 8, 30])
    second = min(position + 8 * above, 32767) << 16 | choose.randrange(65536)
    tail = [second] if choose.random() < 0.8 else [second, code]
    if aimed:
        tail = [code]
    given.add(code & 0xFFFF_FFFF | 1 << 32, pause=SETTLED)
    for place, one in enumerate(tail):
        last = place == len(tail) - 1
        beat = one & 0xFFFF_FFFF | 1 << 32 | last << 33
        if place:
            given.add(beat)
        else:
            given.add(beat, pause=SETTLED, poke=[*slots, count])
    state = golden.merge_windows(state, golden.window(tail))
    return golden.log2_of_window(state)


def _any_slots(choose: random.Random) -> list[int]:
    """Return sums of bins as large as they get, of a few bits, or of any size."""
    kind = choose.randrange(3)
    if kind == 0:
        return [MOST - 255 - choose.randrange(3) for _ in range(8)]
    if kind == 1:
        return [1 << choose.randrange(32) for _ in range(8)]
    return [choose.getrandbits(choose.randrange(1, 40)) for _ in range(8)]


def _aimed_slots(top: int, choose: random.Random) -> list[int]:
    """Return sums of bins that grow downwards: of each some bits count in the first 2**-40."""
    grown = choose.randrange(1, 33)
    slots = [0] * 8
    for rank in range(8):
        bits = min(39, 8 * rank + grown)
        slots[(top - rank) % 8] = choose.getrandbits(bits)
    return slots


def _aim_at_a_border(slots: list[int], top: int, code: int, choose: random.Random) -> None:
    """Raise slots so that their sum and a code are just beside where Log2 becomes certain."""
    order = [(top - 7 + rank) % 8 for rank in range(8)]
    term = golden.window([code]).slots
    total = sum(slots[j] + term[j] << 8 * rank for rank, j in enumerate(order))
    beside = ERROR * choose.uniform(0.5, 1.5) * choose.choice([-1, 1])
    exponent = total.bit_length() - 1
    with mpmath.workprec(300):
        log = mpmath.log(total, 2) - exponent
        fraction = int(log * 65536 + 1)
        log = exponent + mpmath.mpf(2 * fraction + 1) / 131072 + mpmath.mpf(beside) / 2**G
        missing = int(mpmath.floor(mpmath.power(2, log))) - total
    for rank, j in enumerate(order):
        part = missing >> 8 * rank & 0xFF if rank < 7 else missing >> 56
        slots[j] += part


def check(given: Stimulus, expected: list[tuple[int, int]], trace: Trace) -> list[str]:
    """Return what is wrong with the trace of the netlist without a fault."""
    wrong = []
    if given.taken(trace) != len(given.beats):
        wrong.append(f"{given.taken(trace)} of {len(given.beats)} beats taken")
    results = given.outputs(trace)
    if len(results) != len(expected):
        wrong.append(f"{len(results)} results, not {len(expected)}")
    hard = 0
    for number, (bits, (code, status)) in enumerate(zip(results, expected, strict=False)):
        got, flags = (bits & 0xFFFF_FFFF ^ 1 << 31) - (1 << 31), bits >> 32
        hard += bool(flags & HARD)
        if status & ResultStatus.OVER_CAPACITY:
            right = flags == status
        elif flags & HARD:
            right = flags & ~HARD == status and abs(got - code) <= 1
        else:
            right = (got, flags) == (code, status)
        if not right:
            wrong.append(f"result {number} is {got}, {flags}, not {code}, {status}")
    if not 300 < hard < 2000:
        wrong.append(f"{hard} results are hard to round")
    return wrong[:5]

"""Two partial states of one beat to one, their tops known before their sums."""

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.masked_sum import masked_sum
from ..primitives.pipeline import delayed, flow
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat
from .highest_bin import is_above, key_bits
from .window import KEPT_LATENCY, kept_slots, top_bits, window_layout

__all__ = ["BeatMerge"]


class BeatMerge(wiring.Component):
    """`PacketMerge` of two states whose tops came `lead` cycles ago: nothing waits for masks.

    What comes in is registered first: the two sides may be far apart.

    Latency: `top_latency` for the top, `latency` for the state, for all data; so the state it gives
    comes ``lead + latency - top_latency`` cycles after its own top. Throughput: one pair per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    codes : int
        Most codes of each of the two states. It is far from the capacity, which is not checked.
    lead : int
        Cycles from `highest` to `i`, at least `least_lead`.

    Members
    -------
    highest : flow of ArrayLayout(`highest_bin.bin_key`, 2)
    i : flow of ArrayLayout(`window_layout` for `codes` codes, 2)
    top : flow of `highest_bin.bin_key`
        The higher of the two.
    o : flow of `window_layout` for twice as many codes
        ``present`` is 0 in a cycle without a beat.
    """

    top_latency = 3
    latency = 2
    least_lead = top_latency + KEPT_LATENCY + 1 - latency

    def __init__(self, fmt: LogFormat = Q16_16, codes: int = 1, lead: int = least_lead) -> None:
        if lead < self.least_lead:
            raise ValueError(f"lead must be at least {self.least_lead}, not {lead}")
        check_count("codes", codes)
        self.fmt = fmt
        self.codes = codes
        self.lead = lead
        key = unsigned(key_bits(fmt))
        super().__init__(
            {
                "highest": In(flow(data.ArrayLayout(key, 2))),
                "i": In(flow(data.ArrayLayout(window_layout(fmt, codes), 2))),
                "top": Out(flow(key)),
                "o": Out(flow(window_layout(fmt, 2 * codes))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        keys_q1 = delayed(m, self.highest.p, 1, "keys")
        later_q2 = delayed(m, is_above(keys_q1[1], keys_q1[0]), 1, "later")
        keys_q2 = [delayed(m, keys_q1[side], 1, f"key_{side}") for side in range(2)]
        top_q3 = delayed(m, Mux(later_q2, keys_q2[1], keys_q2[0]), 1, "top")
        masks = []
        for side in range(2):
            # Keys differ as bins do, except that of an absent state, whose sums are zero anyway.
            number_q3 = delayed(m, keys_q2[side][: top_bits(fmt)], 1, f"number_{side}")
            kept = Cat(kept_slots(m, top_q3[: top_bits(fmt)], number_q3, fmt, f"kept_{side}"))
            masks.append(delayed(m, kept, self.lead - self.least_lead, f"mask_{side}"))
        states = delayed(m, self.i.p, 1, "states")
        a, b = states[0], states[1]
        for j in range(fmt.slots):
            pair = a.slots[j], masks[0][j], b.slots[j], masks[1][j]
            total = masked_sum(m, platform, *pair, f"sum_{j}")
            m.d.comb += self.o.p.slots[j].eq(delayed(m, total, 1, f"slot_{j}"))
        top = delayed(m, top_q3, self.lead - self.top_latency, "early_top")
        present = top[-1] & self.i.valid
        state_top = delayed(m, top[:-1], self.latency, "state_top")
        count = Signal.like(self.o.p.count, reset_less=True)
        m.d.sync += count.eq(a.count + b.count)
        m.d.comb += [
            self.top.p.eq(top_q3),
            self.top.valid.eq(
                delayed(m, self.highest.valid, self.top_latency, "top_valid", reset=True)
            ),
            self.o.p.present.eq(delayed(m, present, self.latency, "is_present", reset=True)),
            self.o.p.top.eq(Cat(state_top[:-1], ~state_top[-1]).as_signed()),
            self.o.p.count.eq(count),
            self.o.p.over.eq(0),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m

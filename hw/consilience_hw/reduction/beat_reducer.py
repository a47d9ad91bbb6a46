"""All lanes of a beat to one partial state: groups of lanes, and the merges over them."""

from amaranth.hdl import Cat, Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import delayed, flow, tree_depth
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat
from .beat import beat_layout
from .beat_merge import BeatMerge
from .highest_bin import key_bits
from .lane_group import LaneGroup
from .window import window_layout

__all__ = ["GROUP_LANES", "BeatReducer"]

GROUP_LANES = 16
"""Lanes of a group: few enough for short wires."""


class BeatReducer(wiring.Component):
    """The exact sum of a beat's codes, cut at the window under the highest of them.

    Lanes form independent groups of up to `GROUP_LANES`; a balanced tree merges their partial
    states. A group cuts at its own window, a merge at the higher of two: the sum is exact, so the
    partition does not show, and no wire has to reach all lanes. The tree merges states of single
    beats, not of packets: their sums are short, and one `Accumulator` is enough.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        W, codes per beat, 1 or more.
    with_highest : bool
        Have a member `highest`. It is left out where it is not used: even logic that synthesis
        removes changes what it makes of the rest.

    Members
    -------
    i : flow of `beat_layout`
        ``last`` is not read. In a cycle without a beat the state is absent.
    highest : flow of `highest_bin.bin_key`
        The state's top and presence, `lead` cycles before it. With `with_highest` only.
    o : flow of `window_layout` for `codes` codes
    """

    def __init__(
        self, fmt: LogFormat = Q16_16, lanes: int = 1, *, with_highest: bool = False
    ) -> None:
        check_count("lanes", lanes)
        self.fmt = fmt
        self.lanes = lanes
        self.with_highest = with_highest
        starts = range(0, lanes, GROUP_LANES)
        self.groups = [LaneGroup(fmt, min(GROUP_LANES, lanes - start)) for start in starts]
        highest = {"highest": Out(flow(unsigned(key_bits(fmt))))}
        super().__init__(
            {
                "i": In(flow(beat_layout(fmt, lanes))),
                **(highest if with_highest else {}),
                "o": Out(flow(window_layout(fmt, self.codes))),
            }
        )

    @property
    def codes(self) -> int:
        """Most codes of a state: the lanes of a full tree."""
        return self.groups[0].lanes << tree_depth(len(self.groups))

    @property
    def latency(self) -> int:
        """Cycles from a beat to its state."""
        return self.groups[0].latency + BeatMerge.latency * tree_depth(len(self.groups))

    @property
    def lead(self) -> int:
        """Cycles from `highest` to `o`."""
        gained = BeatMerge.top_latency - BeatMerge.latency
        return self.groups[0].lead - gained * tree_depth(len(self.groups))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        first = self.groups[0]
        nodes = []
        for number, group in enumerate(self.groups):
            m.submodules[f"group_{number}"] = group
            lane = number * GROUP_LANES
            codes = Cat(self.i.p.codes[k] for k in range(lane, lane + group.lanes))
            keep = self.i.p.keep[lane : lane + group.lanes]
            m.d.comb += [
                Cat(group.i.p.codes).eq(codes),
                group.i.p.keep.eq(keep),
                group.i.valid.eq(self.i.valid),
            ]
            # The last group may be smaller, and so have a lower latency.
            early = first.top_latency - group.top_latency
            top = delayed(m, group.highest.p, early, f"top_{number}")
            late = first.latency - group.latency
            state = delayed(m, group.o.p, late, f"state_{number}")
            valid = delayed(m, group.o.valid, late, f"valid_{number}", reset=True)
            nodes.append((top, state, valid))
        lead, codes, level = first.lead, first.lanes, 0
        while len(nodes) > 1:
            level += 1
            merged = []
            for index in range(0, len(nodes), 2):
                name = f"{level}_{index // 2}"
                top, state, valid = nodes[index]
                if index + 1 < len(nodes):
                    merge = BeatMerge(self.fmt, codes, lead)
                    m.submodules[f"merge_{name}"] = merge
                    m.d.comb += [
                        Cat(merge.highest.p).eq(Cat(top, nodes[index + 1][0])),
                        *_copied(merge.i.p[0], state),
                        *_copied(merge.i.p[1], nodes[index + 1][1]),
                        merge.i.valid.eq(valid),
                    ]
                    merged.append((merge.top.p, merge.o.p, merge.o.valid))
                else:
                    top = delayed(m, top, BeatMerge.top_latency, f"odd_top_{name}")
                    state = delayed(m, state, BeatMerge.latency, f"odd_state_{name}")
                    name = f"odd_valid_{name}"
                    valid = delayed(m, valid, BeatMerge.latency, name, reset=True)
                    merged.append((top, state, valid))
            nodes = merged
            lead += BeatMerge.latency - BeatMerge.top_latency
            codes *= 2
        if self.with_highest:
            after = self.latency - self.lead
            m.d.comb += [
                self.highest.p.eq(nodes[0][0]),
                self.highest.valid.eq(delayed(m, self.i.valid, after, "top_valid", reset=True)),
            ]
        m.d.comb += [
            *_copied(self.o.p, nodes[0][1]),
            self.o.valid.eq(nodes[0][2]),
        ]
        return m


def _copied(wide: data.View, narrow: data.View) -> list[object]:
    """Return assignments that copy a state to one for more codes."""
    return [
        wide.present.eq(narrow.present),
        wide.top.eq(narrow.top),
        wide.count.eq(narrow.count),
        wide.over.eq(narrow.over),
        *(into.eq(slot) for into, slot in zip(wide.slots, narrow.slots, strict=True)),
    ]

"""Whether the bins that a change has touched can be those of any multiset."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import data

from ..primitives.pipeline import delayed, reduced, tree_depth
from ..spec.log_format import LogFormat

__all__ = ["damage", "damage_latency"]


def damage_latency(fmt: LogFormat) -> int:
    """Return the cycles from changed cells to what is known of all changes before them."""
    return tree_depth(fmt.parts) + 2


def damage(
    m: Module,
    fmt: LogFormat,
    cells: list[data.View],
    checked: list[Value],
    below_zero: list[Value],
    wipe: Value,
) -> Signal:
    """Return whether some bin has been impossible, sticky, after `damage_latency` cycles.

    A term gives its own bin 1 to ``2**B - 1``, and each of the `parts` - 1 bins below 0 to as much.
    So a bin's sum is at least the number of its terms, and at most ``2**B - 1`` times that of the
    terms in it and in the `parts` - 1 bins above. These are side by side in a window, wherever it
    begins: of every bank that is checked the next ones hold the bins above.

    Parameters
    ----------
    m : Module
    fmt : LogFormat
        Number format.
    cells : list of `bin_banks.cell_layout`
        Of a window, by bank, as a change has left them.
    checked, below_zero : lists of bits
        By bank: the change touched it; it took more out than was there.
    wipe : Value
        Forget all; in the cycle of the answer.
    """
    slots, depth = len(cells), tree_depth(fmt.parts)
    faults = []
    for j, cell in enumerate(cells):
        terms = [cells[(j + above) % slots].terms for above in range(fmt.parts)]
        reaching = reduced(m, terms, lambda a, b: a + b, f"reaching_{j}")
        total = delayed(m, cell.sum, depth, f"total_{j}")
        # sum <= (2**B - 1) * reaching, without a product.
        with_reaching = delayed(m, total + reaching, 1, f"with_reaching_{j}")
        most = delayed(m, reaching << fmt.bin_width, 1, f"most_{j}")
        too_little = delayed(m, cell.sum < cell.terms, 1, f"too_little_{j}")
        below = delayed(m, below_zero[j], 1, f"below_{j}_late")
        little = delayed(m, too_little | below, depth, f"little_{j}")
        fault = (little | (with_reaching > most)) & delayed(m, checked[j], depth + 1, f"at_{j}")
        faults.append(fault)
    fault = delayed(m, Cat(*faults).any(), 1, "fault", reset=True)
    damaged = Signal()
    m.d.sync += damaged.eq((damaged | fault) & ~wipe)
    return damaged

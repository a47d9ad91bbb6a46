"""The check whether the bins that a change has touched can be those of a multiset."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import data

from ..primitives.pipeline import delayed, reduced, tree_depth
from ..spec.log_format import LogFormat

__all__ = ["damage", "damage_latency"]


def damage_latency(fmt: LogFormat) -> int:
    """Return the cycles from changed cells to the verdict on all changes before them."""
    return tree_depth(fmt.parts) + 3


def damage(
    m: Module,
    fmt: LogFormat,
    cells: list[data.View],
    checked: list[Value],
    below_zero: list[Value],
    wipe: Value,
) -> Signal:
    """Return whether a bin was ever impossible (sticky), after `damage_latency` cycles.

    A term gives its own bin 1 to ``2**B - 1``, and each of the `parts` - 1 bins below 0 to as much.
    So the sum of a bin is at least the number of its terms, and at most ``2**B - 1`` times the
    number of terms in it and in the `parts` - 1 bins above. These bins are neighbours in the
    window, wherever it begins: the banks after the bank of a bin hold the bins above.

    Parameters
    ----------
    m : Module
    fmt : LogFormat
        Number format.
    cells : list of `bin_banks.cell_layout`
        The cells of a window after a change, by bank.
    checked, below_zero : lists of bits
        By bank: whether the change touched it; whether it took out more than was there.
    wipe : Value
        Forget all, in the cycle of the answer.
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
        faults.append(delayed(m, fault, 1, f"fault_{j}"))
    fault = delayed(m, Cat(*faults).any(), 1, "fault", reset=True)
    damaged = Signal()
    m.d.sync += damaged.eq((damaged | fault) & ~wipe)
    return damaged

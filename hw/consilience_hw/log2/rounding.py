"""The one rounding: an integer part and log2 of a mantissa to a code and its status."""

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import data
from amaranth.utils import ceil_log2

from ..primitives.pipeline import delayed, named
from ..spec.flags import ResultStatus
from ..spec.log_format import LogFormat
from .log2_rom import ERROR, ERROR_LOG, G

__all__ = ["ROUND_CYCLES", "drive_rounded"]

ROUND_CYCLES = 4


def drive_rounded(
    m: Module, fmt: LogFormat, state: data.View, logarithm: Value, zeros: Value, out: data.View
) -> None:
    """Drive a result's code and status, `ROUND_CYCLES` after its state, logarithm and zeros.

    If the logarithm is within ERROR * 2**-G, the code is right, or it is marked HARD_TO_ROUND and
    is one of the two codes beside a border.

    Parameters
    ----------
    m : Module
    fmt : LogFormat
        Number format.
    state : {present, top, over, ..}
        Fields of `window.window_layout`.
    logarithm : Value
        log2 of the sum's mantissa in [1, 2), G fraction bits.
    zeros : Value
        Places from the highest possible leading one of a sum down to that of this sum.
    out : `log2.result_layout`
    """
    dropped = G - fmt.fraction_bits
    # Adding half a unit and ERROR makes the doubtful values those whose dropped bits are below
    # 2 * ERROR + 1, a power of two less one; elsewhere ERROR does not change the code.
    raised_q1 = Signal(G + 2, reset_less=True)
    m.d.sync += raised_q1.eq(logarithm + ((1 << dropped - 1) + ERROR))
    hard_q2 = delayed(m, ~raised_q1[ERROR_LOG + 1 : dropped].any(), 1, "hard")

    position_q1 = Signal(signed(fmt.integer_bits + 2), reset_less=True)
    highest = (state.top << ceil_log2(fmt.bin_width)) + fmt.cell_bits - 1
    m.d.sync += position_q1.eq(highest - zeros)
    code_q2 = Signal(signed(fmt.code_bits + 2), reset_less=True)
    m.d.sync += code_q2.eq((position_q1 << fmt.fraction_bits) + (raised_q1 >> dropped))

    present_q2 = delayed(m, state.present, 2, "present")
    over_q3 = delayed(m, state.over, 3, "over")
    saturated_q2 = named(m, present_q2 & (code_q2 > fmt.max_code), "saturated")
    code_q3 = delayed(m, code_q2[: fmt.code_bits].as_signed(), 1, "code")
    saturated_q3 = delayed(m, saturated_q2, 1, "saturated")
    present_q3 = delayed(m, present_q2, 1, "present_late")
    hard_q3 = delayed(m, hard_q2 & present_q2, 1, "hard_late")
    code = Mux(present_q3, Mux(saturated_q3, fmt.max_code, code_q3), fmt.log_of_zero)
    status = (
        Mux(saturated_q3 & ~over_q3, ResultStatus.SATURATED.value, 0)
        | Mux(over_q3, ResultStatus.OVER_CAPACITY.value, 0)
        | Mux(hard_q3 & ~over_q3, ResultStatus.HARD_TO_ROUND.value, 0)
    )
    code_q4 = Signal.like(out.code, reset_less=True)
    status_q4 = Signal.like(out.status, reset_less=True)
    m.d.sync += [code_q4.eq(code), status_q4.eq(status)]
    m.d.comb += [out.code.eq(code_q4), out.status.eq(status_q4)]

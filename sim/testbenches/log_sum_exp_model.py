"""What `LogSumExp` has to give for a packet, and how a packet looks on its wires."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import mpmath
from packets import Beat
from stream_monitor import Transfer

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import LogFormat
from consilience_sim import golden

__all__ = ["ExpectedResult", "pack_beat", "scaled", "unpack_result"]

HARD = ResultStatus.HARD_TO_ROUND

DOUBT = 2.0**-18
"""HARD_TO_ROUND may be set only this near, in ulp, to a rounding border: `Log2` promises to set
it in one case of 2**20, which is 2**-21 on either side, and this leaves room for its own error."""


def scaled(fmt: LogFormat, code: int) -> str:
    """Return a code raw and in bits, for messages."""
    if code == fmt.log_of_zero:
        return f"{code} (log of zero)"
    return f"{code} ({code / fmt.fractions:.6f} bit)"


def pack_beat(beat: Beat, last: bool, fmt: LogFormat, choose: Random) -> int:
    """Return a beat as a bit vector: codes, lane 0 lowest, then ``keep``, then ``last``.

    Unused lanes hold garbage.
    """
    payload = 0
    keep = 0
    for lane, code in enumerate(beat):
        if code is None:
            code = choose.getrandbits(fmt.code_bits)
        else:
            keep |= 1 << lane
        payload |= (code & ((1 << fmt.code_bits) - 1)) << (lane * fmt.code_bits)
    width = len(beat) * fmt.code_bits
    return payload | keep << width | last << (width + len(beat))


def unpack_result(payload: int, fmt: LogFormat) -> tuple[int, int]:
    """Return code, the low bits, and status of an output payload."""
    bits = fmt.code_bits
    code = payload & ((1 << bits) - 1)
    return code - (code >> (bits - 1) << bits), payload >> bits


@dataclass(frozen=True)
class ExpectedResult:
    """The result of one packet.

    Parameters
    ----------
    codes : tuple of int
        The packet, for messages.
    code, status : int
        The correctly rounded log sum and its `ResultStatus` flags without HARD_TO_ROUND.
    fmt : LogFormat
        Number format.
    """

    codes: tuple[int, ...]
    code: int
    status: int
    fmt: LogFormat

    @classmethod
    def of(cls, codes: Sequence[int], fmt: LogFormat) -> "ExpectedResult":
        """Return what the golden model says of a packet."""
        code, status = golden.log_sum(codes, fmt)
        return cls(tuple(codes), code, status & ~HARD, fmt)

    def complaint(self, observed: Transfer) -> str | None:
        """Return what is wrong with an output of `LogSumExp`, or None."""
        code, status = unpack_result(observed.payload, self.fmt)
        return self.judge([code], status)

    @property
    def words(self) -> int:
        """Words of the result on the link."""
        return 2

    def judge(self, codes: Sequence[int], status: int) -> str | None:
        """Return what is wrong with a result, or None.

        HARD_TO_ROUND is allowed next to a rounding border only, and its code must be one of the
        two neighbours of that border.
        """
        (code,) = codes
        allowed = {self.code}
        if status & HARD:
            borders = self._near_border()
            if borders is None:
                return f"marked hard to round far from any border\n{self._against(code, status)}"
            allowed = borders
        if code in allowed and status & ~HARD == self.status:
            return None
        return f"wrong result\n{self._against(code, status)}"

    def _near_border(self) -> set[int] | None:
        """Return the two codes beside the border within DOUBT of the true value, or None.

        By high-precision floating point from the exact sum of the golden window.
        """
        fmt = self.fmt
        state = golden.window(self.codes, fmt)
        if state.top is None:
            return None
        lowest = state.top - fmt.window_bins
        bins = [state.slots[(lowest + rank) % fmt.slots] for rank in range(fmt.slots)]
        total = sum(value << fmt.bin_width * rank for rank, value in enumerate(bins))
        with mpmath.workprec(256):
            value = (mpmath.log(total, 2) + fmt.bin_width * lowest) * fmt.fractions
            below = int(mpmath.floor(value))
            if abs(value - below - 0.5) > DOUBT:
                return None
        return {below, below + 1}

    def _against(self, code: int, status: int) -> str:
        shown = ", ".join(scaled(self.fmt, c) for c in self.codes[:40])
        more = f", ... {len(self.codes)} in all" if len(self.codes) > 40 else ""
        return (
            f"  expected {scaled(self.fmt, self.code)} status {ResultStatus(self.status)!r}\n"
            f"  observed {scaled(self.fmt, code)} status {ResultStatus(status)!r}\n"
            f"  codes    {shown}{more}"
        )

    def __str__(self) -> str:
        return (
            f"{scaled(self.fmt, self.code)} of {len(self.codes)} codes {list(self.codes[:8])} ..."
        )

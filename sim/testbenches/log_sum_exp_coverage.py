"""What the tests of `LogSumExp` have to show: beats, packets, results and resets, at its pins."""

from typing import ClassVar

from coverage_points import cover_point
from log_sum_exp_model import unpack_result
from stream_monitor import Transfer

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import LogFormat

__all__ = ["LogSumExpCoverage"]

_WAITS = ("none", "1 to 7 cycles", "8 cycles or more")


def _waited(transfer: Transfer) -> str:
    cycles = transfer.taken - transfer.offered
    return _WAITS[(cycles > 0) + (cycles > 7)]


class LogSumExpCoverage:
    """Counts the bins that one bench sees; the bins are those of the whole run.

    Parameters
    ----------
    fmt : LogFormat
    lanes : int
    """

    CODES: ClassVar = ("log of zero", "the lowest", "negative", "0", "positive", "the highest")
    TOPS: ClassVar = (
        "the first of a packet",
        "the same bin",
        "higher, within the window",
        "higher, beyond the window",
        "lower, within the window",
        "lower, below the window",
    )
    RESETS: ClassVar = ("empty", "a packet open", "packets inside", "packets inside, one open")

    def __init__(self, fmt: LogFormat, lanes: int) -> None:
        self._fmt, self._lanes = fmt, lanes
        filled = ("none", "all") if lanes == 1 else ("none", "some", "all")
        self._filled = cover_point("log_sum_exp.beat.lanes_used", filled)
        self._code = cover_point("log_sum_exp.beat.code", self.CODES)
        self._top = cover_point("log_sum_exp.beat.highest_bin", self.TOPS)
        self._beat_waits = cover_point("log_sum_exp.beat.waits", _WAITS)
        beats = ("1", "2", "3 to 15", "16 or more")
        self._beats = cover_point("log_sum_exp.packet.beats", beats)
        codes = ("0", "1", "2 to 15", "16 or more")
        self._codes = cover_point("log_sum_exp.packet.codes", codes)
        status = ("finite", "log of zero", "saturated", "hard to round")
        self._status = cover_point("log_sum_exp.result.status", status)
        self._result_waits = cover_point("log_sum_exp.result.waits", _WAITS)
        self._resets = cover_point("log_sum_exp.reset.finds", self.RESETS)
        self._begin()
        self._inside = 0

    def _begin(self) -> None:
        self._packet_top: int | None = None
        self._packet_codes = self._packet_beats = 0

    def beat(self, transfer: Transfer) -> None:
        """Count a beat, and the packet that it ends."""
        fmt, payload = self._fmt, transfer.payload
        bits = fmt.code_bits
        keep = payload >> self._lanes * bits
        codes = []
        for lane in range(self._lanes):
            if keep >> lane & 1:
                code = payload >> lane * bits & ((1 << bits) - 1)
                codes.append(code - (code >> (bits - 1) << bits))
        share = len(codes) == self._lanes
        self._filled("all" if share else "some" if codes else "none")
        for code in codes:
            self._code(self._kind(code))
        self._follow(codes)
        self._beat_waits(_waited(transfer))
        self._packet_beats += 1
        self._packet_codes += len(codes)
        if keep >> self._lanes:
            beats, taken = self._packet_beats, self._packet_codes
            self._beats(str(beats) if beats < 3 else "3 to 15" if beats < 16 else "16 or more")
            self._codes(str(taken) if taken < 2 else "2 to 15" if taken < 16 else "16 or more")
            self._begin()
            self._inside += 1

    def _kind(self, code: int) -> str:
        fmt = self._fmt
        special = {fmt.log_of_zero: 0, fmt.min_code: 1, 0: 3, fmt.max_code: 5}
        return self.CODES[special.get(code, 2 if code < 0 else 4)]

    def _follow(self, codes: list[int]) -> None:
        """Compare the highest bin of a beat with that of the packet so far."""
        fmt = self._fmt
        finite = [code for code in codes if code != fmt.log_of_zero]
        if not finite:
            return
        top = (max(finite) >> fmt.fraction_bits) // fmt.bin_width
        before = self._packet_top
        if before is None:
            self._top(self.TOPS[0])
        elif top >= before:
            self._top(self.TOPS[1 + (top > before) + (top - before > fmt.window_bins)])
        else:
            self._top(self.TOPS[4 + (before - top > fmt.window_bins)])
        self._packet_top = top if before is None else max(top, before)

    def result(self, transfer: Transfer) -> None:
        """Count a result."""
        code, status = unpack_result(transfer.payload, self._fmt)
        if status & ResultStatus.HARD_TO_ROUND:
            self._status("hard to round")
        if status & ResultStatus.SATURATED:
            self._status("saturated")
        else:
            self._status("log of zero" if code == self._fmt.log_of_zero else "finite")
        self._result_waits(_waited(transfer))
        self._inside -= 1

    @property
    def found(self) -> str:
        """Which of `RESETS` a reset finds now."""
        return self.RESETS[(self._packet_beats > 0) + 2 * (self._inside > 0)]

    def reset(self) -> None:
        """Count what a reset finds."""
        self._resets(self.found)
        self._begin()
        self._inside = 0

"""The bytes of states, made from what is in them as their documentation says.

Integers of Python throughout; shares no code with the product's states.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

__all__ = ["Rows", "evidence_bytes", "histogram_bytes", "log_sum_bytes", "reporters_bytes"]

ZERO = -(1 << 31)

Rows = Mapping[int | str, Sequence[tuple[Sequence[int], int]]]
"""By agent: (a code per hypothesis, weight) of each row."""


def log_sum_bytes(codes: Sequence[int], *, windowed: bool = False) -> bytes:
    """Return the bytes of the `LogSum`, or `WindowSum`, of some codes.

    Magic; version u16, format id u32, P, B, D u8, finite codes and logs of zero u64; then the bins
    that are not empty: index i16, terms u64, sum of 5 bytes.
    """
    finite = [code for code in codes if code != ZERO]
    sums: Counter[int] = Counter()
    terms: Counter[int] = Counter()
    mantissas = golden.mantissas(Q16_16)
    for code in finite:
        position = code >> 16
        own = position // 8
        terms[own] += 1
        # The mantissa's last bit is 24 below the position; four bins of 8 bits hold it.
        digits = int(mantissas[code & 0xFFFF]) << position % 8
        for number in range(own - 3, own + 1):
            sums[number] += digits & 0xFF
            digits >>= 8
    used = sorted(number for number in sums if sums[number] or terms[number])
    if windowed and finite:
        used = [number for number in used if number >= max(terms) - 7]
    head = (b"CNWS" if windowed else b"CNLS") + _number(1, 2) + _number(Q16_16.identifier, 4)
    head += bytes([24, 8, 7]) + _number(len(finite), 8) + _number(len(codes) - len(finite), 8)
    return head + b"".join(
        _number(number, 2) + _number(terms[number], 8) + _number(sums[number], 5) for number in used
    )


def histogram_bytes(ratios: Sequence[int], unit: int) -> bytes:
    """Return the bytes of the `RobustHistogram` of some ratios.

    Magic; version u16, format id u32, unit u32; then the bins that are not empty: bin i16, count
    u64.
    """
    counts = Counter(golden.binned_ratio(ratio, unit) for ratio in ratios)
    head = b"CSRH" + _number(1, 2) + _number(Q16_16.identifier, 4) + _number(unit, 4)
    return head + b"".join(_number(one, 2) + _number(counts[one], 8) for one in sorted(counts))


def reporters_bytes(reports: Sequence[tuple[int, int]], clip: int) -> bytes:
    """Return the bytes of the `ShardState` after reports (reporter, ratio), the last of each.

    Magic; version u16, sum of the ratios clipped i64; then the histogram's.
    """
    ratios = list(dict(reports).values())
    evidence = sum(max(-clip, min(clip, ratio)) for ratio in ratios)
    return b"CSRS" + _number(1, 2) + _number(evidence, 8) + histogram_bytes(ratios, clip // 128)


def evidence_bytes(hypotheses: Sequence[str], rows: Rows) -> bytes:
    """Return the bytes of the `EvidenceSums` of some rows.

    Magic; version u16, format id u32, kind of ids u8, hypotheses u8, agents u64; the names (u32
    bytes, UTF-8); the agents ascending (i64, or as the names); rows of each u64; then per agent and
    hypothesis rows that say log of zero u64, and the sum of 12 bytes.
    """
    agents = sorted(rows)  # type: ignore[type-var]  # all of one type
    text = any(isinstance(agent, str) for agent in agents)
    head = b"CNES" + _number(1, 2) + _number(Q16_16.identifier, 4) + bytes([text])
    head += bytes([len(hypotheses)]) + _number(len(agents), 8)
    parts = [head, *map(_text, hypotheses)]
    parts += [_text(agent) if isinstance(agent, str) else _number(agent, 8) for agent in agents]
    parts += [_number(len(rows[agent]), 8) for agent in agents]
    for agent in agents:
        for h in range(len(hypotheses)):
            weighted = [(codes[h], weight) for codes, weight in rows[agent] if weight]
            zeros = sum(code == ZERO for code, _ in weighted)
            total = sum(code * weight for code, weight in weighted if code != ZERO)
            parts += [_number(zeros, 8), _number(total, 12)]
    return b"".join(parts)


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little", signed=value < 0)


def _text(text: str) -> bytes:
    data = text.encode()
    return _number(len(data), 4) + data

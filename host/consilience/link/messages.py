"""Arrays to messages of the link, and result bytes to arrays."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput, LinkError
from consilience.link.session import LARGEST_MESSAGE
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets, Words
from consilience_hw.spec.link_map import WEIGHTED

__all__ = [
    "MESSAGE_BYTES",
    "cut_records",
    "parse_results",
    "posterior_head",
    "posterior_records",
    "reduce_records",
    "result_words",
]

MESSAGE_BYTES = 16 << 20
"""Bytes of a message at which another one begins, if the record allows."""


def cut_records(
    words: NDArray[np.int64],
    head_words: int = 0,
    message_bytes: int = MESSAGE_BYTES,
    largest: int = LARGEST_MESSAGE,
) -> Iterator[tuple[int, int]]:
    """Yield ``(first, stop)``: the records of each message.

    Parameters
    ----------
    words : int64 array, shape (records,)
        Words of each record.
    head_words : int
        Words before the records of each message.
    message_bytes : int
        A message takes no more, unless it is a single record.
    largest : int
        No message can take more.

    Raises
    ------
    BadInput
        A record is longer than any message.
    """
    longest = int(words.max(initial=0))
    if 4 * (head_words + longest) > largest:
        raise BadInput(
            f"a segment or agent of {longest:,} words; the link takes "
            f"{largest // 4 - head_words:,}: use the cpu device"
        )
    ends = np.cumsum(words)
    room = message_bytes // 4 - head_words
    first = 0
    while first < len(words):
        before = int(ends[first - 1]) if first else 0
        stop = max(first + 1, int(np.searchsorted(ends, before + room, side="right")))
        yield first, stop
        first = stop


def reduce_records(codes: Codes, offsets: Offsets) -> Codes:
    """Return a REDUCE message without its CRC.

    Parameters
    ----------
    codes : int32 array, shape (n,)
    offsets : int64 array, shape (segments + 1,)
        Segment k is ``codes[offsets[k]:offsets[k + 1]]``, at least one code.

    Returns
    -------
    int32 array, little-endian, shape (n + segments,)
    """
    used = codes[offsets[0] : offsets[-1]]
    return np.insert(used, offsets[:-1] - offsets[0], np.diff(offsets)).astype("<i4", copy=False)


def posterior_head(prior: Codes, *, weighted: bool) -> Codes:
    """Return the words before the records of a POSTERIOR message; `prior` has shape (H,)."""
    return np.append(len(prior) | WEIGHTED * weighted, prior).astype("<i4")


def posterior_records(evidence: Codes, offsets: Offsets, weight: Words | None) -> Codes:
    """Return the records of a POSTERIOR message.

    Parameters
    ----------
    evidence : int32 array, shape (n, H)
        Rows grouped by agent.
    offsets : int64 array, shape (agents + 1,)
        Agent k has the rows ``offsets[k] .. offsets[k + 1]``, at least one.
    weight : uint32 array, shape (n,), or None
        0 .. 65536.

    Returns
    -------
    int32 array, little-endian, one dimension
    """
    rows = slice(offsets[0], offsets[-1])
    table = evidence[rows]
    if weight is not None:
        table = np.column_stack((weight[rows].astype(np.int32), table))
    starts = (offsets[:-1] - offsets[0]) * table.shape[1]
    return np.insert(table.reshape(-1), starts, np.diff(offsets)).astype("<i4", copy=False)


def parse_results(data: bytes, count: int, values: int) -> CodesAndStatus:
    """Return (codes of shape (count, values), status words of shape (count,)).

    Parameters
    ----------
    data : bytes
        All results of a message.
    count : int
        Records it had.
    values : int
        Codes per result.

    Raises
    ------
    LinkError
        The device returned another number of bytes.
    """
    words = result_words(data, count * (values + 1)).reshape(count, values + 1)
    return words[:, :-1].astype(np.int32), words[:, -1].astype(np.uint32)


def result_words(data: bytes, count: int) -> NDArray[np.int32]:
    """Return the words of results, as many as were expected; LinkError if they are not."""
    if len(data) != 4 * count:
        raise LinkError(
            f"the device returned {len(data)} bytes of results, not {4 * count}; "
            "update host and device to one version"
        )
    return np.frombuffer(data, "<i4")

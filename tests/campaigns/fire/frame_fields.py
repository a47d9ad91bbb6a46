"""Which field of a frame each of its bytes on the line belongs to."""

from consilience_hw.spec.link_map import REPLY_HEADER, REQUEST_HEADER

__all__ = ["REPLY_FIELDS", "REQUEST_FIELDS", "fields_of"]

_CRC = "CRC-32"
_DATA = "data"
_STUFFING = "stuffing"
_ZERO = "zero"


def _fields(header: tuple[str, ...]) -> tuple[str, ...]:
    return (_STUFFING, "type", "sequence", *header, _DATA, _CRC, _ZERO)


_REQUEST_HEADER = tuple(field.name for field in REQUEST_HEADER)
_REPLY_HEADER = tuple(
    "results' CRC" if field.name == "crc" else field.name for field in REPLY_HEADER
)

REQUEST_FIELDS = _fields(_REQUEST_HEADER)
"""Fields of a request, in the order of its bytes; stuffing: bytes that COBS adds."""
REPLY_FIELDS = _fields(_REPLY_HEADER)
"""Fields of a reply."""


def fields_of(frame: bytes, fields: tuple[str, ...]) -> list[str]:
    """Return the field of each byte of a frame as it is on the line, its zero included.

    A code byte of COBS that stands for a zero of the content belongs to that zero's field.

    Parameters
    ----------
    frame : bytes
        Undamaged.
    fields : tuple of str
        `REQUEST_FIELDS` or `REPLY_FIELDS`.
    """
    places: list[int | None] = []  # in the content; None: stuffing
    content, after_zero = 0, False
    while frame[len(places)]:
        code = frame[len(places)]
        places.append(content if after_zero else None)
        content += after_zero
        places += range(content, content + code - 1)
        content += code - 1
        after_zero = code != 255
    names = ["type", "sequence"]
    for name in fields[3:-3]:
        names += [name] * 4
    names += [_DATA] * (content - 4 - len(names)) + [_CRC] * 4
    return [_STUFFING if place is None else names[place] for place in places] + [_ZERO]

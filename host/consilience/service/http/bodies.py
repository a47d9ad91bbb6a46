"""Bodies of requests: how long they may be, packed or not."""

import gzip
import zlib

from starlette.requests import Request

from consilience.service.access.guard import IDENTITY
from consilience.service.http.problems import Problem

__all__ = ["MOST_PACKED", "MOST_UNPACKED", "body_of", "media_type"]

MOST_PACKED = 1 << 20
MOST_UNPACKED = 16 << 20
_BLOCK = 1 << 16


def media_type(request: Request) -> str:
    """Return the media type of a body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def body_of(
    request: Request, most: int = MOST_PACKED, unpacked: int = MOST_UNPACKED
) -> bytes:
    """Return the body of a request, unpacked.

    Raises
    ------
    Problem
        It is too long, or packed in another way than it says.
    """
    if IDENTITY in request.scope:  # the guard has read it, within its limits, and unpacked it
        return await request.body()
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Problem(
                413,
                "too-long",
                "the body is too long",
                f"the body is longer than {most:,} bytes; send fewer rows at once, or pack them "
                "with gzip",
            )
        parts.append(part)
    body = b"".join(parts)
    packing = request.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        return body
    if packing != "gzip":
        raise Problem(
            415, "packing", "an unknown packing", f"Content-Encoding {packing}: send gzip, or none"
        )
    return _unpacked(body, unpacked)


def _unpacked(body: bytes, most: int) -> bytes:
    """Return what gzip holds, without unpacking more than `most`."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        found = unpacker.decompress(body, most + 1)
        while unpacker.eof and unpacker.unused_data and len(found) <= most:  # several members
            rest, unpacker = unpacker.unused_data, zlib.decompressobj(16 + zlib.MAX_WBITS)
            found += unpacker.decompress(rest, most + 1 - len(found))
    except (zlib.error, gzip.BadGzipFile) as error:
        raise Problem(
            400, "damaged", "the body is damaged", f"no gzip ({error}); pack it again"
        ) from None
    if len(found) > most:
        raise Problem(
            413,
            "too-long",
            "the body is too long",
            f"the body is longer than {most:,} bytes when unpacked; send fewer rows at once",
        )
    if not unpacker.eof:
        raise Problem(400, "damaged", "the body is damaged", "gzip is cut short; send it again")
    return found

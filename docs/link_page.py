"""docs/link.md from the map of the link.

The map is code (`consilience_hw.spec.link_map`), so the page cannot say anything else than what
gateware and host do.
"""

import ast
import inspect
from collections.abc import Iterator, Sequence
from enum import IntEnum, IntFlag
from itertools import pairwise

from consilience.link import admission
from consilience_hw.spec import flags as result_status
from consilience_hw.spec import link_map
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.link_map import (
    HELLO_FIELDS,
    REPLY_HEADER,
    REQUEST_HEADER,
    BoardId,
    Counter,
    Feature,
    Field,
    FrameStatus,
    FrameType,
    RobustFlag,
    data_limit,
)

__all__ = ["member_docs", "render", "table"]

_FRAME = """```
+--------+----------+---------------------------------+-----------+
| type   | sequence | payload                         | CRC-32    |  COBS, then 0x00
| 1 byte | 1 byte   | 0 .. 1408 bytes, 32-bit words   | 4 bytes   |
+--------+----------+---------------------------------+-----------+

request payload:  nonce | operation | fragment | total  | data
reply payload:    nonce | operation | fragment | status | produced | crc | results
```"""


def render() -> str:
    """Return the page as Markdown."""
    frame = link_map.FRAME_HEADER_BYTES + link_map.LARGEST_PAYLOAD + link_map.CRC_BYTES
    limit = data_limit(link_map.LARGEST_PAYLOAD)
    parts = [
        "# The link",
        "<!-- Rendered by `make docs` from hw/consilience_hw/spec/link_map.py; edit that. -->",
        f"ABI {link_map.ABI}. One protocol over any byte stream: simulation, TCP, UART.",
        _FRAME,
        f"The largest frame has {frame} bytes before COBS; {limit} of them can be a message's.",
        _prose(inspect.getdoc(link_map) or ""),
        "## Frame types",
        _values(FrameType, link_map),
        f"A reply has its request's type with {link_map.REPLY:#04x} set.",
        "## Header of a request",
        _fields(REQUEST_HEADER),
        "## Header of a reply",
        _fields(REPLY_HEADER),
        "## Status of a request",
        _values(FrameStatus, link_map),
        "## HELLO",
        f"The reply's data, little-endian; the magic is {link_map.MAGIC:#010x}.",
        _fields(HELLO_FIELDS),
        "### Boards",
        _values(BoardId, link_map),
        "### Features",
        _values(Feature, link_map),
        "## STATUS",
        "The reply's data: one u32 for each counter, in this order.",
        _values(Counter, link_map),
        "## Status of a result",
        _values(ResultStatus, result_status),
        "ROBUST's:",
        _values(RobustFlag, link_map),
        f"A posterior's status word holds the number of clamped values from bit {CLAMPS_SHIFT} on.",
        "## Let in over TCP",
        _prose(str(admission.__doc__)),
        _values(admission.Step, admission),
    ]
    return "\n\n".join(parts) + "\n"


def _prose(text: str) -> str:
    """Return a docstring as Markdown: its underlined headings become headings."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and line and not line.strip("-") and len(line) == len(lines[-1]):
            lines[-1] = f"## {lines[-1]}\n"
        else:
            lines.append(line)
    return "\n".join(lines).strip().replace("``", "`")


def _fields(fields: Sequence[Field]) -> str:
    rows = []
    offset = 0
    for field in fields:
        rows.append((str(offset), field.name, f"u{32 * field.words}", field.meaning))
        offset += 4 * field.words
    return table(("byte", "field", "type", "meaning"), rows)


def _values(kind: type[IntEnum] | type[IntFlag], module: object) -> str:
    """Return a table of an enumeration's members with the docstrings that stand below them."""
    docs = dict(member_docs(kind.__name__, module))
    rows = [
        (f"{int(member):#04x}", str(member.name), docs.get(str(member.name), "")) for member in kind
    ]
    if not any(doc for _, _, doc in rows):
        return table(("number", "name"), [row[:2] for row in rows])
    return table(("number", "name", "meaning"), rows)


def member_docs(name: str, module: object) -> Iterator[tuple[str, str]]:
    """Yield (member, docstring) of an enumeration, from the source: Python keeps no such thing."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    body = next(
        node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name
    )
    for member, doc in pairwise(body):
        match (member, doc):
            case (
                ast.Assign(targets=[ast.Name(id=target)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield target, " ".join(text.split())


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    cells = [heading, ["---"] * len(heading), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in cells
    )

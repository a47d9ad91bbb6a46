"""The one function of a large design in C++ cut in pieces, which compile in time.

CXXRTL evaluates a design in one function. The compiler's time grows faster than that function: 64
lanes take 5 minutes in one piece, and less than one in many. What is local to the function becomes
a member of its class, so a small design, which is quicker in one piece, stays as it is.
"""

import re
from collections.abc import Iterable

__all__ = ["cut_in_pieces"]

_WHOLE = 8_000
"""Lines of a function that stays as it is: that of 8 lanes has 5,000."""
_PIECE = 500
"""Lines of a piece, or a few more: a cell is not cut."""

_BEGINS_CELL = re.compile(r"\t// (cell|cells|connection|memory) ")
_LOCAL = re.compile(r"\tvalue<\d+> \w+;")
_EDGE = re.compile(r"\tbool (\w+) = this->\w+\(\);")


def cut_in_pieces(source: str, top: str) -> str:
    """Return the C++ of a design with the function that evaluates it cut, if it is large.

    Parameters
    ----------
    source : str
        As `write_cxxrtl` writes it, without ``-g`` information in the code.
    top : str
        Name of the module, with neither underscores nor hierarchy below it.
    """
    head = f"bool p_{top}::eval(performer *performer) {{\n"
    before, body, after = _between(source, head, "\n}\n")
    lines = body.split("\n")
    # Where a wire feeds back, pieces would have to tell whether they have converged.
    feeds_back = any("converged = false" in line for line in lines)
    if len(lines) <= _WHOLE or feeds_back:
        return source
    members = [line for line in lines if _LOCAL.fullmatch(line)]
    edges = [found[1] for line in lines if (found := _EDGE.fullmatch(line))]
    pieces = _pieces(
        line
        for line in lines
        if not (_LOCAL.fullmatch(line) or _EDGE.fullmatch(line) or "converged" in line)
    )
    members += [f"\tbool at_{edge};" for edge in edges]
    members += [f"\tvoid piece_{number}();" for number in range(len(pieces))]
    declared = "\n".join(members)
    parts = [before.replace("\tvoid reset() override;", f"{declared}\n\tvoid reset() override;", 1)]
    known = "".join(f"\tconst bool {edge} = at_{edge};\n" for edge in edges)
    for number, piece in enumerate(pieces):
        statements = "\n".join(piece)
        parts.append(f"void p_{top}::piece_{number}() {{\n{known}{statements}\n}}\n")
    calls = [f"\tat_{edge} = {edge}();" for edge in edges]
    calls += [f"\tpiece_{number}();" for number in range(len(pieces))]
    return "".join([*parts, head, "\n".join(calls), "\n\treturn true;\n}\n", after])


def _between(text: str, head: str, tail: str) -> tuple[str, str, str]:
    before, _, rest = text.partition(head)
    body, _, after = rest.partition(tail)
    return before, body, after


def _pieces(lines: Iterable[str]) -> list[list[str]]:
    pieces: list[list[str]] = [[]]
    for line in lines:
        if len(pieces[-1]) >= _PIECE and _BEGINS_CELL.match(line):
            pieces.append([])
        pieces[-1].append(line)
    return pieces

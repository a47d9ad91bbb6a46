"""The registers of `spec.register_map` in Markdown, for docs/registers.md and datasheets."""

import ast
import inspect
from enum import IntFlag

from consilience_hw.spec import register_map
from consilience_hw.spec.register_map import REGISTERS

__all__ = ["register_rules", "register_tables"]


def register_rules() -> str:
    """Return in words how the registers are used."""
    return inspect.getdoc(register_map) or ""


def register_tables() -> str:
    """Return a table of the registers, and one for the bits of each that has some."""
    lines = ["| offset | register | access | |", "|---:|---|---|---|"]
    lines += [
        f"| {one.offset:#04x} | `{one.name}` | {one.access.value} | {one.text} |"
        for one in REGISTERS
    ]
    shown: list[type[IntFlag]] = []
    for one in REGISTERS:
        if one.flags is not None and one.flags not in shown:
            shown.append(one.flags)
            names = [f"`{other.name}`" for other in REGISTERS if other.flags is one.flags]
            lines += ["", f"Bits of {' and '.join(names)}:", "", "| bit | | |", "|---:|---|---|"]
            lines += [
                f"| {flag.bit_length() - 1} | `{flag.name}` | {text} |"
                for flag, text in _described(one.flags)
            ]
    return "\n".join(lines)


def _described(flags: type[IntFlag]) -> list[tuple[IntFlag, str]]:
    """Return each flag with the text that stands under it in the source."""
    body = next(
        node.body
        for node in ast.walk(ast.parse(inspect.getsource(register_map)))
        if isinstance(node, ast.ClassDef) and node.name == flags.__name__
    )
    texts = [
        node.value.value
        for node in body[1:]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    return [(flag, " ".join(str(text).split())) for flag, text in zip(flags, texts, strict=True)]

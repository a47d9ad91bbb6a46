"""Random faults of Python sources: every small change that a slip of the pen could make.

A mutant is named by its file, its function, what was written and what is written instead, and not
by a line: so its name outlives changes elsewhere in the file.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Mutant", "mutants_of"]

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
EXTREMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}


@dataclass(frozen=True)
class Mutant:
    """A changed source.

    Parameters
    ----------
    name : str
        ``file: function: old -> new``, and a number from the second of the same on.
    path : str
        From the root of the checkout.
    source : bytes
        All of the file before.
    begin, end : int
        Bytes of it that are replaced.
    written : str
        What replaces them.
    """

    name: str
    path: str
    source: bytes
    begin: int
    end: int
    written: str

    @property
    def text(self) -> str:
        """All of the changed file."""
        return (
            self.source[: self.begin] + self.written.encode() + self.source[self.end :]
        ).decode()


def mutants_of(path: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of a file, in the order of its text."""
    whole = source.encode()
    starts = [0]
    for line in whole.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    seen: Counter[str] = Counter()
    for function, old, new in _changes(ast.parse(source), "module"):
        begin = starts[old.lineno - 1] + old.col_offset
        end = starts[(old.end_lineno or 0) - 1] + (old.end_col_offset or 0)
        before, after = _short(ast.unparse(old)), _short(ast.unparse(new))
        name = f"{path}: {function}: {before} -> {after}"
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} #{seen[name]}"
        written = ast.unparse(new)
        if isinstance(new, ast.expr):
            written = f"({written})"
        yield Mutant(name, path, whole, begin, end, written)


Node = ast.expr | ast.stmt


def _changes(node: ast.AST, function: str) -> Iterator[tuple[str, Node, Node]]:
    """Yield (function, node, what takes its place) for a tree."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        function = node.name if function == "module" else f"{function}.{node.name}"
    if isinstance(node, (ast.expr, ast.stmt)):
        for new in _instead(node, in_function=function != "module"):
            yield function, node, new
    if isinstance(node, (ast.If, ast.While)):
        yield function, node.test, ast.UnaryOp(ast.Not(), node.test)
    for name, value in ast.iter_fields(node):
        # Messages, types and decorators are not what is tested here.
        if name in ("annotation", "returns", "decorator_list", "exc", "type_comment", "bases"):
            continue
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST) and not isinstance(child, (ast.JoinedStr, ast.Import)):
                yield from _changes(child, function)


def _instead(node: Node, *, in_function: bool) -> Iterator[Node]:
    """Yield the changes of one node itself."""
    match node:
        case ast.Compare(left, ops, comparators):
            for place, op in enumerate(ops):
                swapped = [*ops[:place], COMPARISONS[type(op)](), *ops[place + 1 :]]
                yield ast.Compare(left, swapped, comparators)
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.BinOp(left, op, right) if type(op) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
        case ast.AugAssign(target, op, value) if type(op) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(op)](), value)
            yield ast.Pass()
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(_, operand) if not isinstance(operand, ast.Constant):
            yield operand
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Call(ast.Name(id=name), arguments, keywords) if name in EXTREMES:
            yield ast.Call(ast.Name(EXTREMES[name]), arguments, keywords)
        case ast.Call(ast.Attribute(value=owner, attr=name), arguments, keywords) if (
            name in EXTREMES
        ):
            yield ast.Call(ast.Attribute(owner, EXTREMES[name]), arguments, keywords)
        case ast.Raise() | ast.Assign() if in_function:
            yield ast.Pass()
        case ast.Expr(value) if in_function and not isinstance(value, (ast.Constant, ast.Yield)):
            yield ast.Pass()


def _short(text: str) -> str:
    """Return a text in one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= 70 else f"{line[:67]}..."

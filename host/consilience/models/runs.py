"""Runs of agents, out of the files that say what they did."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from consilience.errors import BadInput
from consilience.traces.detection import AUTO, read_trace
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Step

__all__ = ["AGENT_FROM", "Run", "Runs", "files_of", "read_runs"]

AGENT_FROM = ("trace", "file", "folder", "one")
"""Who took a run: whom the file names (else the file's own name), the file, its folder, one."""
_ONE = "agent"
_UNITS = {"nanoseconds": "ns", "microseconds": "us", "milliseconds": "ms", "seconds": "s"}


@dataclass(frozen=True, slots=True)
class Run:
    """What one agent did in one conversation, from its start to its end.

    Parameters
    ----------
    agent, name : str
    steps : tuple of Step
        In order; none is a run too: the agent called nothing.
    start : int or None
        Nanoseconds since 1970 of its first step with a time; only to order by.
    file : str
        Where it was read.
    """

    agent: str
    name: str
    steps: tuple[Step, ...]
    start: int | None = None
    file: str = ""


@dataclass
class Runs:
    """The runs of some files, in the order of their starts.

    Parameters
    ----------
    runs : list of Run
    kind : str
        tool_calls, scores or metrics.
    formats : set of str
        Names of the formats that the files were taken for.
    files : list of Path
    names_agents : bool
        Whether the files say who the agents are.
    timed : bool
        Whether the order is that of the starts; else that of the files.
    warnings : list of str
    """

    runs: list[Run]
    kind: str
    formats: set[str] = field(default_factory=set)
    files: list[Path] = field(default_factory=list)
    names_agents: bool = False
    timed: bool = False
    warnings: list[str] = field(default_factory=list)

    @property
    def agents(self) -> list[str]:
        """The agents, by their first runs."""
        return list(dict.fromkeys(run.agent for run in self.runs))

    def tools(self) -> Counter[str]:
        """Return how often each tool was called."""
        return Counter(step.name for run in self.runs for step in run.steps)

    def of(self, agent: str) -> list[Run]:
        """Return the runs of an agent."""
        return [run for run in self.runs if run.agent == agent]


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return files, and those in folders (not the hidden ones), sorted by name.

    Raises
    ------
    BadInput
        A path that is not there, or a folder without files.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            one
            for one in path.rglob("*")
            if one.is_file() and not any(p.startswith(".") for p in one.relative_to(path).parts)
        )
        if not inside:
            raise BadInput(f"{path}: an empty folder; name files of traces")
        found += inside
    return found


def read_runs(paths: Iterable[Path], name: str = AUTO, agent_from: str = "trace") -> Runs:
    """Read the runs of files, and of folders of files.

    A run is what one agent did in one conversation: a conversation of several agents gives one run
    for each. A conversation that goes on in another file is one run.

    Parameters
    ----------
    paths : iterable of Path
    name : str
        The files' format, or auto.
    agent_from : str
        One of `AGENT_FROM`.

    Raises
    ------
    BadInput
        A file that cannot be read, files of different kinds, files without runs.
    """
    if agent_from not in AGENT_FROM:
        raise BadInput(f"--agent-from {agent_from}: one of {', '.join(AGENT_FROM)}")
    files = files_of(paths)
    found: dict[tuple[str, str], list[tuple[str, int | None, Step]]] = {}
    places: dict[tuple[str, str], str] = {}
    made = Runs([], "", files=files)
    for path in files:
        read = read_trace(path, name)
        reading = read.reading
        if made.kind and reading.kind != made.kind:
            raise BadInput(
                f"{path}: holds {_words(reading.kind)}, but {files[0]} {_words(made.kind)}; give "
                "files of one kind"
            )
        made.kind = reading.kind
        made.formats.add(read.format.name)
        made.warnings += [f"{path.name}: {one}" for one in reading.warnings]
        unit = _UNITS.get(reading.time_unit or "", reading.time_unit or "s")
        unit = unit if unit in _UNITS.values() else "s"
        for number, sequence in enumerate(reading.sequences, 1):
            named = sequence.conversation or f"{path.name.split('.')[0]} {number}"
            actors = dict.fromkeys(step.agent or sequence.agent for step in sequence.steps)
            actors = actors or {sequence.agent: None}
            made.names_agents |= any(actors)
            for actor in actors:
                key = _agent(actor, path, agent_from), named
                places.setdefault(key, path.name)
                steps = found.setdefault(key, [])
                steps += [
                    (step.time or "", nanoseconds(step.time, unit), step)
                    for step in sequence.steps
                    if (step.agent or sequence.agent) == actor
                ]
    if not any(found.values()):
        what = _words(made.kind or "tool_calls")
        raise BadInput(
            f"{files[0]}{' and others' if files[1:] else ''}: no {what} in it; `consilience traces "
            "FILE` shows what is read"
        )
    for (agent, named), timed_steps in found.items():
        times = [moment for _, moment, _ in timed_steps if moment is not None]
        run_steps = tuple(step for _, _, step in timed_steps)
        start = times[0] if times else None
        made.runs.append(Run(agent, named, run_steps, start, places[agent, named]))
    made.timed = all(run.start is not None for run in made.runs if run.steps)
    if made.timed:
        last = 0
        order = {}
        for place, run in enumerate(made.runs):  # a run without steps stays behind the one before
            last = last if run.start is None else run.start
            order[id(run)] = (last, place)
        made.runs.sort(key=lambda run: order[id(run)])
    return made


def _agent(actor: str | None, path: Path, agent_from: str) -> str:
    stem = path.name.split(".")[0]
    if agent_from == "one":
        return _ONE
    if agent_from == "folder":
        return path.absolute().parent.name
    return stem if agent_from == "file" else actor or stem


def _words(kind: str) -> str:
    return {"tool_calls": "tool calls"}.get(kind, kind)


def as_one_agent(runs: Sequence[Run], agent: str = _ONE) -> list[Run]:
    """Return runs as those of one agent."""
    return [Run(agent, run.name, run.steps, run.start, run.file) for run in runs]

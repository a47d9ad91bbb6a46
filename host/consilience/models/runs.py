"""Runs of agents, out of the files that say what they did."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path

from consilience.errors import BadInput
from consilience.models.joining import distinct_files, joined
from consilience.models.run import Run, start_of
from consilience.traces.detection import AUTO, read_trace
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Sequence as Steps
from consilience.traces.steps import Step

__all__ = ["AGENT_FROM", "Run", "Runs", "files_of", "read_runs"]

AGENT_FROM = ("trace", "file", "folder", "one")
"""Who took a run: whom the file names (else the file's own name), the file, its folder, one."""
_ONE = "agent"
_UNITS = {"nanoseconds": "ns", "microseconds": "us", "milliseconds": "ms", "seconds": "s"}


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
    digests : dict of Path to str
        SHA-256 of each file.
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
    digests: dict[Path, str] = field(default_factory=dict)
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
    for each. One that goes on in another file is one run if its times say so (`joining.joined`).

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
    files, twice = distinct_files(files_of(paths))
    parts: list[tuple[Run, int | None]] = []
    made = Runs([], "", files=files, warnings=twice)
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
        with path.open("rb") as file:
            made.digests[path] = file_digest(file, "sha256").hexdigest()
        made.warnings += [f"{path.name}: {one}" for one in reading.warnings]
        unit = _UNITS.get(reading.time_unit or "", reading.time_unit or "s")
        unit = unit if unit in _UNITS.values() else "s"
        if reading.kind == "metrics":
            _name_series(reading.sequences)
        parts += _runs_of(reading.sequences, path, agent_from, unit)
        made.names_agents |= any(
            sequence.agent or any(step.agent for step in sequence.steps)
            for sequence in reading.sequences
        )
    if not any(run.steps for run, _ in parts):
        what = _words(made.kind or "tool_calls")
        raise BadInput(
            f"{files[0]}{' and others' if files[1:] else ''}: no {what} in it; `consilience traces "
            "FILE` shows what is read"
        )
    made.runs, told = joined(parts)
    made.warnings += told
    made.timed = all(run.start is not None for run in made.runs if run.steps)
    if made.timed:
        last = 0
        order = {}
        for place, run in enumerate(made.runs):  # a run without steps stays behind the one before
            last = last if run.start is None else run.start
            order[id(run)] = (last, place)
        made.runs.sort(key=lambda run: order[id(run)])
    return made


def _name_series(sequences: Sequence[Steps]) -> None:
    """Give steps the name of their series: of one metric there are many, by labels or queries."""
    ids: dict[str, set[str]] = {}
    for sequence in sequences:
        for name in {step.name for step in sequence.steps}:
            ids.setdefault(name, set()).add(str(sequence.extra.get("id")))
    several = {name for name, its in ids.items() if len(its) > 1}
    for sequence in sequences:
        labels = {**(sequence.extra.get("labels") or {})}
        labels.pop("__name__", None)
        inside = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
        for step in sequence.steps:
            if step.name in several:  # queries of one label
                step.name = f"{step.name} ({sequence.extra.get('id')})"
            elif inside:
                step.name = f"{step.name}{{{inside}}}"


def _runs_of(
    sequences: Sequence[Steps], path: Path, agent_from: str, unit: str
) -> list[tuple[Run, int | None]]:
    """Return the runs of one file, each with the time of its last step."""
    found: dict[tuple[str, str], list[Step]] = {}
    for number, sequence in enumerate(sequences, 1):
        named = sequence.conversation or f"{path.name.split('.')[0]} {number}"
        actors = dict.fromkeys(step.agent or sequence.agent for step in sequence.steps)
        for actor in actors or {sequence.agent: None}:
            steps = found.setdefault((_agent(actor, path, agent_from), named), [])
            steps += [step for step in sequence.steps if (step.agent or sequence.agent) == actor]
    parts = []
    for (agent, named), its in found.items():
        times = [nanoseconds(step.time, unit) for step in its]
        last = max((one for one in times if one is not None), default=None)
        parts.append((Run(agent, named, tuple(its), start_of(times), path.name), last))
    return parts


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

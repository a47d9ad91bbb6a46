"""What the user knows of runs: a table of labels, matched with the runs that were read."""

import csv
from collections.abc import Sequence
from pathlib import Path

from consilience.errors import BadInput
from consilience.field_names import AGENTS, RUNS, plain_name
from consilience.models.run import Run

__all__ = ["GOOD_NAMES", "Labels", "labelled", "ordered_labels", "read_labels"]

_LABELS = ("label", "outcome", "class", "truth")
_MOST_LABELS = 16

GOOD_NAMES = ("benign", "good", "normal", "ok", "honest", "0", "false")
"""Labels that are taken for good behaviour where the user does not say which one is."""

Labels = dict[tuple[str | None, str], str]
"""(agent, run): label; agent None where the table does not name agents."""


def read_labels(path: Path) -> Labels:
    """Read a CSV with columns run and label, and agent where runs of several share names.

    Raises
    ------
    BadInput
        No such file, no such columns, a row without a run or a label, a run labelled twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except (UnicodeDecodeError, csv.Error):
        raise BadInput(f"{path}: is no CSV in UTF-8; save it so: run,label") from None
    header = [plain_name(name) for name in rows[0]] if rows else []
    run, label, agent = (
        next((header.index(name) for name in names if name in header), None)
        for names in (RUNS, _LABELS, AGENTS)
    )
    if run is None or label is None:
        raise BadInput(
            f"{path}: no columns run and label; the first line names the columns: run,label, and "
            "agent where several share names of runs"
        )
    found: Labels = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = [*row, *[""] * (len(header) - len(row))]
        name, word = cells[run].strip(), cells[label].strip()
        if not name or not word or word.lower() in ("nan", "none", "null"):
            raise BadInput(f"{path}: line {number} has no run or no label; give both, or leave it")
        key = (cells[agent].strip() or None if agent is not None else None, name)
        if found.setdefault(key, word) != word:
            raise BadInput(f"{path}: line {number}: run {name!r} has two labels; keep one")
    if not found:
        raise BadInput(f"{path}: no labels in it; give a line for each run")
    return found


def labelled(
    runs: Sequence[Run], labels: Labels, path: Path, *, partial: bool
) -> tuple[list[Run], list[str]]:
    """Return the runs that have a label, and their labels.

    Parameters
    ----------
    runs, labels
    path : Path
        Of the labels, for messages.
    partial : bool
        Runs without a label are left out.

    Raises
    ------
    BadInput
        A label of a run that is not there; a run without a label, unless `partial`.
    """
    names: dict[str, set[str]] = {}
    for run in runs:
        names.setdefault(run.name, set()).add(run.agent)
    for agent, name in labels:
        if name not in names or (agent is not None and agent not in names[name]):
            whose = f" of agent {agent!r}" if agent is not None else ""
            count = sum(key[1] not in names for key in labels)
            known = ", ".join(map(repr, list(names)[:3]))
            raise BadInput(
                f"{path}: run {name!r}{whose} is not in the traces ({count} of {len(labels)} are "
                f"not); runs are called {known} there, as `consilience traces FILE` shows"
            )
    chosen, words, lacking = [], [], []
    for run in runs:
        word = labels.get((run.agent, run.name), labels.get((None, run.name)))
        if word is None:
            lacking.append(run)
        else:
            chosen.append(run)
            words.append(word)
    if lacking and not partial:
        raise BadInput(
            f"{path}: {len(lacking)} of {len(runs)} runs have no label, the first "
            f"{lacking[0].name!r} of agent {lacking[0].agent!r}; label them, or leave them out "
            "with --partial"
        )
    return chosen, words


def ordered_labels(words: Sequence[str], good: str | None) -> tuple[str, ...]:
    """Return the different labels, good behaviour first, the others sorted.

    Raises
    ------
    BadInput
        One label only, more than 16, or none that is known to be good behaviour.
    """
    kinds = sorted(set(words))
    if good is not None and good not in kinds:
        raise BadInput(f"--good {good}: no such label; there are {', '.join(kinds)}")
    if len(kinds) == 1:
        raise BadInput(
            f"all runs have the label {kinds[0]!r}; give runs of another one too, or leave "
            "--labels out, for a model of known-good runs"
        )
    if len(kinds) > _MOST_LABELS:
        raise BadInput(f"{len(kinds)} labels; at most {_MOST_LABELS}: are these names of runs?")
    found = [one for one in kinds if one == good or (good is None and one.lower() in GOOD_NAMES)]
    if len(found) != 1:
        raise BadInput(
            f"which label is good behaviour, of {', '.join(kinds)}? say it: --good {kinds[0]}"
        )
    return (found[0], *(one for one in kinds if one != found[0]))

"""Explanations from an evidence file: of agents that are named, or of those that are flagged."""

import dataclasses
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.evidence.chunks import EvidenceChunks, ReadingOptions
from consilience.evidence.prior import codes_of_prior, parse_prior
from consilience.evidence.reading import open_evidence
from consilience.evidence.validation import BESIDE
from consilience.explain.explained import Explanation
from consilience.explain.explanation import explain_agent
from consilience.explain.verdict import posteriors_of
from consilience.numbers.arrays import Codes, Words
from consilience.verdicts.costs import parse_costs
from consilience.verdicts.decisions import UNDECIDED, DecisionRule
from consilience.verdicts.exact_totals import LOW, LOW_BITS, ExactTotals

__all__ = ["ExplainOptions", "FileExplanations", "explain_file"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ExplainOptions(ReadingOptions):
    """What is to be explained, and how it is decided.

    Parameters
    ----------
    prior, costs, benign, tie, decide
        As in `FuseOptions`.
    labels : tuple of str
        Columns that words about a row name; those of `BESIDE` are named if the file has them.
    by : str or None
        A column by whose values rows are taken out together; None: row by row.
    agents : tuple of str
        Agents to explain; none: those that are flagged, the most suspect first.
    most_agents, most_steps : int
        Most of those, and most steps of each.
    """

    prior: str | None = None
    costs: str | None = None
    benign: str | None = None
    tie: str = UNDECIDED
    decide: str | None = None
    labels: tuple[str, ...] = ()
    by: str | None = None
    agents: tuple[str, ...] = ()
    most_agents: int = 10
    most_steps: int = 5


@dataclass(frozen=True)
class FileExplanations:
    """What was found in a file.

    Parameters
    ----------
    rule : DecisionRule
    explanations : tuple of Explanation
    agents, rows : int
        In the file.
    flagged : int or None
        Agents that are not decided to be benign; None where agents were named.
    saturated : int
        Values beyond the codes.
    warnings : tuple of str
    """

    rule: DecisionRule
    explanations: tuple[Explanation, ...]
    agents: int
    rows: int
    flagged: int | None
    saturated: int
    warnings: tuple[str, ...]


def explain_file(
    path: Path, options: ExplainOptions, progress: Progress | None = None
) -> FileExplanations:
    """Read the file, once to find who is flagged, once for the rows of those that are explained.

    Memory: 24 bytes an agent and hypothesis, and the rows of those that are explained.

    Raises
    ------
    BadInput
        Anything wrong with file, columns or options; an agent that is not in the file; nothing
        that tells who is flagged.
    """
    report = progress or (lambda stage, done, total: None)
    with open_evidence(path) as source:
        wanted = [("--label-column", name) for name in options.labels]
        beside = [n for n in BESIDE if n in source.columns and n not in (options.hypotheses or ())]
        wanted += [("--label-column", name) for name in beside if name not in options.labels]
        if options.by is not None and options.by not in [name for _, name in wanted]:
            wanted.append(("--by", options.by))
    options = dataclasses.replace(options, others=tuple(wanted))
    names = tuple(name for _, name in wanted)
    with EvidenceChunks(path, options) as chunks:
        costs = None if options.costs is None else parse_costs(options.costs)
        rule = DecisionRule.of(
            chunks.hypotheses, costs, options.benign, options.tie, options.decide
        )
        prior = codes_of_prior(parse_prior(options.prior, chunks.hypotheses))
        if rule.benign is None and not options.agents:
            raise BadInput(
                f"{path}: no hypothesis is called benign, so nobody is flagged; name the one that "
                f"all is well with --benign ({', '.join(chunks.hypotheses)}), or an agent with "
                "--agent"
            )
        if len(chunks.hypotheses) > _MOST_HYPOTHESES:
            raise BadInput(
                f"{path}: {len(chunks.hypotheses)} hypotheses, but at most {_MOST_HYPOTHESES} can "
                "be told apart; choose fewer with --hypotheses"
            )
        flagged = None
        if not options.agents:
            ids, suspects = _flagged(chunks, rule, prior, report)
            flagged, chosen = len(suspects), [ids[n] for n in suspects[: options.most_agents]]
    if options.agents or chosen:
        with EvidenceChunks(path, options) as chunks:
            kept = _KeptRows(chunks, options.agents or chosen, report)
            missing = [agent for agent in options.agents if agent not in kept.numbers]
            if missing:
                raise _unknown(path, missing[0], chunks, options)
            order = options.agents or [str(one) for one in chosen]
            found = tuple(
                kept.explained(agent, rule, prior, names, options) for agent in dict.fromkeys(order)
            )
    else:
        found = ()
    return FileExplanations(
        rule, found, len(chunks.agents), chunks.rows, flagged, chunks.saturated, chunks.warnings
    )


_MOST_HYPOTHESES = 16


def _flagged(
    chunks: EvidenceChunks, rule: DecisionRule, prior: Codes, report: Progress
) -> tuple[list[Any], list[int]]:
    """Return all ids, and the numbers of the agents that are flagged, the most suspect first."""
    totals = np.zeros((3, 0, len(chunks.hypotheses)), np.int64)
    for chunk in chunks:
        if (more := len(chunks.agents) - totals.shape[1]) > 0:
            totals = np.pad(totals, ((0, 0), (0, max(more, totals.shape[1])), (0, 0)))
        each = ExactTotals.of_rows(chunk.codes, chunk.weight)
        for part, values in zip(totals, each, strict=True):
            np.add.at(part, chunk.agent, values)
        totals[1] += totals[2] >> LOW_BITS
        totals[2] &= LOW
        report("reading", *chunks.progress())
    posterior = posteriors_of(ExactTotals(*totals[:, : len(chunks.agents)]), prior)
    benign = rule.labels.index(rule.benign or "")
    suspects = np.flatnonzero(rule.decide(posterior).choice != benign)
    order = np.argsort(posterior[suspects, benign], kind="stable")
    return chunks.agents.ids(), suspects[order].tolist()


class _KeptRows:
    """The rows of some agents, with their numbers and labels.

    Attributes
    ----------
    numbers : dict of str to int
        Of the agents that are there.
    """

    def __init__(self, chunks: EvidenceChunks, agents: Sequence[Any], report: Progress) -> None:
        self._weighted = chunks.weighted
        self._ids: dict[str, Any] = {}
        self.numbers: dict[str, int] = {}
        wanted, known, before = {str(one) for one in agents}, 0, 0
        self._parts: list[tuple[Any, ...]] = []
        for chunk in chunks:
            for number, name in enumerate(chunks.agents.ids(known), known):
                if str(name) in wanted:
                    self.numbers[str(name)], self._ids[str(name)] = number, name
            known = len(chunks.agents)
            rows = np.flatnonzero(np.isin(chunk.agent, list(self.numbers.values())))
            self._parts.append(
                (
                    chunk.agent[rows],
                    chunk.codes[rows],
                    None if chunk.weight is None else chunk.weight[rows],
                    rows + before + 1,
                    *(_values(column.take(pa.array(rows))) for column in chunk.others),
                )
            )
            before += len(chunk.agent)
            report("explaining", *chunks.progress())

    def explained(
        self,
        agent: str,
        rule: DecisionRule,
        prior: Codes,
        names: Sequence[str],
        options: ExplainOptions,
    ) -> Explanation:
        """Return the explanation of one agent."""
        number = self.numbers[agent]
        places = [np.flatnonzero(part[0] == number) for part in self._parts]

        def column(field: int) -> NDArray[Any]:
            return np.concatenate(
                [part[field][at] for part, at in zip(self._parts, places, strict=True)]
            )

        weight: Words | None = column(2) if self._weighted else None
        labels = {
            name: [
                _text(part[field][at])
                for part, found in zip(self._parts, places, strict=True)
                for at in found.tolist()
            ]
            for field, name in enumerate(names, 4)
        }
        return explain_agent(
            column(1),
            rule,
            prior,
            weight,
            agent=self._ids[agent],
            rows=column(3),
            labels=labels,
            by=options.by,
            most=options.most_steps,
        )


def _values(column: pa.Array) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:  # Parquet does not check it
        values = [
            one and one.decode(errors="replace") for one in column.cast(pa.binary()).to_pylist()
        ]
    return values


def _text(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _unknown(path: Path, agent: str, chunks: EvidenceChunks, options: ExplainOptions) -> BadInput:
    names = [str(name) for name in chunks.agents.ids()]
    close = difflib.get_close_matches(agent, names[:100_000], n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}?" if close else f"the first is {names[0]!r}"
    return BadInput(
        f"{path}: no agent {agent!r} (--agent) in column {options.agent_column!r}; {hint}"
    )

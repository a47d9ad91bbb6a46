"""What is asked of `consilience coverage`: options, checked, to a question and the evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from consilience.coverage.evidence_law import EvidenceLaw, read_evidence
from consilience.coverage.increments import floored_law, reports_of, table_of
from consilience.coverage.promise import Question
from consilience.errors import BadInput
from consilience.monitor.lying_reports import LEAST_CLIP, cost_of_clip
from consilience.monitor.promises import arl_for, exact_number, threshold_for
from consilience.robust.calibration import Calibration
from consilience.robust.robust_histogram import RobustHistogram
from consilience_hw.spec.monitor_format import MonitorMode
from consilience_hw.spec.number_formats import CLIP_BIN

__all__ = ["Asked", "CoverageOptions", "asked_of"]

_BIT = 65536
_MOST_REPORTERS = 1 << 32
_FEW = 200


@dataclass(frozen=True)
class CoverageOptions:
    """The options of the command, as texts where they are exact numbers."""

    reporters: int
    evidence: Path | None = None
    quality: str | None = None
    liars: str = "10%"
    clip: str | None = None
    threshold: str | None = None
    arl: str | None = None
    false_alarms_per_day: str | None = None
    agents: int | None = None
    runs_per_day: str | None = None
    within: int = 10
    sure: str = "99/100"

    @property
    def is_monitor(self) -> bool:
        """Whether an alarm is wanted, not one decision."""
        return self.arl is not None or self.false_alarms_per_day is not None


@dataclass(frozen=True)
class Asked:
    """What `coverage_of` takes, what the evidence is, and what is doubtful about it."""

    question: Question
    quality: Fraction
    laws: Mapping[str, tuple[EvidenceLaw, int]]
    evidence: str
    warnings: list[str] = field(default_factory=list)


def asked_of(options: CoverageOptions) -> Asked:
    """Return the question.

    Raises
    ------
    BadInput
        Options that do not fit together, or values out of range.
    """
    promises = {
        "--threshold": options.threshold,
        "--arl": options.arl,
        "--false-alarms-per-day": options.false_alarms_per_day,
    }
    given = [name for name, value in promises.items() if value is not None]
    if len(given) > 1:
        raise BadInput(f"{' and '.join(given)} are two promises; give one of them")
    if (options.evidence is None) == (options.quality is None):
        raise BadInput("give either a file of recorded EVIDENCE or its --quality")
    if not 1 <= options.reporters <= _MOST_REPORTERS:
        raise BadInput(f"--reporters {options.reporters}: 1 to {_MOST_REPORTERS:,}")
    clip = _clip(options)
    question = Question(
        enrolled=options.reporters,
        liars=_liars(options.liars, options.reporters),
        clip=clip,
        limit=_limit(options),
        observations=options.within if options.is_monitor else 1,
        cost=cost_of_clip(clip) if options.is_monitor else 0,
        sure=exact_number(options.sure, "--sure"),
    )
    if options.evidence is None:
        return Asked(question, _quality(options.quality), {}, "its quality alone")
    return _measured(question, read_evidence(options.evidence))


def _measured(question: Question, found: Calibration) -> Asked:
    if question.cost:
        table = table_of(found)
        law = floored_law(reports_of(table, found.first), question.clip)
        laws = {found.names[0]: (law, question.limit)}
    else:
        first = EvidenceLaw(RobustHistogram.of(found.first, question.clip).counts)
        second = EvidenceLaw(RobustHistogram.of(found.second, question.clip).counts[::-1].copy())
        laws = {
            found.names[0]: (first, question.limit),
            found.names[1]: (second, -question.limit),
        }
    quality = min(law.quality for law, _ in laws.values())
    few = [
        f"{law.runs:,} runs of {name}: its law is known to within {law.reach:.0%}; the least "
        "probabilities are far below the predicted ones"
        for name, (law, _) in laws.items()
        if law.runs < _FEW
    ]
    words = (
        f"{len(found.first):,} runs of {found.names[0]} and {len(found.second):,} of "
        f"{found.names[1]}, SHA-256 {found.digest}"
    )
    return Asked(question, quality, laws, words, few)


def _limit(options: CoverageOptions) -> int:
    """Return t, or A, in ulp."""
    if options.false_alarms_per_day is not None:
        if options.agents is None or options.runs_per_day is None:
            raise BadInput("--false-alarms-per-day needs --agents and --runs-per-day")
        runs = arl_for(options.false_alarms_per_day, options.agents, options.runs_per_day)
        return threshold_for(MonitorMode.RESTART, arl=runs)
    if options.agents is not None or options.runs_per_day is not None:
        raise BadInput("--agents and --runs-per-day are for --false-alarms-per-day; give it, too")
    if options.arl is not None:
        return threshold_for(MonitorMode.RESTART, arl=options.arl)
    return round(exact_number(options.threshold or "0", "--threshold") * _BIT)


def _clip(options: CoverageOptions) -> int:
    bits = exact_number(options.clip or ("8" if options.is_monitor else "1"), "--clip")
    clip = int(bits * _BIT)
    if clip != bits * _BIT or clip % CLIP_BIN:
        raise BadInput(f"--clip {options.clip}: a multiple of 1/512 bit, as 1 or 0.5")
    if options.is_monitor and clip < LEAST_CLIP:
        raise BadInput(f"--clip {options.clip}: of a monitor 6 bits or more, as 8")
    RobustHistogram(clip)
    return clip


def _liars(text: str, reporters: int) -> int:
    """Return a number of liars; a share is rounded up."""
    if text.strip().endswith("%"):
        share = exact_number(text.strip()[:-1], "--liars") / 100
    else:
        share = exact_number(text, "--liars")
        if share.denominator == 1:
            return int(share)
    if not 0 <= share < 1:
        raise BadInput(f"--liars {text}: a number of reporters, or a share below 1, as 10% or 1/10")
    return int(-(-share * reporters // 1))


def _quality(text: str | None) -> Fraction:
    found = exact_number(text or "", "--quality")
    if not -1 <= found <= 1:
        raise BadInput(f"--quality {text}: -1 to 1, as 0.64; a file of recorded runs measures it")
    return found

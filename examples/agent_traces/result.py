"""What the demo found, for the terminal table and for the report."""

from dataclasses import dataclass
from pathlib import Path

from .checked import Checked
from .evaluate import GoalMetrics, Ranking, Reliability
from .judge.judged_file import Scores
from .monitor.one_agent import Watched
from .trajectory import Trajectory

__all__ = ["Curves", "DemoResult"]


@dataclass(frozen=True)
class DemoResult:
    """What the demo found.

    Parameters
    ----------
    device, board : str
        URL of the device, and what it is.
    runs : int
        Posteriors of benign against hijacked: real ones and replicates.
    real_runs : int
        Distinct recorded runs of the held-out families among them; all metrics are of these.
    all_posteriors, evidence_rows : int
        Everything that went through the device: also trajectories, weight 1, and goals.
    mismatches : int
        Posteriors that differ from the golden model in any bit; 0 or the result is wrong.
    judge, judge_without_tasks : Scores
        How well the judge of `examples.agent_traces.judge` finds hijacked runs, held-out families.
    auc, auc_low, auc_high : float
        Of the fused posteriors of one chain: hijacked against benign, held-out families, with its
        95 % interval over user tasks.
    auc_first_order, auc_resisted : float
        The same of the plain first-order chain; and of ours, hijacked against resisted.
    log_loss, log_loss_full_weight : float
        Nats per run at the chosen weight, and at weight 1.
    weight : int
        The chosen weight, 1..65536.
    family_auc : dict of str to float
        AUC of each held-out agent family.
    labels : dict of str to tuple of int
        Held-out runs by label: (posterior of hijacked above one half, all).
    goals : tuple of GoalMetrics
        The run of several hypotheses, by suite.
    watched : Watched
        One agent under the monitor, until it alarms.
    checked : Checked
        Traces in files, checked as `consilience check` does it.
    seconds_device, seconds : float
        Wall-clock time inside the device, and of the whole.
    counters : dict of str to int
        What the device's own counters rose by; "cycles" among them where it counts them.
    report : Path
        The HTML file.
    """

    device: str
    board: str
    runs: int
    real_runs: int
    all_posteriors: int
    evidence_rows: int
    mismatches: int
    judge: Scores
    judge_without_tasks: Scores
    auc: float
    auc_low: float
    auc_high: float
    auc_first_order: float
    auc_resisted: float
    log_loss: float
    log_loss_full_weight: float
    weight: int
    family_auc: dict[str, float]
    labels: dict[str, tuple[int, int]]
    goals: tuple[GoalMetrics, ...]
    watched: Watched
    checked: Checked
    seconds_device: float
    seconds: float
    counters: dict[str, int]
    report: Path

    @property
    def cycles(self) -> int | None:
        """Clock cycles of the device, or None where it does not count them."""
        return self.counters.get("cycles")


@dataclass(frozen=True)
class Curves:
    """What the report draws: rankings, reliabilities and trajectories."""

    ranking: Ranking
    first_order: Ranking
    tempered: Reliability
    full_weight: Reliability
    trajectories: tuple[Trajectory, ...]

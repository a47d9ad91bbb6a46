"""The example from end to end: runs to evidence, evidence to posteriors, posteriors to a report."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .checked import check_agents
from .evaluate import GoalMetrics, Ranking, Reliability, interval, probability
from .evidence import HIJACKED, Evidence, collect, fit_detector, run_sums
from .fusion import FULL_WEIGHT, CheckedFusion, GoldenPosteriors, Progress
from .goals import choose_goals, fit_goals
from .goals import prior as goal_prior
from .judge.judged_file import Scores, judged_runs, without_tasks
from .judge.stored import stored_judge
from .monitor.one_agent import watch_agent
from .report.render import write_report
from .result import Curves, DemoResult
from .selection import FIRST_ORDER, FITTING_LABELS, Selection
from .traces import Traces
from .trajectory import Trajectory, choose_runs, prefixes

if TYPE_CHECKING:
    from consilience.devices.device import Device

__all__ = ["run_demo"]

EVEN = np.array([0.5, 0.5])
"""Prior of benign and hijacked: the recorded runs do not show how common attacks are."""
SEED = 2
"""Seed of the replicates."""
FAMILIES = {
    "gemini": "Gemini",
    "command-r": "Command-R",
    "meta-llama": "Llama",
    "Meta-SecAlign": "SecAlign",
}
"""Held-out agent families by the start of a pipeline's name."""


def run_demo(
    device: "Device",
    golden_check: GoldenPosteriors,
    out: Path,
    *,
    runs: int = 20000,
    progress: Progress | None = None,
) -> DemoResult:
    """Find the hijacked runs of held-out agent families on a device; write the report.

    Parameters
    ----------
    device : Device
        Any device of `consilience.open`; needs 9 hypotheses.
    golden_check : callable
        `consilience_sim.golden.posteriors`: every posterior is compared with it.
    out : Path
        The HTML file to write; its folder is made.
    runs : int
        Posteriors of benign against hijacked. All recorded runs of the held-out families are
        sent; up to this number, replicates drawn from them with replacement follow.
    progress : callable, optional
        progress(stage, done, total).

    Raises
    ------
    LinkError, NoDevice
        From the device. Mismatches are counted in the result, not raised.
    """
    start = time.perf_counter()
    before = dict(device.info.counters)
    out.parent.mkdir(parents=True, exist_ok=True)
    traces, chosen = Traces.load(), Selection.load()
    fitting = traces.runs(FITTING_LABELS, test=False)
    held_out = traces.runs(FITTING_LABELS, test=True)
    fusion = CheckedFusion(device, golden_check, progress)

    models = fit_detector(traces, fitting, chosen.detector)
    real = collect(traces, held_out, models, chosen.detector)
    posterior = fusion.fuse("recorded runs", real, EVEN, chosen.weight)
    drawn = np.random.default_rng(SEED).integers(real.runs, size=max(0, runs - real.runs))
    if len(drawn):
        fusion.fuse("replicated real traces", real.take(drawn), EVEN, chosen.weight)

    label = traces.label[held_out]
    judged = np.flatnonzero(np.isin(label, ("benign", "hijacked")))
    hijacked = label[judged] == "hijacked"
    plain = fusion.fuse("weight 1", real.take(judged), EVEN, FULL_WEIGHT)
    odds = Ranking.odds(posterior)
    first_order = run_sums(
        collect(traces, held_out[judged], fit_detector(traces, fitting, FIRST_ORDER), FIRST_ORDER)
    )
    attacked = np.isin(label, ("resisted", "hijacked"))
    curves = Curves(
        ranking=Ranking.of(hijacked, odds[judged]),
        first_order=Ranking.of(hijacked, first_order[:, HIJACKED] - first_order[:, 0]),
        tempered=Reliability.of(hijacked, posterior[judged]),
        full_weight=Reliability.of(hijacked, plain),
        trajectories=_trajectories(fusion, traces, held_out, real, posterior, chosen.weight),
    )
    low, high = interval(hijacked, odds[judged], _user_tasks(traces, held_out[judged]))
    family = np.array([_family(str(agent)) for agent in traces.agent[held_out]])
    alarmed = posterior[:, HIJACKED] > posterior[:, 0]
    goals = _goals(fusion, traces, fitting, held_out[judged], chosen)
    after = device.info.counters
    judge, new_agents = stored_judge(traces), judged_runs(traces, traces)[0]
    result = DemoResult(
        device=device.info.url,
        board=device.info.board,
        runs=real.runs + len(drawn),
        real_runs=real.runs,
        all_posteriors=fusion.posteriors,
        evidence_rows=fusion.rows,
        mismatches=fusion.mismatches,
        judge=Scores.of(judge, traces, new_agents),
        judge_without_tasks=Scores.of(judge, without_tasks(traces), new_agents),
        auc=curves.ranking.auc,
        auc_low=low,
        auc_high=high,
        auc_first_order=curves.first_order.auc,
        auc_resisted=Ranking.of(label[attacked] == "hijacked", odds[attacked]).auc,
        log_loss=curves.tempered.log_loss,
        log_loss_full_weight=curves.full_weight.log_loss,
        weight=chosen.weight,
        family_auc={
            str(name): Ranking.of(hijacked[of], odds[judged][of]).auc
            for name in np.unique(family)
            for of in [family[judged] == name]
        },
        labels={
            name: (int(alarmed[label == name].sum()), int((label == name).sum()))
            for name in FITTING_LABELS
        },
        goals=goals,
        watched=watch_agent(traces),
        checked=check_agents(traces, out.parent),
        seconds_device=fusion.seconds,
        seconds=time.perf_counter() - start,
        counters={name: value - before.get(name, 0) for name, value in after.items()},
        report=out,
    )
    write_report(result, curves, chosen)
    return result


def _family(agent: str) -> str:
    return next(name for start, name in FAMILIES.items() if agent.startswith(start))


def _user_tasks(traces: Traces, runs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the user tasks of `runs`: tasks of one name differ between suites."""
    names = np.char.add(np.char.add(traces.suite[runs], "/"), traces.user_task[runs])
    return np.unique(names, return_inverse=True)[1]


def _trajectories(
    fusion: CheckedFusion,
    traces: Traces,
    held_out: NDArray[np.int64],
    evidence: Evidence,
    posterior: NDArray[np.int32],
    weight: int,
) -> tuple[Trajectory, ...]:
    found = []
    for kind, run in choose_runs(traces, held_out, probability(posterior)[:, HIJACKED]):
        steps = probability(fusion.fuse("trajectories", prefixes(evidence, run), EVEN, weight))
        record = int(held_out[run])
        found.append(
            Trajectory(
                kind,
                str(traces.agent[record]),
                str(traces.suite[record]),
                (*traces.call_names(record), "(end)"),
                np.concatenate([EVEN[[HIJACKED]], steps[:, HIJACKED]]),
            )
        )
    return tuple(found)


def _goals(
    fusion: CheckedFusion,
    traces: Traces,
    fitting: NDArray[np.int64],
    runs: NDArray[np.int64],
    chosen: Selection,
) -> tuple[GoalMetrics, ...]:
    """Fuse the benign and hijacked `runs` with one hypothesis for each goal, suite by suite."""
    goals = {suite: choose_goals(traces, fitting, suite) for suite in traces.suites}
    found = []
    for suite, model in fit_goals(traces, fitting, chosen.detector, chosen.goal, goals).items():
        names = ("", *goals[suite])
        here = runs[traces.suite[runs] == suite]
        kept = here[np.isin(traces.goal[here], names)]
        evidence = collect(traces, kept, {suite: model.chains}, chosen.detector)
        posterior = fusion.fuse(
            f"goals, {suite}", evidence, goal_prior(len(names)), chosen.goal_weight
        )
        truth = np.array([names.index(str(goal)) for goal in traces.goal[kept]])
        found.append(GoalMetrics.of(suite, model.names, truth, posterior, len(here) - len(kept)))
    return tuple(found)

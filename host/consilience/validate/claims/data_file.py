"""A file of the user's own, evidence or scores: the same bits, linear time, the promise."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from consilience.devices.agent_rows import rows_by_agent
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.monitor.conformal_ranks import ConformalRanks
from consilience.numbers.arrays import Codes, Words
from consilience.validate.bench import CPU, Bench
from consilience.validate.claim import Claim
from consilience.validate.claims.scaling import LINEAR, fitted, spread
from consilience.validate.finding import Finding, NotRun
from consilience.validate.ranked_runs import ARL, HISTORY, JUDGED, alarms_of
from consilience.validate.user_data import Evidence, Scores, read_user_data
from consilience_sim import golden

__all__ = ["claims"]

_SEED = 157
_PARTS = 8
_ROWS = 1_000_000
"""Rows at which time is taken: those of the file again and again."""


def claims(path: Path | None) -> list[Claim]:
    """Return the claims of a file; none without one."""
    if path is None:
        return []
    return [
        Claim(
            "data.bits",
            "the user's evidence gives one state in any order and any split, and on every device "
            "the posteriors of the golden model; the user's scores give one state however their "
            "agents alternate",
            partial(_bits, path=path),
            5.0,
        ),
        Claim(
            "data.scaling",
            f"time grows with the rows of the user's file to a power below {LINEAR}",
            partial(_scaling, path=path),
            10.0,
        ),
        Claim(
            "data.promise",
            "agents whose runs have the user's scores, drawn so that they behave, alarm within n "
            "judged runs with probability n / ARL at most",
            partial(_promise, path=path),
            10.0,
        ),
    ]


def _bits(bench: Bench, path: Path) -> Finding:
    data = read_user_data(path)
    if isinstance(data, Scores):
        return _bits_of_scores(data)
    devices = bench.options.devices
    for url in devices:
        if (most := bench.device(url).info.hypotheses) < len(data.hypotheses):
            raise NotRun(
                f"{path}: {len(data.hypotheses)} hypotheses, but {url} takes at most {most}; "
                "leave some of them out of the file"
            )
    rng, digests, wrong = np.random.default_rng(_SEED), set(), 0
    for place in bench.steps(3):
        order = rng.permutation(len(data.agent)) if place else np.arange(len(data.agent))
        whole = EvidenceSums(data.hypotheses)
        for part in np.array_split(order, _PARTS if place else 1):
            weight = None if data.weight is None else data.weight[part]
            sums = EvidenceSums(data.hypotheses)
            whole.merge(sums.add(data.agent[part], data.codes[part], weight))
        digests.add(whole.digest)
    right, flags = _golden(data)
    for url in devices:
        found = bench.device(url).posterior(data.codes, data.agent, data.prior, data.weight)
        wrong += int(((found.posterior != right).any(axis=1) | (found.status != flags)).sum())
    return Finding(
        f"{len(data.agent):,} rows, {len(right):,} agents, {len(data.hypotheses)} hypotheses: as "
        f"they are, and twice shuffled and in {_PARTS} parts; posteriors on {', '.join(devices)}",
        len(data.agent),
        len(digests) - 1 + wrong,
        worst=f"{len(digests)} digests, the first {min(digests)}; {wrong} posteriors differ",
        bound="1 digest; 0 differ",
    )


def _golden(data: Evidence) -> tuple[Codes, Words]:
    rows = rows_by_agent(data.agent)
    order = np.arange(len(data.agent)) if rows.order is None else rows.order
    weight = None if data.weight is None else data.weight[order]
    return golden.posteriors(data.codes[order], rows.offsets, data.prior, weight)


def _bits_of_scores(data: Scores) -> Finding:
    by_agent = np.argsort(data.agent, kind="stable")
    states = set()
    for order in (np.arange(len(data.agent)), by_agent):
        ranks = ConformalRanks(n0=HISTORY, seed=_SEED)
        agent, score = data.agent[order], data.score[order]
        run = _ordinals(agent)
        ranks.increments(agent, run, score)
        states.add(bytes(ranks))
    return Finding(
        f"{len(data.agent):,} runs: as they are, and agent by agent",
        len(data.agent),
        len(states) - 1,
        worst=f"{len(states)} states",
        bound="1 state",
    )


def _ordinals(agent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each run among those of its agent."""
    order = np.argsort(agent, kind="stable")
    starts = np.flatnonzero(np.diff(agent[order], prepend=agent[order][0] - 1))
    counts = np.diff(np.append(starts, len(agent)))
    found = np.empty(len(agent), np.int64)
    found[order] = np.arange(len(agent)) - np.repeat(starts, counts)
    return found


def _scaling(bench: Bench, path: Path) -> Finding:
    data, device = read_user_data(path), bench.device(CPU)
    most = bench.of_scale(_ROWS // 10, _ROWS, 10 * _ROWS)
    if isinstance(data, Scores):
        codes = np.resize(data.score.astype(np.int32), (most, 2))
        agent, prior = np.resize(data.agent, most), np.zeros(2, np.int32)
    else:
        codes = np.resize(data.codes, (most, data.codes.shape[1]))
        agent, prior = np.resize(data.agent, most), data.prior
    sizes = spread(most // 100, most)
    slope, _ = fitted(lambda n: device.posterior(codes[:n], agent[:n], prior), sizes)
    return Finding(
        f"posteriors of {sizes[0]:,} to {most:,} rows of the file, repeated, {len(sizes)} sizes",
        len(sizes),
        int(slope.high > LINEAR),
        bound=f"upper limit of the exponent at most {LINEAR}",
        interval="99 %, Student's t of a least squares fit of the logarithms",
        measured={"exponent": slope._asdict()},
    )


def _promise(bench: Bench, path: Path) -> Finding:
    data = read_user_data(path)
    if not isinstance(data, Scores):
        raise NotRun(
            f"{path}: is evidence, which has no runs in order; give scores, a row a run: agent, "
            "score"
        )
    rng, agents = np.random.default_rng(_SEED), bench.of_scale(400, 4_000, 20_000)
    own = [data.score[data.agent == one] for one in np.unique(data.agent)]
    runs = np.stack([rng.choice(own[a % len(own)], HISTORY + JUDGED) for a in range(agents)])
    ran = (
        f"{agents:,} agents, each with runs drawn with replacement from those of one of the file's "
        f"{len(own):,}, {HISTORY} of history and {JUDGED} judged, an ARL of {ARL} (seed {_SEED})"
    )
    return alarms_of(bench, ran, agents, _SEED, lambda run: runs[:, run])

"""The six checkers. Each takes a history and a span of it, and says which reads break its claim.

They share no code with the nodes: what is right comes from `golden`, from the frames alone.
"""

from collections import Counter

import numpy as np

from tests.campaigns.partition.case import Case, Finding

__all__ = ["CHECKERS", "judged"]

_ONE_BITS, _ONE = 16, 1 << 16
_NEVER = -1
_MS = 1_000_000
_SECOND = 1_000_000_000


def c1_availability(case: Case) -> Finding:
    """Every read that was due at a node that was up is answered within the deadline.

    Which reads were due follows from the campaign's orders, not from what nodes wrote.
    """
    history, reads = case.history, case.history.reads
    late = reads.t - reads.due > history.settings["deadline"]
    broken = case.counted & (late | ~reads.answered)
    others = Counter[str]()
    others["a read that was due is not in the history"] += case.missing
    for spans in case.down.values():
        others["a node that was killed never came back"] += any(end is None for _, end in spans)
    return Finding(int(case.counted.sum()) + case.missing, broken, +others)


def c2_honest_staleness(case: Case) -> Finding:
    """All frames acknowledged before a read's moment less the age it gives are in its version."""
    reads, ages, versions = case.history.reads, case.shard("ages"), case.shard("versions")
    at = reads.at[case.rows]
    bad = (at < reads.invoked[case.rows]) | (at > reads.t[case.rows])
    for shard, frames in sorted(case.history.frames.items()):
        acked = np.array(sorted(frames.acked.values()), np.int64)
        age = ages[:, shard - 1]
        needed = np.searchsorted(acked, at - age * _MS, "left")
        bad |= (age != _NEVER) & (versions[:, shard - 1] < needed)
        bad |= (age == _NEVER) & (versions[:, shard - 1] != 0)
    return case.finding(ages.size, bad)


def c3_monotonic_reads(case: Case) -> Finding:
    """Within one incarnation of a node no shard's version goes back; its own never does."""
    reads, rows = case.history.reads, case.rows
    place = case.shard("incarnations") << 32 | case.shard("versions")
    bad, cases = np.zeros(len(rows), bool), 0
    for node in np.unique(reads.node[rows]):
        mine = np.flatnonzero(reads.node[rows] == node)
        mine = mine[np.lexsort((reads.t[rows][mine], reads.incarnation[rows][mine]))]
        step = np.diff(place[mine], axis=0) < 0
        cases += step.size
        same_incarnation = np.diff(reads.incarnation[rows][mine]) == 0
        back = (step.any(axis=1) & same_incarnation) | step[:, node - 1]
        bad[mine[1:][back]] = True
    return case.finding(cases, bad)


def c4_same_bits(case: Case) -> Finding:
    """Every digest is the golden model's of the versions beside it; at the end, of all frames."""
    history, versions = case.history, case.shard("versions")
    known = case.golden.known(versions)
    digests = [history.reads.digest[row] for row in case.rows]
    bad = np.array(
        [
            not there or case.golden.digest(row) != digest
            for row, there, digest in zip(versions, known, digests, strict=True)
        ],
        bool,
    )
    others = Counter[str]()
    for frames in history.frames.values():
        others["a frame said in two ways, or out of turn"] += frames.contradictions
        others["acknowledged frames with a gap"] += sorted(frames.acked) != list(
            range(len(frames.acked))
        )
    if case.final.any():
        last = case.acked(min(start for name, start, _ in case.spans if name == "final"))
        settled = case.final[case.rows]
        bad |= settled & (versions != last).any(axis=1)
        final = {digest for digest, end in zip(digests, settled, strict=True) if end}
        others["more than one digest at the end"] += len(final) != 1
        others["another digest at the end than all acknowledged frames have"] += final != {
            case.golden.digest(last)
        }
    found = case.finding(len(bad), bad)
    found.others = +others
    return found


def c5_bounded_error(case: Case) -> Finding:
    """The log-odds of all evidence of the moment are within the bound, and within the interval.

    Also: the decision is the interval's, the bound in ulp is the bound, and shards kept their rate
    of changes, on which the bound rests.
    """
    history, reads = case.history, case.history.reads
    low, high = case.truth.versions(reads.at[case.rows])
    one, other = case.golden.evidence(low), case.golden.evidence(high)
    least, most = np.minimum(one, other).sum(axis=1), np.maximum(one, other).sum(axis=1)
    point, bound = case.number("point"), case.number("bound")
    bad = (point + bound < least << _ONE_BITS) | (point - bound > most << _ONE_BITS)
    bad |= -(-bound >> _ONE_BITS) != case.number("bound_ulp")
    one, other = case.golden.binned(low), case.golden.binned(high)
    least, most = np.minimum(one, other).sum(axis=1), np.maximum(one, other).sum(axis=1)
    lowest, highest, unit = case.number("low"), case.number("high"), case.number("unit")
    bad |= (highest < least) | (lowest > most)
    above, below = lowest * unit > 0, highest * unit < 0
    right = np.where(above, "above", np.where(below, "below", "undecided"))
    bad |= right != np.array([reads.decision[row] for row in case.rows], dtype=str)
    others = Counter[str]()
    distance = -(-_SECOND // history.settings["changes_per_s"])
    for frames in history.frames.values():
        changes = np.array([frames.changed[v] for v in sorted(frames.changed)], np.int64)
        others["changes faster than allowed"] += int((np.diff(changes) < distance).sum())
    found = case.finding(2 * len(bad), bad)
    found.others = +others
    return found


def c6_weights(case: Case) -> Finding:
    """Weights fall with age, are 1 within the grace and at the end, 0 from the greatest age on."""
    settings, ages, weights = case.history.settings, case.shard("ages"), case.shard("weights")
    order = np.argsort(ages, axis=1, kind="stable")
    sorted_ages = np.take_along_axis(ages, order, axis=1)
    sorted_weights = np.take_along_axis(weights, order, axis=1)
    heard = sorted_ages[:, :-1] != _NEVER
    bad = ((np.diff(sorted_weights, axis=1) > 0) & heard).any(axis=1)
    never = ages == _NEVER
    bad |= (never & (weights != 0)).any(axis=1)
    fresh = ~never & (ages <= min(settings["grace_ms"], settings["max_age_ms"] - 1))
    bad |= (fresh & (weights != _ONE)).any(axis=1)
    bad |= ((ages >= settings["max_age_ms"]) & (weights != 0)).any(axis=1)
    bad |= ((weights < 0) | (weights > _ONE)).any(axis=1)
    bad |= case.final[case.rows] & (weights != _ONE).any(axis=1)
    pairs = np.unique(np.stack([ages[~never], weights[~never]], axis=1), axis=0)
    found = case.finding(ages.size, bad)
    found.others["one age, two weights"] += len(pairs) - len(np.unique(pairs[:, 0]))
    found.others["an older age with a greater weight"] += int((np.diff(pairs[:, 1]) > 0).sum())
    found.others = +found.others
    return found


CHECKERS = {
    "C1": c1_availability,
    "C2": c2_honest_staleness,
    "C3": c3_monotonic_reads,
    "C4": c4_same_bits,
    "C5": c5_bounded_error,
    "C6": c6_weights,
}


def judged(case: Case) -> dict[str, Finding]:
    """Return what each checker found."""
    return {name: check(case) for name, check in CHECKERS.items()}

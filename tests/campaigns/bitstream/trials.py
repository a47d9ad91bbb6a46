"""What a board has to get right, through the driver that a person would use."""

from collections.abc import Callable, Sequence

import numpy as np

from consilience.devices.device import Device
from consilience_sim import golden
from consilience_sim.reference.vectors import SHORT, results_digest, vector_set
from examples.agent_traces.evidence import collect, fit_detector
from examples.agent_traces.fusion import CheckedFusion
from examples.agent_traces.run import EVEN
from examples.agent_traces.selection import FITTING_LABELS, Selection
from examples.agent_traces.traces import Traces
from tests.campaigns.verify.digests import SHORT_DIGEST
from tests.campaigns.verify.step import Claim

__all__ = ["NETWORK_TRIALS", "TRIALS"]

PACKETS_AT_ONCE = 50
RUNS = 100
"""Recorded runs of agents: a slice of the demo's."""
STRAYS = ("bad_framing", "bad_crc", "bad_nonce", "bad_sequence", "bad_operation", "gaps")

Progress = Callable[[str, int, int], None]


def digest_vectors(device: Device, progress: Progress) -> Claim:
    """Reduce the first packets of the fixed set; every code and status is in the pinned digest."""
    codes, offsets = vector_set()
    results = np.empty(SHORT, np.int32)
    status = np.empty(SHORT, np.uint32)
    for first in range(0, SHORT, PACKETS_AT_ONCE):
        part = slice(first, first + PACKETS_AT_ONCE)
        borders = offsets[first : first + PACKETS_AT_ONCE + 1]
        reduced = device.reduce_with_status(codes[borders[0] : borders[-1]], borders - borders[0])
        results[part], status[part] = reduced
        progress("digest vectors", first + PACKETS_AT_ONCE, SHORT)
    found = results_digest(results, status)
    return Claim(
        f"the first {SHORT:,} packets of the fixed set give the pinned digest",
        SHORT,
        int(found != SHORT_DIGEST),
        measured=found[:16],
        bound=SHORT_DIGEST[:16],
    )


def agent_traces(device: Device, progress: Progress) -> Claim:
    """Fuse recorded runs of agents as the demo does, and compare with the golden model."""
    traces, chosen = Traces.load(), Selection.load()
    models = fit_detector(traces, traces.runs(FITTING_LABELS, test=False), chosen.detector)
    runs = traces.runs(FITTING_LABELS, test=True)[:RUNS]
    evidence = collect(traces, runs, models, chosen.detector)
    fusion = CheckedFusion(device, golden.posteriors, progress)
    fusion.fuse("agent traces", evidence, EVEN, chosen.weight)
    return Claim(
        "posteriors of recorded agent traces equal the golden model's",
        fusion.posteriors,
        fusion.mismatches,
        measured=f"{fusion.rows:,} rows of evidence",
    )


def nothing_dropped(device: Device, progress: Progress) -> Claim:
    """Read the counters: on a clean line nothing is dropped or repeated."""
    repeated = ("repeated", "host_resent", "host_timeouts", "host_stray")
    return _none_of((*STRAYS, "host_bad_crc", *repeated), "dropped or repeated", device, progress)


def nothing_damaged(device: Device, progress: Progress) -> Claim:
    """Read the counters: nothing is damaged or lost. Repeated it may be, as that goes by time."""
    damage = ("damaged_packets", "bad_packets", "lost_packets", "host_bad_crc")
    strays = [one for one in STRAYS if one != "bad_sequence"]
    return _none_of((*strays, *damage), "damaged or lost", device, progress)


def _none_of(watched: Sequence[str], what: str, device: Device, progress: Progress) -> Claim:
    counters = device.info.counters
    found = {name: counters[name] for name in watched if counters[name]}
    progress("counters", 1, 1)
    return Claim(
        f"no frame was {what} on either side",
        counters["frames"],
        sum(found.values()),
        measured=f"{counters['codes']:,} codes, {counters['results']:,} results",
        detail=", ".join(f"{name} {count}" for name, count in found.items()),
    )


TRIALS = (digest_vectors, agent_traces, nothing_dropped)
NETWORK_TRIALS = (digest_vectors, agent_traces, nothing_damaged)

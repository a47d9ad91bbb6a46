"""An honest package with a session of every kind, small, from fixed draws."""

import random
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import consilience as cs
from consilience.audit.package import write_package
from consilience.audit.recomputed_sessions import (
    log_sum_session,
    posterior_session,
    robust_session,
)
from consilience.audit.statement import canonical_json
from consilience.audit.watch_record import RecordedWatch
from consilience.distributed.epochs.signing import SigningKey
from consilience.monitor.source_file import FrozenSource, ModelSource
from consilience.monitor.watch_options import WatchOptions

ORIGIN = "example.com/audit"
SEED = 0xC0FFEE
DATE = 1_790_000_000


def key_of(number):
    """Return one of as many signing keys as numbers; 1 is the operator's."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def runs(draw, agents, count, hijacked_from):
    """Return lines of runs: agent a1 is hijacked, and scores have ties."""
    yield b"agent,run,score,event"
    for run in range(count):
        for agent in range(agents):
            bad = agent == 1 and run >= hijacked_from
            yield f"a{agent},{run},{draw.gauss(0, 1) + 4 * bad:.1f},".encode()
    yield b"a1,,,acknowledge"
    for run in range(3):
        yield f"a1,again {run},{draw.gauss(5, 1):.1f},".encode()
    yield b"a1,,,recalibrate"
    yield b"a1,anew,0.5,"


def calls(draw):
    """Return calls of runs, and their ends; from the 15th on the agent calls symbol 1."""
    yield b"agent,run,context,symbol,event"
    for run in range(30):
        for _ in range(4):
            symbol = draw.choices([0, 1, 2], [6, 2, 1] if run < 15 else [1, 6, 1])[0]
            yield f"x,{run},{draw.randrange(2)},{symbol},".encode()
        yield f"x,{run},0,,end".encode()


def reported(draw):
    """Return reports of nine reporters, two of whom lie or are silent; a0 is hijacked."""
    yield b"agent,run,reporter,score,event"
    for run in range(62):
        honest = draw.gauss(0, 1) + 5 * (run >= 54)
        for reporter in range(9):
            lies = reporter in (run % 9, (run + 4) % 9)
            if not (lies and run % 3 == 0):
                score = draw.gauss(0, 9) if lies else honest + draw.gauss(0, 0.1)
                yield f"a0,{run},r{reporter},{score:.2f},".encode()
        yield f"a0,{run},,,end".encode()


def watch(name, lines, *, goes_on=False, **options):
    """Return the session of lines under the options of `consilience monitor`."""
    recorded = RecordedWatch(WatchOptions(**options), SEED)
    recorded.judge(enumerate(lines, 1))
    return recorded.session(name, goes_on=goes_on)


def frozen_source(draw):
    """Return a table of 1,500 drawn scores."""
    scores = np.array([int(draw.gauss(0, 65536)) for _ in range(1500)], np.int64)
    edges = np.array([-65536, 0, 65536, 131072], np.int64)
    return FrozenSource(cs.FrozenTable.fit_scores(scores, edges))


def model_source():
    """Return a model of two contexts and four symbols."""
    p0 = np.log([[0.6, 0.2, 0.1, 0.1], [0.3, 0.3, 0.2, 0.2]])
    p1 = np.log([[0.2, 0.5, 0.2, 0.1], [0.1, 0.6, 0.2, 0.1]])
    return ModelSource(cs.ModelIncrements(p0, p1, unseen=2, end=3))


def sessions():
    """Return sessions of all modes, sources and policies, and of what is not a monitor."""
    draw, numbers = random.Random(3), np.random.default_rng(1)
    asserted = [f"q,{run},{draw.gauss(-0.3, 1):.3f},{draw.gauss(0, 1):.3f}" for run in range(40)]
    found = [
        watch(
            "restart", runs(draw, 3, 70, 55), arl="200", n0=50, agents=5, fleet_alpha="1/10",
            fleet_every=60, run_alpha="1/40",
        ),
        watch("once", runs(draw, 2, 60, 50), mode="once", n0=50, false_alarm="1/10"),
        watch("spread", runs(draw, 2, 64, 52), mode="spread", n0=50, false_alarm="1/10"),
        watch(
            "cusum", runs(draw, 2, 64, 52), mode="cusum", n0=50, arl="50", policy="renew",
            ties="full", contaminated=1,
        ),
        watch(
            "recalibrate", runs(draw, 2, 60, 52), arl="20", n0=50, policy="recalibrate",
            kappas="1/4,1/2,3/8",
        ),
        watch("frozen", runs(draw, 2, 30, 20), arl="100", source=frozen_source(draw)),
        watch("model", calls(draw), arl="100", source=model_source()),
        watch("reports", reported(draw), arl="30", n0=50, faulty=2, reporters=9),
        watch(
            "asserted", [b"agent,run,x1,x2", *(one.encode() for one in asserted)],
            arl="20", asserted=2,
        ),
    ]  # fmt: skip
    evidence = cs.to_codes(-numbers.exponential(3, (60, 3)))
    evidence[3, 1] = -(2**31)
    prior = cs.to_codes(np.log([0.5, 0.3, 0.2]))
    agents, weights = numbers.integers(0, 8, 60), numbers.integers(0, 65537, 60)
    with cs.open("cpu") as dev:
        found.append(posterior_session(dev, "posterior", evidence, agents, prior, weights))
        codes = numbers.integers(-(2**31), 2**31, 400).astype(np.int32)
        found.append(log_sum_session(dev, "sums", codes, np.arange(0, 401, 50)))
        ratios = [numbers.integers(-(10**6), 10**6, 13).astype(np.int32) for _ in range(6)]
        found.append(robust_session(dev, "robust", ratios, 4, 128 * 3000, 1000))
    return found


def write(folder: Path, made=None, number=1, **others):
    """Write a package of sessions (default: all), signed by a key; return what was written."""
    claims = {"claims": [{"name": "digest", "statement": "equal", "verdict": "pass"}]}
    documents = {"claims.json": canonical_json(claims), "environment.json": b'{"cpu":"any"}\n'}
    given = {
        "sessions": sessions() if made is None else made,
        "documents": documents,
        "key": key_of(number),
        "origin": ORIGIN,
        "measured": {"seconds": 1.5},
        "date": DATE,
    }
    return write_package(folder, **{**given, **others})

"""A claim that a planted fault breaks is found broken; without the fault it stands."""

from functools import partial

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.validate.bench import CPU, Bench, Options
from consilience.validate.catalogue import all_claims
from consilience.validate.claims import (
    cycles,
    durability,
    fuzz,
    lying_monitors,
    partitions,
    permissions,
)
from consilience.validate.finding import Scale, Verdict
from consilience.validate.running import run_one
from consilience_sim.compiled.stream_simulation import StreamSimulation
from tests.host.validate.faulty_devices import (
    Forgetful,
    NamesAll,
    OffByOne,
    OneBitLow,
    SwayedByOne,
)

slow = partial(pytest.param, marks=pytest.mark.slow)
CLAIMS = {one.name: one for one in all_claims(Options(devices=(CPU,)))}


def verdict(name, device):
    with Bench(Options(Scale.QUICK, (CPU,)), lambda _: device()) as bench:
        return run_one(CLAIMS[name], bench)


@pytest.mark.parametrize(
    ("name", "faulty"),
    [
        ("correctness.digest.cpu", OffByOne),
        slow("correctness.million-points.cpu", OffByOne),
        slow("correctness.million-agents.cpu", OffByOne),
        slow("consistency.results.cpu", Forgetful),
        ("promise.once.tight", OneBitLow),
        ("promise.restart.tight", OneBitLow),
        slow("promise.exact.cpu", OneBitLow),
        slow("promise.fleet.exact", NamesAll),
        slow("liars.guarantees.cpu", SwayedByOne),
    ],
)
def test_it_is_found(name, faulty):
    assert verdict(name, CpuDevice).verdict is Verdict.PASS
    found = verdict(name, faulty)
    assert (found.verdict, found.reason) == (Verdict.FAIL, "")
    assert found.finding.failures >= 1


def test_a_rule_that_adds_up_liars_is_found(monkeypatch):
    name = "liars.monitor.independent"
    assert verdict(name, CpuDevice).verdict is Verdict.PASS
    plain = lambda reports: np.clip(reports, -(1 << 19), 1 << 19).sum(axis=1).astype(np.int32)  # noqa: E731
    monkeypatch.setitem(lying_monitors.RULES, "independent", plain)
    assert verdict(name, CpuDevice).verdict is Verdict.FAIL


def test_a_parser_that_takes_anything_is_found(monkeypatch):
    assert verdict("security.parsers", CpuDevice).verdict is Verdict.PASS
    for parser in (lambda _: b"something else", lambda data: data[1 << 60]):
        monkeypatch.setitem(fuzz.PARSERS, "LogSum", parser)
        found = verdict("security.parsers", CpuDevice)
        assert (found.verdict, found.reason) == (Verdict.FAIL, "")


def test_a_secret_that_others_may_read_is_found(monkeypatch):
    def careless(folder):
        folder.mkdir()
        (folder / "seed").write_text("secret")

    assert verdict("security.permissions.service", CpuDevice).verdict is Verdict.PASS
    monkeypatch.setitem(permissions.MAKERS, "service", careless)
    found = verdict("security.permissions.service", CpuDevice)
    assert (found.finding.failures, found.finding.cases) == (2, 3), "umask 077 keeps others out"


@pytest.mark.slow
@pytest.mark.parametrize("faulty", ["forgetful_writer", "talkative_writer"])
def test_a_log_that_loses_a_frame_is_found(monkeypatch, faulty):
    monkeypatch.setattr(durability, "WRITER", f"tests.host.validate.{faulty}")
    found = verdict("durability.kill", CpuDevice)
    assert (found.verdict, found.reason) == (Verdict.FAIL, "")


@pytest.mark.slow
def test_what_processes_and_a_spoilt_link_say(monkeypatch):
    for name in ("durability.kill", "partition.totals", "link.under-fire"):
        assert verdict(name, CpuDevice).verdict is Verdict.PASS
    monkeypatch.setattr(partitions, "part_of", lambda shard, number: OTHER(shard + 1, number))
    assert verdict("partition.totals", CpuDevice).finding.failures > 20


OTHER = partitions.part_of


@pytest.mark.slow
def test_a_link_without_a_check_is_found(monkeypatch):
    monkeypatch.setattr("consilience.link.frames.zlib.crc32", lambda *_: 0)
    monkeypatch.setattr("consilience.link.frames._CRC_RESIDUE", 0)
    found = verdict("link.under-fire", CpuDevice)
    assert (found.verdict, found.reason) == (Verdict.FAIL, "")


@pytest.mark.slow
def test_cycles_that_depend_on_data_are_found(monkeypatch):
    def leaking(self, beats, outputs, **options):
        results, accepted, produced = RUN(self, beats, outputs, **options)
        return results, accepted, produced + (beats[:outputs, 0] > 127)

    assert CYCLES.test(Bench(Options(Scale.QUICK))).failures == 0
    monkeypatch.setattr(StreamSimulation, "run", leaking)
    assert CYCLES.test(Bench(Options(Scale.QUICK))).failures > 0


(CYCLES,) = cycles.claims(("sim",))
RUN = StreamSimulation.run

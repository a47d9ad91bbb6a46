"""A claim that a planted fault breaks is found broken; without the fault it stands."""

import pytest

from consilience.devices.cpu import CpuDevice
from consilience.validate.bench import CPU, Bench, Options
from consilience.validate.catalogue import all_claims
from consilience.validate.finding import Scale, Verdict
from consilience.validate.running import run_one
from tests.host.validate.faulty_devices import Forgetful, OffByOne, OneBitLow

CLAIMS = {one.name: one for one in all_claims((CPU,))}


def verdict(name, device):
    with Bench(Options(Scale.QUICK, (CPU,)), lambda _: device()) as bench:
        return run_one(CLAIMS[name], bench)


@pytest.mark.parametrize(
    ("name", "faulty"),
    [
        ("correctness.digest.cpu", OffByOne),
        ("correctness.million-points.cpu", OffByOne),
        ("correctness.million-agents.cpu", OffByOne),
        ("consistency.results.cpu", Forgetful),
        ("promise.once.tight", OneBitLow),
        ("promise.restart.tight", OneBitLow),
        ("promise.exact.cpu", OneBitLow),
    ],
)
def test_it_is_found(name, faulty):
    assert verdict(name, CpuDevice).verdict is Verdict.PASS
    found = verdict(name, faulty)
    assert (found.verdict, found.reason) == (Verdict.FAIL, "")
    assert found.finding.failures >= 1

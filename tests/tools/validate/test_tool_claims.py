"""Claims of the tool chain: planted faults are found, and what is missing is NOT RUN."""

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.errors import ToolMissing
from consilience.validate.bench import CPU, Bench, Options
from consilience.validate.finding import Scale, Verdict
from consilience.validate.running import run_one
from consilience_tools.boards import building, simulated
from consilience_tools.pages.stamp import page_stamp
from consilience_tools.validate import bitstreams, campaigns, dependencies, quality
from consilience_tools.validate.catalogue import claims

CLAIMS = {one.name: one for one in claims(Options(Scale.QUICK, (CPU,)))}


def outcome(name, scale=Scale.QUICK):
    with Bench(Options(scale, (CPU,))) as bench:
        return run_one(CLAIMS[name], bench)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return a checkout with one good file in each folder."""
    for module in (quality, dependencies, campaigns):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    for folder in (*quality.FOLDERS, "tests", "examples", "docs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "good.py").write_text('"""Good."""\n')
    (tmp_path / "requirements.lock").write_text("a==1 \\\n    --hash=sha256:00\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("quality.lint", '"""Bad."""\n\nimport os\n'),
        ("quality.docs", '"""Bad."""\n__all__ = ["f"]\ndef f(): pass\n'),
        (
            "quality.docs",
            '"""Bad."""\n__all__ = ["P"]\nclass P:\n  "P."\n  def m(self): 1\n',
        ),
        ("quality.docs", "import this\n"),
    ],
)
def test_a_fault_in_a_file_is_found(checkout, name, fault):
    assert outcome(name).verdict is Verdict.PASS
    (checkout / "host" / "bad.py").write_text(fault)
    found = outcome(name)
    assert (found.verdict, found.finding.failures) == (Verdict.FAIL, 1)
    assert "bad" in found.finding.worst


@pytest.mark.parametrize("entry", ["b==2\n", "c>=3 \\\n    --hash=sha256:00\n"])
def test_what_is_not_locked_is_found(checkout, entry):
    lock = checkout / "requirements.lock"
    assert outcome("security.lock").verdict is Verdict.PASS
    lock.write_text(lock.read_text() + entry)
    assert outcome("security.lock").finding.failures == 1


def test_without_a_checkout_nothing_of_it_is_claimed(tmp_path, monkeypatch):
    for module in (quality, dependencies, campaigns):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("quality.lint", "quality.docs", "security.lock", "partition.campaign"):
        found = outcome(name)
        assert found.verdict is Verdict.NOT_RUN
        assert "needs a checkout" in found.reason


def test_the_code_here_keeps_them():
    for name in ("quality.docs", "security.lock"):
        assert outcome(name).verdict is Verdict.PASS


class OneBitOff(CpuDevice):
    """The first code of each call is an ulp off."""

    def sums(self, codes, offsets):
        found, status = super().sums(codes, offsets)
        return found ^ (np.arange(len(found)) == 0), status


def board_of(device, broken=0):
    """Return what stands for a simulated board: a device behind no pins."""
    manifest = {"build": CpuDevice().info.build, "bitstream": {"file": "x.bin", "sha256": "0"}}
    built = SimpleNamespace(manifest=manifest)

    @contextmanager
    def powered(name, _working):
        assert name == "icebreaker"
        yield SimpleNamespace(built=built, url=device, broken=broken, traffic=(1, 2))

    return powered


@pytest.mark.parametrize(
    ("device", "broken", "failures"), [(CpuDevice, 0, 0), (OneBitOff, 0, 1), (CpuDevice, 3, 3)]
)
def test_bits_of_a_bitstream_are_judged(monkeypatch, device, broken, failures):
    monkeypatch.setattr(bitstreams.cs, "open", lambda kind: kind())
    monkeypatch.setattr(simulated, "simulated_board", board_of(device, broken))
    found = outcome(f"correctness.bitstream.{bitstreams.BOARD}", Scale.FULL)
    assert (found.reason, found.finding.failures) == ("", failures)


def test_a_bitstream_that_is_not_built_is_not_run(monkeypatch, tmp_path):
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path))
    found = outcome("correctness.bitstream.icebreaker", Scale.DEFAULT)
    assert found.verdict is Verdict.NOT_RUN
    assert "run `consilience build icebreaker`" in found.reason
    missing = ToolMissing("nextpnr is not installed; run: pip install nextpnr")
    monkeypatch.setattr(building, "tool_version", Mock(side_effect=missing))
    found = outcome("correctness.bitstream.icebreaker", Scale.DEFAULT)
    assert (found.verdict, found.reason) == (Verdict.NOT_RUN, str(missing))


def test_campaigns_and_pages_that_are_older_or_of_what_failed_say_so(monkeypatch):
    found = outcome("partition.campaign")
    assert (found.verdict, "tests.campaigns.partition" in found.reason) == (Verdict.NOT_RUN, True)
    name = next(one for one in CLAIMS if one.startswith("quality.page."))
    page = name.removeprefix("quality.page.") + ".md"
    origin = campaigns.pages()[page]
    failed = replace(origin, says=("what the page does not say",))
    for made_of, known, verdict in (
        (origin.digest(), origin, Verdict.PASS),
        ("0" * 16, origin, Verdict.NOT_RUN),
        (origin.digest(), failed, Verdict.FAIL),
    ):
        text = f"Made at commit abc of code {made_of}.\n\n"
        stamp = page_stamp(text)
        monkeypatch.setattr(campaigns, "page_stamp", lambda _, stamp=stamp: stamp)
        monkeypatch.setattr(campaigns, "pages", lambda known=known: {page: known})
        assert outcome(name).verdict is verdict

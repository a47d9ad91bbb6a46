"""A slice of `make differential`, that it notices what is planted, and what it prints."""

import json
import shlex
import sys
from random import Random

import numpy as np
import pytest

import consilience as cs
from consilience.devices.cpu import CpuDevice
from consilience.live.groups import GroupTree
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from tests.campaigns.differential import __main__ as command
from tests.campaigns.differential.codes import HIGHEST, LOWEST, ZERO, hard_differences
from tests.campaigns.differential.kinds import KINDS, kind_of
from tests.campaigns.differential.page import write_page
from tests.campaigns.differential.parts import Part, Tally, differs, parts
from tests.campaigns.differential.shrink import shrunk


@pytest.fixture(scope="module")
def sim():
    with cs.open("sim") as device:
        yield device


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_slice_on_cpu(kind):
    tally = Part(kind, "cpu", "slice", 400).run()
    assert tally.holds, "\n".join(tally.complaints)
    assert tally.on("cpu") >= 400


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.needs_device])
def test_slice_in_simulation(kind, sim):
    tally = Part(kind, "sim", "slice", 20).compared(sim)
    assert tally.holds, "\n".join(tally.complaints)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_call_fits_into_a_line(kind):
    for number in range(30):
        arguments = kind.draw(Random(number), large=False)
        line = json.dumps(arguments)
        assert json.loads(line) == arguments and "\n" not in line


def test_every_drawn_reduction_is_hard_in_some_way():
    """Among a thousand: each end code, logs of zero alone, and sums that a unit may not decide."""
    kind, seen = kind_of("reduce"), set()
    for number in range(1_000):
        codes = kind.draw(Random(number), large=False)["codes"]
        seen |= {ZERO, LOWEST, HIGHEST} & set(codes)
        seen |= {"zeros alone"} if codes and set(codes) == {ZERO} else set()
        seen |= {"none"} if not codes else {"one"} if len(codes) == 1 else set()
        seen |= {"saturated"} if golden.log_sum(codes)[1] else set()
        if 1 < len(codes) < 40 and golden.hard_to_round(codes):
            seen.add("hard")
    assert len(seen) == 8, seen
    assert all(golden.hard_to_round([0, code], Q16_16) for code in hard_differences())


def zero_is_the_lowest_code(patch):
    inner = CpuDevice.sums_of_others
    patch.setattr(
        CpuDevice, "sums_of_others", lambda self, codes: inner(self, np.maximum(codes, LOWEST))
    )


def saturated_at_the_end_code(patch):
    inner = CpuDevice.sums

    def sums(self, codes, offsets):
        found, status = inner(self, codes, offsets)
        return found, np.where(found == HIGHEST, np.uint32(1), status)

    patch.setattr(CpuDevice, "sums", sums)


def one_group_is_merged_into_another(patch):
    inner = GroupTree.change
    patch.setattr(
        GroupTree,
        "change",
        lambda self, path, old, new: inner(self, ["a", *path[1:]] if new else path, old, new),
    )


PLANTED = {
    "a log of zero is the lowest code": (zero_is_the_lowest_code, "leave_one_out"),
    "the largest code is saturated": (saturated_at_the_end_code, "reduce"),
    "one group is merged into another": (one_group_is_merged_into_another, "group trees"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_noticed_and_made_small(monkeypatch, fault, capsys):
    plant, kind = PLANTED[fault]
    plant(monkeypatch)
    tally = Part(kind, "cpu", "slice", 400).run()
    assert not tally.holds
    line, *_ = tally.complaints[0].splitlines()
    _, _, module, option, call = shlex.split(line)
    assert module == "tests.campaigns.differential" and len(line) < 500, line
    monkeypatch.setattr(sys, "argv", ["differential", option, call])
    assert command.main() == 1
    assert "golden: " in capsys.readouterr().out
    monkeypatch.undo()
    assert differs(kind_of(kind), CpuDevice(), json.loads(call)["arguments"]) is None
    monkeypatch.setattr(sys, "argv", ["differential", option, call])
    assert command.main() == 0


def test_what_is_made_small_fails_still():
    arguments = {"codes": [5, 900_000, 3, 70_000], "rows": [[1, [2, 3]], [4, [5, 6]]]}

    def fails(one):
        return sum(one["codes"]) > 65_540 and len(one["rows"]) > 0

    assert shrunk(arguments, fails) == {"codes": [65_541], "rows": [[]]}


def test_the_page_says_what_differed(tmp_path):
    tally = Tally()
    assert not tally.holds, "nothing was called"
    tally.calls["cpu", "reduce"] += 5
    tally.calls["sim", "reduce"] += 3
    assert tally.holds and (tally.on("cpu"), tally.on("sim")) == (5, 3)
    other = Tally()
    other.differences["sim", "reduce"] += 1
    tally.add(other)
    assert not tally.holds
    write_page(tally, "make differential", 4, "abc", tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert "at commit abc, in 4 s: DIFFERENCES" in page and "| reduce | 5 | 3 | 1 |" in page


def test_a_whole_campaign_has_all_its_calls():
    whole = parts(1_000_000, 10_000, 1)
    for url, calls in (("cpu", 1_000_000), ("sim", 10_000)):
        assert sum(part.calls for part in whole if part.url == url) >= calls
    assert len({(part.url, part.seed) for part in whole}) == len(whole)

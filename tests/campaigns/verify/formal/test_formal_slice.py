"""The proofs see what they must: planted leaks and faults. Their slice runs in test_verify.py."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from amaranth.hdl import Instance, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.engine.posterior_job import PosteriorJob
from consilience_hw.fusion.posterior import Posterior
from consilience_hw.link.session import Session
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.primitives.ecp5 import RegisteredProduct
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.core_cycles import core_timing
from tests.campaigns.verify.formal.counting import counter_sums
from tests.campaigns.verify.formal.cycles import DATA as KINDS
from tests.campaigns.verify.formal.forwarded_words import forwarded_words
from tests.campaigns.verify.formal.influence import cone_of
from tests.campaigns.verify.formal.leaks import LEAKS, SlowReduceJob
from tests.campaigns.verify.formal.netlist import Form, flat_netlist
from tests.campaigns.verify.formal.queues import admission
from tests.campaigns.verify.formal.streams import FAULTS
from tests.campaigns.verify.formal.timed_units import (
    COMPARE,
    CONFIG,
    CORE,
    DATA,
    JOBS,
    LIVE,
    LOG_SUM_EXP,
    MONITOR,
    PRIOR,
    REMEMBER,
    ROW,
    WEIGHT,
)
from tests.campaigns.verify.formal.yosys import ToolFailed, run_yosys, work_folder

DEPTH = LogSumExp(Q16_16, 2).latency + 5
"""Cycles in which control that differs must show."""


def slow(unit):
    return pytest.param(unit, marks=pytest.mark.slow)


def test_jobs_that_leak_have_a_counterexample_in_the_words_that_may_differ():
    # The same assumptions under which `Jobs` is proved: so they leave room for a difference.
    unit = next(leak.composition for leak in LEAKS if leak.composition.name == "SlowJobs")
    folder = work_folder("test_slow_jobs")
    outcome = unit.composition(unit.netlist(folder)).question(folder, invariant=False).bounded(8)
    assert not outcome.holds and outcome.from_reset


@pytest.mark.parametrize(
    "unit", [LOG_SUM_EXP, slow(JOBS)], ids=lambda unit: getattr(unit, "name", None)
)
def test_control_that_differs_is_a_counterexample(unit):
    # Not vacuous: with a control input that differs, too, the handshakes do.
    folder = work_folder(f"test_control_{unit.name}".replace(" ", "_"))
    netlist = unit.netlist(folder)
    composition = unit.composition(netlist)
    control = next(name for name in netlist.inputs if name.endswith("__valid"))
    composition.data.add(control)
    assert not composition.question(folder, invariant=False).bounded(DEPTH).holds


@pytest.mark.slow  # as the proof of the core itself
def test_a_slow_job_shows_in_the_core():
    with patch("consilience_hw.engine.jobs.ReduceJob", SlowReduceJob):
        found = [core_timing(KINDS[kind]) for kind in ("zero", "log of zero")]
    assert found[0] != found[1]


@pytest.mark.slow
def test_a_slow_job_in_the_core_ends_the_induction():
    with patch("consilience_hw.engine.jobs.ReduceJob", SlowReduceJob):
        folder = work_folder("test_slow_core")
        unit = replace(CORE, shows=CORE.shows | {"left": "jobs.reduce.inner.left"})
        netlist = unit.netlist(folder)
    assert not unit.composition(netlist).question(folder, invariant=True).induction().holds


@pytest.mark.parametrize(
    "unit",
    [*map(slow, (*LIVE, *MONITOR[-2:-1])), MONITOR[-1]],
    ids=lambda unit: getattr(unit, "name", None),
)
def test_timing_of_the_live_units_and_the_monitor(unit):
    folder = work_folder(f"test_live_{unit.name}")
    netlist = unit.netlist(folder)
    outputs = [bit for name in unit.handshakes for bit in netlist.outputs[name]]
    cone = cone_of(netlist, outputs)
    assert not any(cone.touches(netlist.inputs[name]) for name in unit.data)
    # It does touch control: kinds of operations.
    assert cone.touches(netlist.inputs["i__valid"])


def test_a_memory_that_forgets_has_a_counterexample():
    outcome = forwarded_words(work_folder("test_forgets"), forgets=True)
    assert not outcome.holds and outcome.from_reset


def test_an_admission_that_does_not_hold_has_a_counterexample():
    outcome = FAULTS["HastyAdmission"](work_folder("test_hasty"))
    assert not outcome.holds and outcome.from_reset


def test_every_counter_holds_its_sum():
    outcome = counter_sums(work_folder("test_counters"))
    assert outcome.holds, outcome.text


def test_log_sum_exp_loses_no_packet():
    outcome = admission(work_folder("test_admission"), lanes=1)
    assert outcome.holds, outcome.text


class Placed(wiring.Component):
    """A cell of an FPGA that synthesis did not find by itself."""

    def __init__(self, kind):
        self.kind = kind
        super().__init__({"a": In(18), "b": In(18), "total": Out(36)})

    def elaborate(self, platform):
        m = Module()
        pins = {"i_A": self.a, "i_B": self.b, "o_TOTAL": self.total}
        product = RegisteredProduct(self.total, self.a, self.b)
        m.submodules.cell = Instance(self.kind, **pins) if self.kind else product
        return m


def test_a_multiplier_that_the_gateware_places_has_a_model():
    netlist = flat_netlist(Placed(None), work_folder("test_multiplier"), form=Form.ECP5)
    cone = cone_of(netlist, netlist.outputs["total"])
    assert all(cone.touches(netlist.inputs[factor]) for factor in ("a", "b"))


def test_a_cell_without_a_model_is_told():
    with pytest.raises(ToolFailed, match=r"RTL of .*: no model of NO_SUCH_CELL"):
        flat_netlist(Placed("NO_SUCH_CELL"), work_folder("test_no_model"))


def test_names_that_yosys_would_not_see_everywhere_are_refused(tmp_path):
    with pytest.raises(ValueError, match=f"another /tmp than ours: {tmp_path}/cell.v$"):
        run_yosys(["read_rtlil unit.il", f"read_verilog +/cells.v {tmp_path}/cell.v"], tmp_path)


def test_numbers_of_states():
    # The only way to the encoding is inside Amaranth; the netlist has the numbers alone.
    job = PosteriorJob(Posterior(hypotheses=2)).elaborate(None)._generated["fsm"].encoding
    session = Session(CONFIG).elaborate(None)._generated["fsm"].encoding
    assert (job["Prior"], job["Row"], job["Weight"]) == (PRIOR, ROW, WEIGHT)
    assert (session["Compare"], session["Data"], session["Remember"]) == (COMPARE, DATA, REMEMBER)


def test_a_net_that_is_not_there_is_told():
    netlist = LOG_SUM_EXP.netlist(work_folder("test_net"))
    with pytest.raises(KeyError):
        netlist.net("no such net")

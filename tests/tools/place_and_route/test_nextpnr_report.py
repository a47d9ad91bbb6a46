"""What is read from nextpnr's report and log."""

import pytest

from consilience_tools.place_and_route.nextpnr_report import (
    CriticalPath,
    clocks,
    critical_path,
    fmax_mhz,
    only_late,
    over_full,
    used,
    why_it_failed,
)

CLOCK = "$glbnet$clk$TRELLIS_IO_IN"


def step(kind, delay, start, end):
    """One step of a path; places are `cell.port`."""
    sides = {}
    for side, place in (("from", start), ("to", end)):
        name, port = place.rsplit(".", 1)
        sides[side] = {"cell": name, "loc": [1, 2], "port": port}
    return {"type": kind, "delay": delay, **sides}


ADDER = "unit.sum_TRELLIS_FF_Q_DI_CCU2C_S0_COUT"
PATH = [
    step("clk-to-q", 0.4, "unit.a_q1_TRELLIS_FF_Q_2.Q", "unit.a_q1_TRELLIS_FF_Q_2.Q"),
    step("routing", 0.8, "unit.a_q1_TRELLIS_FF_Q_2.Q", f"{ADDER}$CCU2_COMB0.B"),
    step("logic", 0.3, f"{ADDER}$CCU2_COMB0.B", f"{ADDER}$CCU2_COMB0.FCO"),
    step("routing", 0.0, f"{ADDER}$CCU2_COMB0.FCO", f"{ADDER}$CCU2_COMB1.FCI"),
    step("logic", 0.1, f"{ADDER}$CCU2_COMB1.FCI", f"{ADDER}$CCU2_COMB1.FCO"),
    step("routing", 0.0, f"{ADDER}$CCU2_COMB1.FCO", f"{ADDER}_2$CCU2_COMB0.FCI"),
    step("logic", 0.4, f"{ADDER}_2$CCU2_COMB0.FCI", f"{ADDER}_2$CCU2_COMB0.F"),
    step("routing", 0.6, f"{ADDER}_2$CCU2_COMB0.F", "other.b_q1_LUT4_Z.D"),
    step("logic", 0.2, "other.b_q1_LUT4_Z.D", "other.b_q1_LUT4_Z.F"),
    step("routing", 0.3, "other.b_q1_LUT4_Z.F", "other.b_q1_TRELLIS_FF_Q.DI"),
    step("setup", 0.1, "other.b_q1_TRELLIS_FF_Q.DI", "other.b_q1_TRELLIS_FF_Q.DI"),
]

REPORT = {
    "fmax": {CLOCK: {"achieved": 202.675, "constraint": 150}},
    "critical_paths": [
        {
            "from": "<async>",
            "to": f"posedge {CLOCK}",
            "path": [step("source", 9, "rst.O", "rst.O")],
        },
        {"from": f"posedge {CLOCK}", "to": f"posedge {CLOCK}", "path": PATH},
    ],
    "utilization": {
        "DP16KD": {"available": 208, "used": 24},
        "TRELLIS_COMB": {"available": 83640, "used": 8712},
        "MULT18X18D": {"available": 156, "used": 0},
    },
}


def test_clock_and_cells():
    assert fmax_mhz(REPORT) == 202.675
    named = {"clk": {"required_mhz": 150, "reached_mhz": 202.68}}
    assert clocks(REPORT) == named
    assert used(REPORT) == {"DP16KD": 24, "TRELLIS_COMB": 8712}


def test_the_slowest_path_from_register_to_register():
    path = critical_path(REPORT)
    assert path == CriticalPath("unit.a_q1", "other.b_q1", 1.5, 1.7, levels=2, carries=2)
    assert path.words == (
        "unit.a_q1 to other.b_q1: 3.20 ns, of which 1.50 in 2 levels of logic, 2 steps of carry "
        "and 1.70 in wires"
    )


def test_a_loop_without_carries():
    words = CriticalPath("unit.top", "unit.top", 1.0, 2.0, levels=3, carries=0).words
    assert words == "within unit.top: 3.00 ns, of which 1.00 in 3 levels of logic and 2.00 in wires"


@pytest.mark.parametrize(
    "cell",
    [
        "unit.x_q1_TRELLIS_FF_Q_12",
        "unit.x_q1_SB_DFF_Q_15_DFFLC",
        "unit.x_q1_SB_LUT4_O_I2_SB_LUT4_O_1_LC",
        "unit.x_q1_DFF_Q_21",
        "unit.x_q1_DFFRE_Q",
        "unit.x_q1_ALU_SUM",
        "unit.x_q1_PFUMX_Z_BLUT_LUT4_Z",
        "unit.x_q1$nextpnr_copy",
        "unit.x_q1",
    ],
)
def test_cells_are_named_after_their_signal(cell):
    start = step("clk-to-q", 1, f"{cell}.Q", f"{cell}.Q")
    way = {"from": f"posedge {CLOCK}", "to": f"posedge {CLOCK}", "path": [start]}
    assert critical_path({**REPORT, "critical_paths": [way]}).start == "unit.x_q1"


def test_of_several_clocks_the_slowest_counts():
    (clock,) = REPORT["fmax"]
    faster = {"fmax": {"other": {"achieved": 300.0}, **REPORT["fmax"]}}
    assert fmax_mhz(faster) == 202.675
    assert critical_path({**REPORT, **faster}) == critical_path(REPORT)
    slower = {"fmax": {clock: {"achieved": 300.0}, "other": {"achieved": 2}}}
    assert fmax_mhz(slower) == 2


@pytest.mark.parametrize("name", ["clk", "$glbnet$clk", "$glbnet$clk$TRELLIS_IO_IN"])
def test_a_clock_is_found_by_its_name_in_the_design(name):
    report = {"fmax": {name: {"achieved": 129.0}, "$glbnet$eth_clk": {"achieved": 2}}}
    assert fmax_mhz(report, "clk") == 129.0


UTILISATION = """\
Info: Device utilisation:
Info: \t         ICESTORM_LC:    9102/   5280   172%
Info: \t        ICESTORM_RAM:      31/     30   103%
Info: \t               SB_IO:       3/     39     7%
"""


def test_what_does_not_fit_is_told_with_numbers():
    log = UTILISATION + "ERROR: Unable to place cell 'x', no BELs remaining of type 'y'\n"
    assert over_full(log) == ["ICESTORM_LC 9,102 of 5,280 (172 %)", "ICESTORM_RAM 31 of 30 (103 %)"]
    assert why_it_failed(log) == (
        "does not fit: ICESTORM_LC 9,102 of 5,280 (172 %), ICESTORM_RAM 31 of 30 (103 %)"
    )


def test_a_clock_that_is_missed():
    log = (
        "ERROR: Max frequency for clock 'clk': 190.00 MHz (FAIL at 210.00 MHz)\n"
        "ERROR: Max frequency for clock 'clk': 202.68 MHz (FAIL at 210.00 MHz)\n"
    )
    assert why_it_failed(log) == "routed, but reaches 202.68 MHz of the 210.00 MHz required"
    assert only_late(log)
    assert not only_late(log + "Info: 16 Hold/min time violations (showing 10 worst paths):\n")


def test_hold_times():
    log = (
        "Info: 16 Hold/min time violations (showing 10 worst paths):\n"
        "ERROR: Hold/min time violation for clock 'posedge clk':\n"
        "Info: Max frequency for clock 'clk': 66.29 MHz (PASS at 27.00 MHz)\n"
    )
    assert why_it_failed(log) == "routed, but with 16 violations of hold times"


def test_another_error_and_none():
    assert (
        why_it_failed("Info: x\nERROR: Unconstrained IO:pin\n") == "nextpnr: Unconstrained IO:pin"
    )
    assert why_it_failed("Info: Routing..\n") is None

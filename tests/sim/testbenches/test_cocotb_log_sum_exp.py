"""`LogSumExp` as Verilog, tested with cocotb."""

import pytest


@pytest.mark.slow  # with one lane `test_make` runs them, too
@pytest.mark.parametrize("lanes", [1, 5, 8])
def test_log_sum_exp(cocotb_designs, tmp_path, record_property, lanes):
    tests = cocotb_designs.toplevel("log_sum_exp", lanes).check(tmp_path)
    record_property("claim", f"the cocotb tests of LogSumExp pass on its RTL, {lanes} lanes")
    record_property("cocotb tests", tests)


CAUGHT = {
    "wrong_result/fault=code": [
        "packet 1: wrong result",
        "expected 207746 (3.16",
        "5 (0.000076 bit)",
    ],
    "wrong_result/fault=status": ["packet 1: wrong result", "SATURATED"],
    "missing_output": ["no end after 300 cycles", "1 outputs were right"],
    "queue_not_empty": ["1 expected outputs did not come", "packet 1"],
    "extra_output": ["packet 2 is one more than expected"],
    "late_result": ["packet 1: its result came"],
    "hard_to_round_everywhere": ["packet 0: marked hard to round far from any border"],
    "broken_stream_rule/fault=withdrawn": ["stream i, cycle", "0x1 was withdrawn"],
    "broken_stream_rule/fault=changed": ["stream i, cycle", "0x1 became 0x2"],
}


def test_planted_faults_are_caught(cocotb_designs, tmp_path):
    tests = cocotb_designs.toplevel("log_sum_exp", 1).design.run(
        "tb_planted_faults", tmp_path, lanes=1
    )
    assert {test.name for test in tests} == set(CAUGHT)
    for test in tests:
        for part in [*CAUGHT[test.name], "COCOTB_RANDOM_SEED="]:
            assert part in (test.failure or "passed"), f"{test.name}: {test.failure}"

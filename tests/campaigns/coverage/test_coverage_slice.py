"""A slice of the coverage campaign, and that it notices a planted fault."""

import pytest

from consilience.coverage.evidence_law import read_evidence
from examples.agent_traces.robustness.ratios import CALIBRATION
from tests.campaigns.coverage.trials import Case, compared

SLICE = (Case(60, 12), Case(60, 6, threshold_bits=7), Case(40, 2, arl=1_000, within=4))


@pytest.mark.parametrize("case", SLICE, ids=lambda case: case.words)
def test_predicted_and_simulated_verdicts_agree_at_every_tenth(case):
    rows = list(compared(CALIBRATION, case, read_evidence(CALIBRATION), 2_000, seed=3))
    tried = [one for one in rows if one.trials]
    assert all(one.agrees for one in tried), [one for one in tried if not one.agrees]
    assert not sum(one.wrong for one in tried)
    assert any(0.02 < one.chance.predicted < 0.98 for one in tried)  # not all is certain
    assert all(not one.chance.most for one in rows if not one.trials)


def test_a_prediction_with_one_liar_fewer_is_noticed():
    evidence = read_evidence(CALIBRATION)
    rows = compared(CALIBRATION, Case(60, 12), evidence, 2_000, seed=3, fewer=1)
    assert any(not one.agrees for one in rows if one.trials)

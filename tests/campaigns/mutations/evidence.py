"""Planted faults of robust fusion and of evidence: counts, readings, doubts, what is written."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["EVIDENCE"]

FOLDER = "host/consilience/evidence/"
TESTS = "tests/host/evidence/"
ROBUST = "host/consilience/robust/"
HISTOGRAM = "tests/host/robust/test_robust_histogram.py::"

EVIDENCE = (
    Mutation(
        "robust: 3 f reporters are enough for f liars",
        ROBUST + "robust_histogram.py",
        "if not 0 <= 3 * faulty < reporters:",
        "if not 0 <= 3 * faulty <= reporters:",
        HISTOGRAM + "test_robust_refuses[ratios0-1-128-0-^3 reporters cannot tolerate 1 faulty: "
        "n must exceed 3f$]",
    ),
    Mutation(
        "robust: ratios halfway between two bins go towards zero",
        ROBUST + "robust_counts.py",
        "(np.abs(ratios) + unit // 2) // unit",
        "(np.abs(ratios) + (unit - 1) // 2) // unit",
        HISTOGRAM + "test_cpu_equals_golden",
    ),
    Mutation(
        "robust: the trim takes one of the lowest too many",
        "host/consilience/kernels/read_kernels.py",
        "below = above = faulty\n",
        "below, above = faulty + 1, faulty\n",
        "tests/host/robust/test_robust_counts.py::test_many_histograms_at_once",
    ),
    Mutation(
        "robust: a circle of pairs is not looked for",
        ROBUST + "robust_query.py",
        "    if _has_circle(decisions, hypotheses):\n",
        "    if _has_circle(decisions, 1):\n",
        HISTOGRAM + "test_a_circle_of_pairs_is_undecided",
    ),
    Mutation(
        "calibration: another set than the one asked for is taken",
        ROBUST + "calibration.py",
        "if expected not in (None, stored):",
        "if not stored:",
        "tests/host/robust/test_calibration.py::test_another_set_is_refused",
    ),
    Mutation(
        "csv: a number that overflows is impossible",
        FOLDER + "csv_file.py",
        "            values = pc.if_else(wrong, signed, values)\n",
        "            pass\n",
        TESTS + "test_evidence_reading.py::test_a_number_that_overflows_was_impossible[-1e400-1]",
    ),
    Mutation(
        "parquet: checksums of pages are not compared",
        FOLDER + "parquet_file.py",
        "page_checksum_verification=True",
        "page_checksum_verification=False",
        TESTS + "test_evidence_reading.py::test_pages_with_a_wrong_checksum_were_read",
    ),
    Mutation(
        "validation: an infinite likelihood is evidence",
        FOLDER + "validation.py",
        "bad = np.isnan(column) | (column == np.inf)",
        "bad = np.isnan(column)",
        TESTS + "test_evidence_validation.py::test_values_that_are_no_evidence"
        "[values1-row 102, column 'a': positive infinity]",
    ),
    Mutation(
        "plausibility: probabilities are not doubted",
        FOLDER + "plausibility.py",
        "if lowest >= 0 and 0 < highest <= 1:",
        "if lowest > 0 and highest > 1:",
        TESTS + "test_plausibility.py::"
        "test_what_is_probably_something_else_was_taken_in_silence[probabilities]",
    ),
    Mutation(
        "decisions: the first of equals wins in silence",
        "host/consilience/verdicts/decisions.py",
        "(codes == top).sum(axis=1) > 1",
        "(codes == top).sum(axis=1) > 9",
        TESTS + "test_fusing.py::test_impossible_clamped_saturated_and_ties",
    ),
    Mutation(
        "decisions: equal costs are decided by binary64",
        "host/consilience/verdicts/decisions.py",
        "_MARGIN = 1e-9",
        "_MARGIN = -1.0",
        "tests/host/verdicts/test_decisions.py::"
        "test_a_code_beside_equality_decides_and_equality_is_a_tie",
    ),
    Mutation(
        "probabilities: the units that are left go to nobody",
        "host/consilience/verdicts/probabilities.py",
        "np.flatnonzero(left > 0)",
        "np.flatnonzero(left > 99)",
        "tests/host/verdicts/test_probabilities.py::"
        "test_the_largest_remainders_get_the_units_that_are_left",
    ),
    Mutation(
        "exact totals: what is taken out borrows nothing",
        "host/consilience/verdicts/exact_totals.py",
        "self.high - other.high + (low >> LOW_BITS)",
        "self.high - other.high",
        "tests/host/explain/test_explanation.py::"
        "test_each_step_out_is_bit_for_bit_what_the_others_give",
    ),
    Mutation(
        "reporters: who is judged is among those it is judged by",
        "host/consilience/reporters/robust_agents.py",
        "sums.trimmed[reports.agent] - left_out",
        "sums.trimmed[reports.agent]",
        "tests/host/reporters/test_judging.py::test_each_reporter_is_left_out_exactly",
    ),
    Mutation(
        "reporters: one too few would decide",
        "host/consilience/reporters/robust_agents.py",
        "found.append(count + lack * kept // step + 1)",
        "found.append(count + lack * kept // step)",
        "tests/host/reporters/test_judging.py::"
        "test_so_many_reporters_of_the_same_mean_decide_and_one_fewer_does_not",
    ),
    Mutation(
        "robust histogram, gateware: what is beyond the clip is taken modulo",
        "hw/consilience_hw/fusion/ratio_bin.py",
        "magnitude = Mux(quotient[-1], CLIP_BIN, quotient[:-1])",
        "magnitude = quotient[:-1]",
        "tests/hw/fusion/test_robust_histogram.py::"
        "test_the_log_of_zero_clips_at_every_unit_without_a_rule_of_its_own[1]",
    ),
)

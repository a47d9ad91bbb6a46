"""Planted faults of where increments come from: bounds on the wrong side, costs forgotten."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["MONITOR_SOURCES"]

FOLDER = "host/consilience/monitor/"
TESTS = "tests/host/monitor/"
MODEL = (
    TESTS + "test_model_increments.py::"
    "test_increments_are_those_of_the_golden_model_and_pay_at_most_one"
)
TABLE = TESTS + "test_frozen_table.py::test_tables_are_those_of_the_golden_model"
LIARS = TESTS + "test_lying_reports.py::"
INDEPENDENT = LIARS + "test_independent_reports_pay_at_most_one_whatever_liars_say"
DEPENDENT = LIARS + "test_dependent_reports_pay_at_most_one_whatever_liars_say"

MONITOR_SOURCES = (
    Mutation(
        "directed conversion: down is to nearest",
        "host/consilience/numbers/convert.py",
        'whole_ulps(np.ravel(values), np.ravel(rounded), rounding == "up")',
        "np.rint(np.ravel(rounded) * LOG2_E * ONE).astype(np.int64)",
        "tests/host/numbers/test_directed.py::test_codes_enclose_the_logarithm",
    ),
    Mutation(
        "directed conversion: binary64 decides at a border",
        "host/consilience/numbers/directed.py",
        "_ERROR = 2.0**-50\n",
        "_ERROR = 0.0\n",
        "tests/host/numbers/test_directed.py::test_what_binary64_cannot_decide_is_decided",
    ),
    Mutation(
        "frozen: limits are lower ones",
        FOLDER + "frozen_table.py",
        "    beyond = fields.delta / len(hits)\n",
        "    beyond = 1 - fields.delta / len(hits)\n",
        TABLE,
    ),
    Mutation(
        "frozen: delta is not shared among the bins",
        FOLDER + "frozen_table.py",
        "    beyond = fields.delta / len(hits)\n",
        "    beyond = fields.delta\n",
        TABLE,
    ),
    Mutation(
        "frozen: a guessed limit is not proved",
        FOLDER + "binomial_limits.py",
        "    high = _guess(hits, trials, float(beyond))\n",
        "    return _guess(hits, trials, float(beyond))\n",
        TESTS + "test_binomial_limits.py::test_a_wrong_guess_is_moved",
    ),
    Mutation(
        "frozen: limits in bytes are believed",
        FOLDER + "frozen_bytes.py",
        "    _prove(fields)\n",
        "",
        TESTS + "test_frozen_table.py::test_no_cut_or_flipped_bytes_pass_for_others",
    ),
    Mutation(
        "model: c0 is rounded to nearest",
        FOLDER + "model_increments.py",
        'to_codes(base, "up")',
        "to_codes(base)",
        MODEL,
    ),
    Mutation(
        "model: the certificate leaves out the end of the run",
        FOLDER + "model_increments.py",
        "        code = LogSum.of(row).code\n",
        "        code = LogSum.of(row[:-1]).code\n",
        TESTS + "test_model_increments.py::test_the_end_of_a_run_is_part_of_the_certificate",
    ),
    Mutation(
        "model: what was never seen speaks against the agent",
        FOLDER + "model_increments.py",
        "    increments[:, unseen] = np.minimum(increments[:, unseen], 0)\n",
        "",
        MODEL,
    ),
    Mutation(
        "model: a run ends without its end",
        FOLDER + "model_increments.py",
        "np.append(columns, self.end)",
        "np.append(columns, self.unseen)",
        TESTS + "test_model_increments.py::test_runs_end_with_their_end",
    ),
    Mutation(
        "liars: bins are to nearest",
        FOLDER + "lying_reports.py",
        "values.astype(np.int64) // unit",
        "(values.astype(np.int64) + unit // 2) // unit",
        LIARS + "test_increments_are_those_of_the_golden_model",
    ),
    Mutation(
        "liars: the choice of liars after the fact is not paid for",
        FOLDER + "lying_reports.py",
        "        cost += ceil_log2(comb(enrolled, faulty))\n",
        "        pass\n",
        INDEPENDENT,
    ),
    Mutation(
        "liars: what may lie keeps its positive bins",
        FOLDER + "lying_reports.py",
        "(may_lie & (ascending > 0))",
        "(may_lie & (ascending < 0))",
        INDEPENDENT,
    ),
    Mutation(
        "liars: the clip costs nothing",
        FOLDER + "lying_reports.py",
        "    cost = enrolled * cost_of_clip(clip)\n",
        "    cost = 0\n",
        LIARS + "test_increments_are_those_of_the_golden_model",
    ),
    Mutation(
        "liars: one more dependent report is kept than are honest for certain",
        FOLDER + "lying_reports.py",
        "ascending[:, : enrolled - faulty]",
        "ascending[:, : enrolled - faulty + 1]",
        DEPENDENT,
    ),
    Mutation(
        "liars: dependent reports are added, not averaged",
        FOLDER + "lying_reports.py",
        "    found = _cut(totals.astype(np.int64) - ceil_log2(enrolled))\n",
        "    found = _cut(totals.astype(np.int64))\n",
        DEPENDENT,
    ),
)

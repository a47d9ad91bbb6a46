"""Planted faults of the golden model."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["GOLDEN"]

MODEL = "sim/consilience_sim/golden/"
TESTS = "tests/sim/golden/"

GOLDEN = (
    Mutation(
        "mantissas are cut, not rounded",
        MODEL + "mantissas.py",
        "(power + (1 << shift - 1)) >> shift",
        "power >> shift",
        TESTS + "test_mantissas.py::test_every_mantissa_is_the_nearest_integer[Q8.6]",
    ),
    Mutation(
        "terms are rounded at the window's border, not cut",
        MODEL + "log_sum.py",
        "mantissa >> -shift",
        "(mantissa >> -shift - 1) + 1 >> 1",
        TESTS + "test_log_sum.py::test_terms_are_cut_and_not_rounded",
    ),
    Mutation(
        "the top is that of the lowest code",
        MODEL + "log_sum.py",
        "top = (max(finite) >> fmt.fraction_bits)",
        "top = (min(finite) >> fmt.fraction_bits)",
        TESTS + "test_log_sum.py::test_what_is_below_the_cut_counts_for_nothing",
    ),
    Mutation(
        "vectorised: the carry between the halves of a sum is lost",
        MODEL + "log_sum.py",
        "starts) + (low >> np.uint64(32))",
        "starts)",
        TESTS + "test_log_sum.py::test_the_vectorised_model_at_rounding_borders",
    ),
    Mutation(
        "the capacity itself is over it",
        MODEL + "log_sum.py",
        "len(finite) > fmt.capacity",
        "len(finite) >= fmt.capacity",
        TESTS + "test_log_sum.py::test_the_capacity_itself_is_not_over_it",
    ),
    Mutation(
        "a border that is met counts as passed",
        MODEL + "borders.py",
        "bisect_left(borders(fmt.fraction_bits), normalised)",
        "bisect_left(borders(fmt.fraction_bits), normalised + 1)",
        TESTS + "test_borders.py::test_a_sum_that_is_the_integer_part_of_a_border",
    ),
    Mutation(
        "window: slots are numbered from one bin too high",
        MODEL + "window.py",
        "slots[(top - fmt.window_bins + rank) % fmt.slots] += part",
        "slots[(top - fmt.window_bins + rank + 1) % fmt.slots] += part",
        TESTS + "test_window.py::test_merges_in_any_tree",
    ),
    Mutation(
        "window: a merge keeps one bin too many",
        MODEL + "window.py",
        "range(top - fmt.window_bins, state.top + 1)",
        "range(top - fmt.window_bins - 1, state.top + 1)",
        TESTS + "test_window.py::test_merges_in_any_tree",
    ),
    Mutation(
        "posterior: ties are rounded to odd",
        MODEL + "posterior.py",
        "2 * remainder == ONE and quotient % 2",
        "2 * remainder == ONE and not quotient % 2",
        TESTS + "test_posterior.py::test_ties_clamps_and_impossible_ones",
    ),
    Mutation(
        "posterior: weight 0 with a log of zero makes impossible",
        MODEL + "posterior.py",
        "for code, weight in column if weight]",
        "for code, weight in column if weight or code == fmt.log_of_zero]",
        TESTS + "test_posterior.py::test_ties_clamps_and_impossible_ones",
    ),
)

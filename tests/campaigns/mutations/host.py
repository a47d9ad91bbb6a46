"""Planted faults of the host: conversion, exact states, kernels, files."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["HOST"]

EXACT = "host/consilience/exact/"
LOG_SUM = "tests/host/exact/test_log_sum.py::"
WINDOW = "tests/host/exact/test_window_sum.py::"
SUM_KERNELS = "host/consilience/kernels/sum_kernels.py"
KERNELS = "tests/host/kernels/test_sum_kernels.py::"
POSTERIORS = "tests/host/kernels/test_posterior_kernels.py::"

HOST = (
    Mutation(
        "to_codes: ties go up",
        "host/consilience/kernels/quantising.py",
        "np.rint((value * bits_per_unit) * ONE)",
        "np.floor((value * bits_per_unit) * ONE + 0.5)",
        "tests/host/numbers/test_convert.py::test_ties_go_to_even",
    ),
    Mutation(
        "to_codes: saturates one code too early",
        "host/consilience/kernels/quantising.py",
        "LARGEST = float(Q16_16.max_code)",
        "LARGEST = float(Q16_16.max_code - 1)",
        "tests/host/numbers/test_convert.py::test_special_values_and_saturation[True]",
    ),
    Mutation(
        "log_sum: a removal is not checked against the counts",
        EXACT + "state.py",
        "        if gone.finite > held.finite or gone.zeros > held.zeros:\n",
        "        if gone.finite < 0:\n",
        LOG_SUM + "test_removing_what_is_not_there_is_refused_and_changes_nothing[codes2-gone2]",
    ),
    Mutation(
        "log_sum: what a removal leaves is not checked",
        EXACT + "log_sum.py",
        "        left.check(windowed=False)\n",
        "",
        LOG_SUM + "test_removing_what_is_not_there_is_refused_and_changes_nothing[codes4-gone4]",
    ),
    Mutation(
        "bins: the cut of the result is one bin too high",
        EXACT + "bins.py",
        "window = self.above(top - self.fmt.window_bins)",
        "window = self.above(top - self.fmt.window_bins + 1)",
        LOG_SUM + "test_the_lowest_bin_of_the_window_decides",
    ),
    Mutation(
        "state: a merge forgets the logs of zero",
        EXACT + "state.py",
        "return self._take(other._held)",
        "return self._take(other._held._replace(zeros=0))",
        LOG_SUM + "test_any_order_and_tree_gives_the_same_bytes",
    ),
    Mutation(
        "state: the capacity itself is over it",
        EXACT + "state.py",
        "finite > self._fmt.capacity",
        "finite >= self._fmt.capacity",
        LOG_SUM + "test_capacity_is_sticky",
    ),
    Mutation(
        "window_sum: it keeps one bin too few",
        EXACT + "window_sum.py",
        "bins.above(top - bins.fmt.window_bins)",
        "bins.above(top - bins.fmt.window_bins + 1)",
        WINDOW + "test_the_lowest_bin_is_kept_and_none_below",
    ),
    Mutation(
        "window_sum: a removal of the top needs no rescan",
        EXACT + "window_sum.py",
        "count > 0 and left.top != top",
        "count > 0 and left.top is None",
        WINDOW + "test_a_removal_of_the_top_that_leaves_bins_of_the_window",
    ),
    Mutation(
        "state_bytes: terms are big-endian",
        EXACT + "state_bytes.py",
        '("terms", "<u8")',
        '("terms", ">u8")',
        LOG_SUM + "test_bytes_are_as_documented",
    ),
    Mutation(
        "state_bytes: logs of zero count as finite codes",
        EXACT + "state_bytes.py",
        "        held.finite,\n",
        "        held.finite + held.zeros,\n",
        LOG_SUM + "test_bytes_are_as_documented",
    ),
    Mutation(
        "state_bytes: trailing bytes are accepted",
        EXACT + "state_bytes.py",
        "    if len(data) < _HEADER.size:\n",
        "    data = data[: len(data) - (len(data) - _HEADER.size) % _record(fmt).itemsize]\n"
        "    if len(data) < _HEADER.size:\n",
        LOG_SUM + "test_bytes_that_are_no_state_are_refused",
    ),
    Mutation(
        "rounding: borders are off by one unit",
        EXACT + "rounding.py",
        "borders.append(border)",
        "borders.append(border + 1)",
        "tests/host/exact/test_rounding.py::test_borders_are_the_integer_parts[Q8.6]",
    ),
    Mutation(
        "rounding: a border that is met counts as passed",
        EXACT + "rounding.py",
        "bisect_left(rounding_borders(fmt), normalised)",
        "bisect_left(rounding_borders(fmt), normalised + 1)",
        "tests/host/exact/test_rounding.py::test_the_widest_sums_at_a_border[Q8.6]",
    ),
    Mutation(
        "kernels: terms are shifted by one too much",
        SUM_KERNELS,
        "highest = np.int32(8 * top + 7)",
        "highest = np.int32(8 * top + 6)",
        KERNELS + "test_sums_equal_the_golden_model[interpreted]",
    ),
    Mutation(
        "kernels: terms of a single unit are dropped",
        SUM_KERNELS,
        "(below < np.uint32(64))",
        "(below < np.uint32(63))",
        KERNELS + "test_single_units_count_and_less_does_not[interpreted]",
    ),
    Mutation(
        "kernels: what was added under a lower top is not added once more",
        SUM_KERNELS,
        "start, stop, rise = 0, rise, 0",
        "start, stop, rise = _CHUNK, rise, 0",
        KERNELS + "test_a_top_that_rises_from_chunk_to_chunk[interpreted-one-late]",
    ),
    Mutation(
        "kernels: a coefficient of the mantissas is off",
        "host/consilience/kernels/vector_terms.py",
        "0x1.f830fdb9b33ebp-124",
        "0x1.f930fdb9b33ebp-124",
        "tests/host/kernels/test_vector_terms.py::"
        "test_every_value_keeps_its_distance_from_the_borders",
    ),
    Mutation(
        "kernels: a share of the columns begins at the first of all",
        "host/consilience/kernels/column_kernels.py",
        "left = first + start",
        "left = start",
        "tests/host/kernels/test_column_kernels.py::"
        "test_tables_of_every_shape[interpreted-shape2-float64]",
    ),
    Mutation(
        "kernels: the prior counts twice",
        "host/consilience/kernels/posterior_kernels.py",
        "            high[h] = prior[h]\n",
        "            high[h] = 2 * prior[h]\n",
        POSTERIORS + "test_posteriors_equal_the_golden_model[interpreted-True]",
    ),
    Mutation(
        "atomic file: what a killed process left stays",
        "host/consilience/evidence/atomic_file.py",
        "                found.unlink()\n",
        "                pass\n",
        "tests/host/evidence/test_atomic_file.py::"
        "test_what_a_killed_process_left_is_removed_and_nothing_else",
    ),
    Mutation(
        "device: weights are not sorted with their rows",
        "host/consilience/devices/device.py",
        "None if weights is None else weights.take(found.order)",
        "weights",
        "tests/host/devices/test_device.py::test_posterior_groups_rows_by_agent[False-True]",
    ),
)

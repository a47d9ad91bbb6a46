"""Planted faults of monitors: roundings and histories that favour an alarm, lost counts."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["MONITOR"]

FOLDER = "host/consilience/monitor/"
KERNELS = "host/consilience/kernels/monitor_kernels.py"
TESTS = "tests/host/monitor/"
GOLDEN = TESTS + "test_monitor.py::test_statistics_alarms_and_state_are_those_of_the_golden_model"
RANKS = TESTS + "test_conformal_ranks.py::test_increments_are_those_of_the_golden_model"
ORDER = TESTS + "test_validity.py::test_slow_bad_runs_do_not_alarm_in_order_of_starts"
HONEST = TESTS + (
    "test_reported_runs.py::"
    "test_no_lie_and_no_silence_makes_a_statistic_higher_than_the_honest_median_does[9-2]"
)
RANKED = (
    "            due.append(Rankable(one, *self.past.above_and_at(one.score), self.past.total))\n"
)
JOINED = "            self.past.add(one.joins_as)\n"

MONITOR = (
    Mutation(
        "monitor: T is rounded to nearest",
        KERNELS,
        "low * (_LOW + 1 - low)) >> 32)",
        "low * (_LOW + 1 - low) + (1 << 31)) >> 32)",
        GOLDEN,
    ),
    Mutation(
        "monitor: G is one up",
        KERNELS,
        "low * (_LOW + 1 - low)) >> 32)",
        "low * (_LOW + 1 - low)) >> 32) + 1",
        GOLDEN,
    ),
    Mutation(
        "monitor: an alarm that renews leaves the components",
        KERNELS,
        "                        after[k] = first\n",
        "                        after[k] = after[k]\n",
        GOLDEN,
    ),
    Mutation(
        "monitor: a late observation is not marked as seen, and taken twice",
        KERNELS,
        "    record[STATE_WINDOW] |= np.int64(1) << (below - 1)\n",
        "",
        GOLDEN,
    ),
    Mutation(
        "monitor: a shift by 64 keeps the whole window",
        KERNELS,
        "        if below <= 0 and below >= -WINDOW:\n",
        "        if below <= 0 and below > -WINDOW:\n",
        TESTS + "test_monitor.py::test_the_number_64_below_the_highest_is_still_known",
    ),
    Mutation(
        "monitor: a provisional update is written",
        KERNELS,
        "        if commit and taken:\n",
        "        if taken:\n",
        GOLDEN,
    ),
    Mutation(
        "monitor: shares of the weights are rounded down",
        FOLDER + "promises.py",
        "    total = sum(_share_above(one) for one in codes)\n",
        "    total = sum(_share_above(one) - 1 for one in codes)\n",
        TESTS + "test_promises.py::test_a_share_however_small_counts",
    ),
    Mutation(
        "monitor: a threshold is the code below the promise",
        FOLDER + "promises.py",
        "    code = ceil_log2(wanted.numerator, wanted.denominator)\n",
        "    code = -ceil_log2(wanted.denominator, wanted.numerator)\n",
        TESTS + "test_promises.py::test_a_threshold_is_the_least_code",
    ),
    Mutation(
        "fleet: restart does not pay for its observations",
        FOLDER + "fleet.py",
        "        values -= np.array(",
        "        values -= 0 * np.array(",
        TESTS
        + "test_fleet.py::test_restart_pays_for_its_observations_and_a_renewed_agent_is_nothing",
    ),
    Mutation(
        "fleet: a border that is met exactly names nobody",
        FOLDER + "fleet.py",
        "falling[place] >= _border(fleet, place + 1)",
        "falling[place] > _border(fleet, place + 1)",
        TESTS + "test_fleet.py::test_a_border_that_is_met_exactly_names",
    ),
    Mutation(
        "ranks: a score joins the history before it is ranked",
        FOLDER + "history.py",
        RANKED + JOINED,
        JOINED + RANKED,
        RANKS,
    ),
    Mutation(
        "ranks: ties count half",
        FOLDER + "run_ranking.py",
        "(self._chance.of(run.agent, run.ordinal) * (1 + one.at) >> 64)",
        "(1 + one.at) // 2",
        RANKS,
    ),
    Mutation(
        "ranks: a run is due when it ends, whatever started before it",
        FOLDER + "history.py",
        "            one = self.open.pop(0)\n",
        "            one = self.open.pop()\n",
        RANKS,
    ),
    Mutation(
        "ranks: a run that was cut for suspicion joins with its score",
        FOLDER + "history.py",
        "        if self.suspected:\n            return INFINITE\n",
        "",
        RANKS,
    ),
    Mutation(
        "ranks: a score after the deadline counts",
        FOLDER + "run_ranking.py",
        "        if open_run is not None and not history.is_over(open_run, at):\n"
        "            open_run.score, open_run.at_most = max(open_run.score, score), at_most\n"
        "        return",
        "        if open_run is not None:\n"
        "            open_run.score, open_run.at_most = max(open_run.score, score), at_most\n"
        "        return",
        RANKS,
    ),
    Mutation(
        "ranks: an increment is rounded up",
        "host/consilience/numbers/exact_logarithms.py",
        "        if low >> one >= 2:\n",
        "        if high >> one >= 2:\n",
        "tests/host/numbers/test_exact_logarithms.py::test_beside_a_border_more_precision_decides",
    ),
    Mutation(
        "watch folder: alarms that the state does not know stay",
        FOLDER + "watch_folder.py",
        "        os.ftruncate(self._alarms, kept)\n",
        "",
        "tests/host/monitor/test_watch_folder.py::test_alarms_since_the_state_are_said_again",
    ),
    Mutation(
        "stream: lines are judged before they are on the disk",
        FOLDER + "stream_lines.py",
        "                self._keep(lines)\n",
        "                pass\n",
        "tests/host/cli/test_monitor_state.py::"
        "test_a_stream_that_is_cut_by_kills_counts_every_line_once",
    ),
    Mutation(
        "watch: a run that has ended counts again",
        FOLDER + "watching.py",
        "        if self._is_again(seen) or self._is_repeated(seen):\n",
        "        if self._is_repeated(seen):\n",
        "tests/host/cli/test_monitor_repeats.py::test_a_file_given_twice_counts_once",
    ),
    Mutation(
        "file: one that was written anew is read on from the middle of a line",
        FOLDER + "file_lines.py",
        "            if not self._marks.fit(self._file):\n",
        "            if False:\n",
        TESTS + "test_file_lines.py::test_a_file_written_anew_and_longer_ends_the_watch",
    ),
    Mutation(
        "watch: a fleet may shrink",
        FOLDER + "settings.py",
        '    if whole_number(enrolled, "enrolled") < before:\n',
        "    if False:\n",
        TESTS + "test_fleet.py::test_a_fleet_grows_before_a_reading",
    ),
    Mutation(
        "watch: runs of a frozen table keep a history",
        FOLDER + "frozen_ranking.py",
        "        return _NoScores()\n",
        "        return past\n",
        TESTS + "test_frozen_ranking.py::test_no_score_is_kept",
    ),
    Mutation(
        "reports: a run stands in the history with the lower end",
        FOLDER + "history.py",
        "        return self.score if self.at_most is None else max(self.score, self.at_most)\n",
        "        return self.score\n",
        TESTS
        + "test_reported_runs.py::test_an_open_run_with_bounds_keeps_them_in_the_bytes_of_ranks",
    ),
    Mutation(
        "reports: a liar moves the lower end by no place",
        FOLDER + "reported_runs.py",
        "    low = median - f - (0 if closed else silent)\n",
        "    low = median - (0 if closed else silent)\n",
        HONEST,
    ),
    Mutation(
        "reports: a silent reporter is no liar of the upper end",
        FOLDER + "reported_runs.py",
        "    high = median + f - (silent if closed else 0)\n",
        "    high = median + f - silent\n",
        TESTS + "test_reported_runs.py::test_bounds_of_a_run_that_is_open_hold_whatever_comes",
    ),
    Mutation(
        "reports: who says the opposite is compared with a median that it is in",
        FOLDER + "contradictions.py",
        "            others = [one for one in both if one != name]\n",
        "            others = list(both)\n",
        TESTS + "test_reported_runs.py::test_a_reporter_is_compared_with_the_others_alone",
    ),
    Mutation(
        "moving runs: what is kept begins after the first run",
        FOLDER + "moving_runs.py",
        "        kept.runs.append((run, tuple(increments)))\n",
        "        kept.runs += [(run, tuple(increments))] if kept.runs else []\n",
        TESTS + "test_moving_runs.py::"
        "test_without_a_run_the_statistic_is_that_of_all_others[restart]",
    ),
    Mutation(
        "moving runs: what is forgotten does not go into the state before",
        FOLDER + "moving_runs.py",
        "        kept.components = tuple(stepped.components[0].tolist())\n",
        "",
        TESTS + "test_moving_runs.py::"
        "test_what_is_kept_is_bounded_goes_on_from_json_and_is_dropped",
    ),
)

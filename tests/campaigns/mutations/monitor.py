"""Planted faults of monitors: roundings and histories that favour an alarm, lost counts."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["MONITOR"]

FOLDER = "host/consilience/monitor/"
KERNELS = "host/consilience/kernels/monitor_kernels.py"
TESTS = "tests/host/monitor/"
GOLDEN = TESTS + "test_monitor.py::test_statistics_alarms_and_state_are_those_of_the_golden_model"
RANKS = TESTS + "test_conformal_ranks.py::test_increments_are_those_of_the_golden_model"
ORDER = TESTS + "test_validity.py::test_slow_bad_runs_do_not_alarm_in_order_of_starts"
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
        "        return INFINITE if self.suspected else self.score\n",
        "        return self.score\n",
        RANKS,
    ),
    Mutation(
        "ranks: a score after the deadline counts",
        FOLDER + "run_ranking.py",
        "        if open_run is not None and not history.is_over(open_run, at):\n"
        "            open_run.score = max(open_run.score, score)\n"
        "        return",
        "        if open_run is not None:\n"
        "            open_run.score = max(open_run.score, score)\n"
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
        "        if again or self._is_repeated(seen):\n",
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
)

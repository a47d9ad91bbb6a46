"""Planted faults of the distributed code: what is held, from whom, and how much it is worth."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["DISTRIBUTED"]

FOLDER = "host/consilience/distributed/"
TESTS = "tests/host/distributed/"
COLLECTOR = TESTS + "totals/test_shard_collector.py::"
EPOCHS = TESTS + "epochs/"
RULE = FOLDER + "reads/fusion_rule.py"
RULES = TESTS + "reads/test_fusion_rule.py::"

DISTRIBUTED = (
    Mutation(
        "own shard: a report is in the state before it is in the log",
        FOLDER + "reads/own_shard.py",
        "            fresh = self._log.accept(self._epoch, seq, bytes(report))\n",
        "            at = self._change([report])\n"
        "            fresh = self._log.accept(self._epoch, seq, bytes(report))\n",
        TESTS + "reads/test_read_node.py::test_a_report_was_in_the_state_before_it_was_in_the_log",
    ),
    Mutation(
        "publisher: a part is in the state before it is in the log",
        FOLDER + "totals/shard_publisher.py",
        "            count = seq + 1\n",
        "            count = seq + 1\n            self.sums.merge(part)\n",
        TESTS + "totals/test_shard_publisher.py::"
        "test_a_part_was_in_the_state_before_it_was_in_the_log",
    ),
    Mutation(
        "store: a state is compared by its version alone",
        FOLDER + "shard_store.py",
        "return Standing.SAME if digest == held.digest else Standing.CONFLICT",
        "return Standing.SAME",
        TESTS + "test_shard_store.py::test_a_state_against_the_one_held"
        "[order3-b-Standing.CONFLICT]",
    ),
    Mutation(
        "store: a state of the version held replaces it",
        FOLDER + "shard_store.py",
        "held is None or order > held.order:",
        "held is None or order >= held.order:",
        TESTS + "test_shard_store.py::test_a_state_against_the_one_held[order2-a-Standing.SAME]",
    ),
    Mutation(
        "collector: arriving pieces are compared by their version alone",
        FOLDER + "totals/shard_collector.py",
        "if (piece.order, piece.digest) != (order, digest):",
        "if piece.order != order:",
        COLLECTOR + "test_pieces_of_two_states_of_one_version_were_joined_to_one",
    ),
    Mutation(
        "state message: its digest is not compared",
        FOLDER + "state_message.py",
        " or message.digest != pieces[0].digest:",
        ":",
        COLLECTOR + "test_whole_pieces_of_a_state_that_is_not_their_digests_are_damaged",
    ),
    Mutation(
        "merged states: a state that is replaced stays in the sum",
        FOLDER + "reads/merged_states.py",
        "            self._counts += state.state.histogram.counts - before.histogram.counts\n",
        "            self._counts += state.state.histogram.counts\n",
        TESTS + "reads/test_merged_states.py::test_a_view_is_the_sum_of_what_is_held",
    ),
    Mutation(
        "fusion rule: 3 f reporters are enough for f liars, in its file",
        RULE,
        'if sum(enrolled) <= 3 * given["faulty"]:',
        'if sum(enrolled) < 3 * given["faulty"]:',
        RULES + "test_refused[fields10-6 reporters cannot tolerate 2 faulty: n must exceed 3f$]",
    ),
    Mutation(
        "fusion rule: 3 f reporters are enough for f liars, in a read",
        RULE,
        "if total.histogram.count <= 3 * self.faulty:",
        "if total.histogram.count < 3 * self.faulty:",
        RULES + "test_with_exactly_3f_reporters_nothing_is_certified[6]",
    ),
    Mutation(
        "age bounds: an echo is not made shorter by the drift of clocks",
        FOLDER + "reads/age_bounds.py",
        "bounds.append(echo.elapsed_ns + _shortened(echo.held_us * _US_NS))",
        "bounds.append(echo.elapsed_ns + echo.held_us * _US_NS)",
        TESTS + "reads/test_age_bounds.py::test_an_echo_dates_and_steps_go_on_from_it",
    ),
    Mutation(
        "staleness: what may have changed unseen is half of it",
        "host/consilience/kernels/read_kernels.py",
        "ONE * 2 * clip * unseen",
        "ONE * clip * unseen",
        TESTS + "staleness/test_shard_arrays.py::test_the_same_integers_as_one_by_one",
    ),
    Mutation(
        "votes: f replicas are a quorum",
        FOLDER + "epochs/votes.py",
        "if len(agreeing) > roster.faulty:",
        "if len(agreeing) >= roster.faulty:",
        EPOCHS + "test_votes.py::test_no_quorum_no_result",
    ),
    Mutation(
        "votes: of a replica that votes twice the first vote counts",
        FOLDER + "epochs/votes.py",
        "        if len(cast[replica]) != 1:\n",
        "        if not cast[replica]:\n",
        EPOCHS + "test_votes.py::test_every_lie_has_a_name[<lambda>-Doubt.TWO_VOTES0-0]",
    ),
    Mutation(
        "closing: an offer is taken with one signature less than the round asks for",
        FOLDER + "epochs/closing.py",
        "len(signers) < self._round:",
        "len(signers) < self._round - 1:",
        EPOCHS + "test_closing.py::test_honest_replicas_agree_whatever_liars_do",
    ),
    Mutation(
        "closing: f rounds are enough",
        FOLDER + "epochs/closing.py",
        "return self._roster.faulty + 1",
        "return self._roster.faulty",
        EPOCHS + "test_closing.py::test_honest_replicas_agree_whatever_liars_do",
    ),
    Mutation(
        "votes: another roster counts as the own",
        FOLDER + "epochs/votes.py",
        "        if roster_hash == roster.hash:\n",
        "        if True:\n",
        EPOCHS + "test_votes.py::test_a_vote_under_another_roster_does_not_count_and_says_why",
    ),
    Mutation(
        "reports: the shard is not signed",
        FOLDER + "epochs/reports.py",
        "return Domain.REPORT + self._head() + block(self.payload)",
        "return Domain.REPORT + self._head()[24:] + block(self.payload)",
        EPOCHS + "test_reports.py::test_any_flipped_bit_breaks_the_signature",
    ),
    Mutation(
        "history: a late report is not put beside what counts",
        FOLDER + "epochs/history.py",
        "            if kept is not None:\n                found",
        "            if False:\n                found",
        EPOCHS + "test_replica.py::test_a_late_half_beside_what_counts_corrects_whoever_offers_it",
    ),
    Mutation(
        "collection: what comes while the epoch closes is accepted",
        FOLDER + "epochs/collection.py",
        "        if self.sealed:\n",
        "        if False:\n",
        EPOCHS + "test_replica.py::"
        "test_what_came_while_the_epoch_was_closing_was_accepted_and_dropped",
    ),
    Mutation(
        "owned files: a sticky folder of all is safe",
        FOLDER + "epochs/owned_files.py",
        "    if status.st_mode & _OTHERS_WRITE:\n",
        "    if status.st_mode & _OTHERS_WRITE and not status.st_mode & stat.S_ISVTX:\n",
        EPOCHS + "test_key_files.py::test_a_sticky_folder_of_all_was_taken_for_safe[1023]",
    ),
    Mutation(
        "durable replica: relays that were taken are forgotten",
        FOLDER + "epochs/durable_closing.py",
        "                append(RELAY + bytes(relay))\n",
        "                pass\n",
        EPOCHS + "test_durable_replica_faults.py::test_a_restart_between_any_two_steps",
    ),
    Mutation(
        "durable replica: what came while the epoch closed is forgotten",
        FOLDER + "epochs/durable_replica.py",
        "        if self._store.carried is not None:\n",
        "        if False:\n",
        EPOCHS + "test_durable_replica_faults.py::test_a_restart_between_any_two_steps",
    ),
    Mutation(
        "durable replica: recovery may offer twice in one epoch",
        FOLDER + "epochs/durable_replica.py",
        "        if after < self.epoch or (after == self.epoch and self.is_closing):\n",
        "        if after < self.epoch:\n",
        EPOCHS + "test_durable_replica.py::test_recovery_never_makes_a_second_offer",
    ),
    Mutation(
        "snapshots: signatures are not checked",
        FOLDER + "epochs/snapshots.py",
        "                if public is None or not signed.is_by(public):\n",
        "                if public is None:\n",
        EPOCHS + "test_snapshots.py::test_nothing_in_a_snapshot_can_be_another_than_voted_for",
    ),
    Mutation(
        "collection: the signature of a report is not checked",
        FOLDER + "epochs/collection.py",
        "return Admission.ACCEPTED if signed.is_by(public) else Admission.BAD_SIGNATURE",
        "return Admission.ACCEPTED",
        EPOCHS + "test_collection.py::test_refusals[BAD_SIGNATURE]",
    ),
    Mutation(
        "replica: a late proof takes nothing out again",
        FOLDER + "epochs/replica.py",
        "            apply_reports(self.state.remove, reports)\n",
        "            pass\n",
        EPOCHS + "test_replica.py::test_a_proof_that_comes_late_corrects_the_next_epoch",
    ),
)

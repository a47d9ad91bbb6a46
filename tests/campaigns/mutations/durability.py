"""Planted faults of what must outlive a crash: the write-ahead log, outputs, keys."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["DURABILITY"]

LOG = "host/consilience/distributed/write_ahead_log.py"
RECORDS = "host/consilience/evidence/record_file.py"
OWN_SHARD = "host/consilience/distributed/reads/own_shard.py"
PUBLISHER = "host/consilience/distributed/totals/shard_publisher.py"
ATOMIC = "host/consilience/evidence/atomic_file.py"
KEYS = "host/consilience/distributed/epochs/key_files.py"
SLICE = "tests/campaigns/crash/test_crash_slice.py::test_slice[{}]"
OF_LOG = SLICE.format("LogScenario")
OF_READS = SLICE.format("ReportsScenario")
OF_PARTS = SLICE.format("PartsScenario")
OF_RESULTS = SLICE.format("OutputScenario")
OF_KEYS = SLICE.format("KeysScenario")
FAULTS = "tests/host/distributed/test_write_ahead_log_faults.py::test_"

DURABILITY = (
    Mutation(
        "write-ahead log: a record is not synced",
        RECORDS,
        "            self._sync()\n            self.end += len(data)\n",
        "            self.end += len(data)\n",
        OF_LOG,
    ),
    Mutation(
        "write-ahead log: what was replayed is not synced",
        RECORDS,
        "        write_all(self._file, last, end - len(last))\n        self._sync()\n",
        "        write_all(self._file, last, end - len(last))\n",
        FAULTS + "a_frame_left_in_memory_by_a_killed_process_is_synced_before_it_counts",
    ),
    Mutation(
        "write-ahead log: what a failed sync has left in memory is taken for written",
        RECORDS,
        "        write_all(self._file, last, end - len(last))\n",
        "",
        FAULTS + "what_a_failed_sync_left_in_memory_was_taken_for_written",
    ),
    Mutation(
        "write-ahead log: the names of its folders are not synced",
        LOG,
        "            sync_path(directory)\n",
        "",
        OF_LOG,
    ),
    Mutation(
        "write-ahead log: only its own folder's names are synced",
        ATOMIC,
        "        folder = folder.parent\n        with",
        "        return\n        with",
        OF_LOG,
    ),
    Mutation(
        "write-ahead log: the incarnation is not synced",
        LOG,
        "            os.fsync(file)\n",
        "",
        OF_LOG,
    ),
    Mutation(
        "write-ahead log: the incarnation is written in place",
        LOG,
        'fresh = path.with_suffix(".new")',
        "fresh = path",
        OF_LOG,
    ),
    Mutation(
        "write-ahead log: a record that could not be written whole stays",
        RECORDS,
        "            os.ftruncate(self._file, self.end)\n            self._sync()\n",
        "            pass\n",
        FAULTS
        + "a_record_that_could_not_be_written_whole_is_rolled_back[some bytes, then no space]",
    ),
    Mutation(
        "write-ahead log: what an interrupted call has left is not undone before the next",
        RECORDS,
        "        if os.fstat(self._file).st_size != self.end:\n",
        "        if False:\n",
        FAULTS + "what_an_interrupted_rollback_leaves_is_undone_before_the_next_record",
    ),
    Mutation(
        "write-ahead log: the CRC does not cover the length",
        RECORDS,
        "        if zlib.crc32(head[: _LENGTH.size]) != length_check or length < self._least:\n"
        "                raise self.damaged(end)\n",
        "        if length < self._least:\n                raise self.damaged(end)\n",
        OF_LOG,
    ),
    Mutation(
        "write-ahead log: a damaged record is a torn end",
        RECORDS,
        "head[: _LENGTH.size] + record) != check:\n                raise self.damaged(end)\n",
        "head[: _LENGTH.size] + record) != check:\n                break\n",
        OF_LOG,
    ),
    Mutation(
        "write-ahead log: a record that is there twice is replayed twice",
        LOG,
        "            if key not in seen and key[0] == epoch:\n",
        "            if key[0] == epoch:\n",
        FAULTS + "what_was_resent_after_an_interruption_is_replayed_once",
    ),
    Mutation(
        "own shard: the state changes before the log has the report",
        OWN_SHARD,
        "            fresh = self._log.accept(self._epoch, seq, bytes(report))\n",
        "            self._change([report])\n"
        "            fresh = self._log.accept(self._epoch, seq, bytes(report))\n",
        OF_READS,
    ),
    Mutation(
        "own shard: an interrupted report is not looked up in the log",
        OWN_SHARD,
        "        if not self._in_step:\n            self._replay()\n",
        "",
        "tests/host/distributed/reads/test_read_node.py::"
        "test_an_interrupted_report_was_acknowledged_when_resent_and_in_no_state",
    ),
    Mutation(
        "publisher: a part is published before the log has it",
        PUBLISHER,
        "            count = seq + 1\n",
        "            count = seq + 1\n"
        "            if self._log is not None and self._log.frames(self._place[0]) < count:\n"
        "                self.sums.merge(part)\n"
        "                await self.publish()\n",
        OF_PARTS,
    ),
    Mutation(
        "atomic file: the content is not synced before it has its name",
        ATOMIC,
        "            os.fsync(self.file.fileno())\n",
        "",
        OF_RESULTS,
    ),
    Mutation(
        "atomic file: the new name is not synced",
        ATOMIC,
        "            sync_folder(self._target.parent)\n",
        "            pass\n",
        OF_RESULTS,
    ),
    Mutation(
        "keys: the name of their folder is not synced",
        KEYS,
        "    sync_path(private.parent)\n",
        "",
        OF_KEYS,
    ),
    Mutation(
        "keys: the public one has its name first",
        KEYS,
        "            own.commit()\n            everyones.commit()\n",
        "            everyones.commit()\n            own.commit()\n",
        OF_KEYS,
    ),
)

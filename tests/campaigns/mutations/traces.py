"""Planted faults of the readers of traces: orders, pairs, duplicates, doubts."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["TRACES"]

FOLDER = "host/consilience/traces/"
TESTS = "tests/host/traces/"
ANSWER = TESTS + "test_formats.py::test_a_file_is_read_to_its_answer"
TREE = TESTS + "test_span_tree.py::"
CARRIERS = TESTS + "test_carriers.py::"
LIBRARIES = TESTS + "test_written_by_libraries.py::test_runs_are_the_same_in_every_format"

TRACES = (
    Mutation(
        "spans: a report that came first counts, not the finished one",
        FOLDER + "span_tree.py",
        "            if other.weight < kept.weight:\n",
        "            if False:\n",
        TREE + "test_any_forest_reads_alike_in_any_order",
    ),
    Mutation(
        "spans: one call that two instrumentations report counts twice",
        FOLDER + "span_tree.py",
        "            if same is None:\n",
        "            if True:\n",
        ANSWER + "[spans_two_instrumentations.json.expected.json]",
    ),
    Mutation(
        "spans: equal starts go by the order in the file",
        FOLDER + "span_tree.py",
        "        for kept in sorted(tools, key=lambda kept: kept.order):\n",
        "        for kept in sorted(tools, key=lambda kept: kept.start):\n",
        TREE + "test_any_forest_reads_alike_in_any_order",
    ),
    Mutation(
        "spans: ids of zeros join strangers",
        FOLDER + "span_tree.py",
        'identity.strip("0") != "" and',
        "True and",
        TREE + "test_the_nearest_key_of_the_best_kind_names_the_conversation",
    ),
    Mutation(
        "spans: a thread of the operating system is a conversation",
        FOLDER + "conventions.py",
        '"network.", "thread.id")',
        '"network.")',
        ANSWER + "[spans_of_clickhouse.jsonl.expected.json]",
    ),
    Mutation(
        "pairing: a result goes to the first group that waits, not to the latest",
        FOLDER + "pairing.py",
        "range(len(self._groups) - 1, -1, -1)",
        "range(len(self._groups))",
        TESTS + "test_pairing.py::"
        "test_an_id_that_repeats_goes_to_the_latest_group_and_there_to_the_first",
    ),
    Mutation(
        "codex: a session that was taken up again counts its calls twice",
        FOLDER + "codex.py",
        '"call_id" in item and key in known',
        "False",
        ANSWER + "[codex.jsonl.expected.json]",
    ),
    Mutation(
        "parts: a tool that answered with an error has none",
        FOLDER + "message_parts.py",
        'step.has_result, step.error = True, state == "output-error"',
        "step.has_result, step.error = True, False",
        ANSWER + "[vercel_ui.json.expected.json]",
    ),
    Mutation(
        "zip: the checksum of a member is not compared",
        FOLDER + "zip_members.py",
        " or zlib.crc32(data) != member.CRC",
        "",
        CARRIERS + "test_an_archive_of_inspect_packed_with_zstandard",
    ),
    Mutation(
        "protobuf: only the first of many messages is read",
        FOLDER + "protobuf_frames.py",
        "        if len(frame) != length:\n            return\n",
        "        return\n",
        CARRIERS + "test_protobuf_written_by_hand_is_read",
    ),
    Mutation(
        "digest: results do not count",
        FOLDER + "steps.py",
        "[step.name, step.call_id, step.has_result] for",
        "[step.name, step.call_id] for",
        LIBRARIES + "[otlp_protobuf-otlp-protobuf]",
    ),
    Mutation(
        "detection: nobody says that a file may be of another format",
        FOLDER + "detection.py",
        "            if doubtful and one not in _GENERAL:\n",
        "            if False:\n",
        TESTS + "test_formats.py::test_a_file_that_may_be_of_two_formats_is_told",
    ),
    Mutation(
        "detection: tools that are named by numbers are believed",
        FOLDER + "detection.py",
        "            if step.name.isdecimal() or not step.name:\n",
        "            if not step.name:\n",
        TESTS + "test_wrong_files.py::test_wrong_files_are_refused_or_told[tau-bench]",
    ),
    Mutation(
        "tables: a row that is cut is read",
        FOLDER + "table_rows.py",
        "None in row or None in row.values()",
        "None in row",
        TESTS + "test_wrong_files.py::test_a_row_that_is_cut_is_refused",
    ),
)

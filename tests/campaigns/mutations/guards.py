"""Which tests guard which file of the host and of the golden model: they are to notice its mutants.

Both are written short: ``exact/bins`` is host/consilience/exact/bins.py as a file and
tests/host/exact/test_bins.py as a test. The tests that mirror the file come first, and the quick
ones: after the first that fails the others do not run.
"""

__all__ = ["GUARDS"]

STATES = "exact/log_sum exact/window_sum"
SESSION = "link/session link/session_faults"
READS = "distributed/reads/"
EPOCHS = "distributed/epochs/"
STALENESS = "distributed/staleness/"
TOTALS = "distributed/totals/"
EVIDENCE = "evidence/evidence_reading evidence/evidence_validation evidence/plausibility"
MONITOR = "monitor/monitor"
RANKS = "monitor/conformal_ranks"
FROZEN = "monitor/frozen_table"
WATCH = "monitor/watch_folder cli/monitor_state"
INPUT = "cli/monitor_command cli/monitor_input"
SOURCES = "monitor/source_file cli/monitor_sources"
VIEWS = "cli/monitor_views"
REPEATS = "monitor/ended_runs cli/monitor_repeats"
CRASH = "campaigns/crash/crash_slice"
READERS = "traces/formats traces/wrong_files traces/damaged_files"

HOST = {
    "numbers/convert": "numbers/convert numbers/directed",
    "numbers/directed": "numbers/directed",
    "numbers/float_log_sum": "logsumexp",
    "exact/bins": STATES,
    "exact/log_sum": STATES,
    "exact/rounding": f"exact/rounding {STATES}",
    "exact/state": STATES,
    "exact/state_bytes": STATES,
    "exact/window_sum": "exact/window_sum exact/log_sum",
    "kernels/sum_kernels": "kernels/sum_kernels kernels/live_kernels -k interpreted",
    "kernels/bin_kernels": "kernels/bin_kernels -k interpreted",
    "kernels/column_kernels": "kernels/column_kernels -k interpreted",
    "kernels/float_kernels": "kernels/float_kernels kernels/column_kernels -k interpreted",
    "kernels/quantising": "numbers/convert",
    "kernels/vector_terms": "kernels/sum_kernels -k interpreted",
    "kernels/posterior_kernels": "kernels/posterior_kernels -k interpreted",
    "kernels/read_kernels": "robust/robust_counts robust/robust_histogram "
    f"{READS}age_bounds {STALENESS}discount {STALENESS}shard_arrays",
    "kernels/monitor_kernels": f"{MONITOR} monitor/fleet",
    "numbers/exact_logarithms": "numbers/exact_logarithms",
    "monitor/again": f"{REPEATS} cli/monitor_sources",
    "monitor/agent_index": f"{MONITOR} {RANKS}",
    "monitor/agent_records": MONITOR,
    "monitor/agent_states": f"{MONITOR} monitor/fleet monitor/monitor_bytes",
    "monitor/alarm_lines": f"cli/monitor_command {SOURCES}",
    "monitor/bin_terms": FROZEN,
    "monitor/binomial_limits": f"monitor/binomial_limits {FROZEN}",
    "monitor/conformal_ranks": RANKS,
    "monitor/budget": VIEWS,
    "monitor/byte_parts": f"{RANKS} {FROZEN} monitor/monitor_bytes",
    "monitor/ended_runs": REPEATS,
    "monitor/fleet": "monitor/fleet",
    "monitor/fleet_readings": f"{VIEWS} cli/monitor_command",
    "monitor/frozen_bytes": FROZEN,
    "monitor/frozen_ranking": "monitor/frozen_ranking cli/monitor_sources",
    "monitor/frozen_table": FROZEN,
    "monitor/growth": VIEWS,
    "monitor/histories": f"{RANKS} {INPUT} cli/monitor_repeats",
    "monitor/history": f"{RANKS} monitor/validity",
    "monitor/file_lines": "monitor/file_lines",
    "monitor/file_marks": "monitor/file_lines",
    "monitor/line_fields": f"{INPUT} cli/monitor_sources",
    "monitor/line_names": "cli/monitor_names",
    "monitor/line_source": f"{WATCH} monitor/file_lines",
    "monitor/lying_reports": "monitor/lying_reports",
    "monitor/model_bytes": "monitor/model_increments",
    "monitor/model_increments": "monitor/model_increments",
    "monitor/monitor": f"{MONITOR} monitor/fleet",
    "monitor/monitor_bytes": f"monitor/monitor_bytes {MONITOR}",
    "monitor/most_evidence": VIEWS,
    "monitor/observation_lines": f"{INPUT} cli/monitor_repeats cli/monitor_sources",
    "monitor/opposite_side": "cli/monitor_names",
    "monitor/observation_rows": MONITOR,
    "monitor/promises": "monitor/promises",
    "monitor/rank_terms": RANKS,
    "monitor/ranks_bytes": RANKS,
    "monitor/report_page": f"cli/monitor_command {VIEWS}",
    "monitor/ranks_settings": RANKS,
    "monitor/run_ranking": RANKS,
    "monitor/settings": "monitor/promises monitor/fleet",
    "monitor/source_file": SOURCES,
    "monitor/statistics": f"{MONITOR} monitor/promises",
    "monitor/stream_lines": WATCH,
    "monitor/tie_chance": RANKS,
    "monitor/watch_folder": WATCH,
    "monitor/watch_options": f"{INPUT} {VIEWS} cli/monitor_sources",
    "monitor/watching": "cli/monitor_command cli/monitor_repeats cli/monitor_sources",
    "monitor/weighting": "monitor/weighting",
    "traces/message_parts": READERS,
    "traces/pairing": f"traces/pairing {READERS}",
    "traces/protobuf_frames": "traces/carriers",
    "traces/span": f"traces/span_tree {READERS}",
    "traces/span_tree": f"traces/span_tree {READERS}",
    "traces/steps": f"{READERS} traces/written_by_libraries cli/traces_command",
    "traces/zip_members": "traces/carriers",
    "robust/calibration": "robust/calibration",
    "robust/decision": f"robust/robust_histogram {STALENESS}interval",
    "robust/quality": "robust/calibration",
    "robust/robust_counts": "robust/robust_counts robust/robust_histogram",
    "robust/robust_histogram": "robust/robust_histogram",
    "robust/robust_query": "robust/robust_histogram devices/device",
    "link/exchange": SESSION,
    "link/frames": f"link/frames {SESSION}",
    "link/identity": f"link/identity {SESSION}",
    "link/messages": "link/messages devices/link_device",
    "link/operation": f"link/operation {SESSION}",
    "link/reset_probe": f"link/reset_probe {SESSION}",
    "link/session": SESSION,
    "server/device_session": f"server/endpoint {SESSION} server/endpoint_against_gateware",
    "server/endpoint": f"server/endpoint {SESSION}",
    "server/line": "server/server server/admission",
    "server/records": "server/records server/endpoint devices/link_device",
    "server/server": "server/server",
    "devices/agent_rows": "devices/agent_rows devices/device",
    "devices/device": "devices/device devices/cpu",
    "evidence/agents": f"evidence/agent_index {EVIDENCE} evidence/fusing",
    "evidence/atomic_file": f"evidence/atomic_file {CRASH}",
    "evidence/chunks": f"{EVIDENCE} evidence/fusing",
    "evidence/csv_file": f"evidence/csv_numbers {EVIDENCE}",
    "evidence/fusing": "evidence/fusing cli/fuse_command evidence/plausibility",
    "evidence/grouping": "evidence/grouping devices/device",
    "evidence/integer_ids": "evidence/agent_index",
    "evidence/npz_file": f"{EVIDENCE} cli/fuse_command",
    "evidence/parquet_file": EVIDENCE,
    "evidence/plausibility": "evidence/doubts evidence/plausibility",
    "evidence/prior": "evidence/prior",
    "evidence/reading": EVIDENCE,
    "evidence/results": "evidence/results cli/fuse_command evidence/fusing",
    "evidence/source": EVIDENCE,
    "evidence/record_file": "distributed/write_ahead_log "
    f"distributed/write_ahead_log_faults service/store/observation_log {CRASH}",
    "evidence/unit": "evidence/fusing",
    "evidence/validation": f"evidence/evidence_validation {EVIDENCE}",
    "evidence/writing": "cli/fuse_command",
    "distributed/batching_loop": "distributed/batching_loop",
    "distributed/multi_site_pubsub": "distributed/multi_site_pubsub",
    "distributed/pubsub": f"{TOTALS}shard_publisher {READS}gossip",
    "distributed/shard_store": f"distributed/shard_store {READS}merged_states",
    "distributed/state_message": f"{TOTALS}shard_collector {READS}dated_state",
    "distributed/write_ahead_log": "distributed/write_ahead_log "
    f"distributed/write_ahead_log_faults {CRASH}",
    f"{EPOCHS}closing": f"{EPOCHS}closing {EPOCHS}replica",
    f"{EPOCHS}collection": f"{EPOCHS}collection {EPOCHS}replica",
    f"{EPOCHS}deployment_file": f"{EPOCHS}key_files cli/keys_command",
    f"{EPOCHS}digests": f"{EPOCHS}replica",
    f"{EPOCHS}durable_closing": f"{EPOCHS}durable_replica {EPOCHS}durable_replica_faults",
    f"{EPOCHS}durable_replica": f"{EPOCHS}durable_replica {EPOCHS}durable_replica_faults",
    f"{EPOCHS}equivocation": f"{EPOCHS}collection {EPOCHS}replica {EPOCHS}closing",
    f"{EPOCHS}evidence_state": f"{EPOCHS}replica",
    f"{EPOCHS}history": f"{EPOCHS}replica {EPOCHS}closing",
    f"{EPOCHS}key_files": f"{EPOCHS}key_files cli/keys_command {CRASH}",
    f"{EPOCHS}offers": f"{EPOCHS}offers {EPOCHS}closing",
    f"{EPOCHS}owned_files": f"{EPOCHS}key_files",
    f"{EPOCHS}replica": f"{EPOCHS}replica",
    f"{EPOCHS}replica_records": f"{EPOCHS}durable_replica {EPOCHS}durable_replica_faults",
    f"{EPOCHS}replica_replay": f"{EPOCHS}durable_replica {EPOCHS}durable_replica_faults",
    f"{EPOCHS}replica_store": f"{EPOCHS}durable_replica {EPOCHS}durable_replica_faults",
    f"{EPOCHS}reports": f"{EPOCHS}reports {EPOCHS}collection",
    f"{EPOCHS}roster": f"{EPOCHS}key_files {EPOCHS}collection {EPOCHS}replica {EPOCHS}closing",
    f"{EPOCHS}scope": f"{EPOCHS}reports {EPOCHS}key_files",
    f"{EPOCHS}signing": f"{EPOCHS}key_files {EPOCHS}reports {EPOCHS}votes",
    f"{EPOCHS}snapshots": f"{EPOCHS}snapshots {EPOCHS}durable_replica",
    f"{EPOCHS}votes": f"{EPOCHS}votes {EPOCHS}replica",
    f"{EPOCHS}wire": f"{EPOCHS}reports {EPOCHS}offers {EPOCHS}votes",
    f"{READS}age_bounds": f"{READS}age_bounds {READS}read_node",
    f"{READS}daemon": f"{READS}daemon",
    f"{READS}dated_state": f"{READS}dated_state {READS}read_node",
    f"{READS}echo_table": f"{READS}echo_table",
    f"{READS}fusion_rule": f"{READS}fusion_rule {READS}read_node",
    f"{READS}gossip": f"{READS}gossip",
    f"{READS}merged_states": f"{READS}merged_states {READS}read_node",
    f"{READS}own_shard": f"{READS}read_node",
    f"{READS}read_node": f"{READS}read_node {READS}gossip",
    f"{READS}shard_state": f"{READS}shard_state {READS}read_node",
    f"{STALENESS}change_rate": f"{STALENESS}change_rate",
    f"{STALENESS}discount": f"{STALENESS}discount",
    f"{STALENESS}estimate": f"{STALENESS}estimate {STALENESS}shard_arrays",
    f"{STALENESS}interval": f"{STALENESS}interval",
    f"{STALENESS}shard_arrays": f"{STALENESS}shard_arrays {READS}read_node",
    f"{TOTALS}batch_combiner": f"{TOTALS}batch_combiner",
    f"{TOTALS}evidence_sums": f"{TOTALS}evidence_sums",
    f"{TOTALS}evidence_sums_bytes": f"{TOTALS}evidence_sums",
    f"{TOTALS}shard_collector": f"{TOTALS}shard_collector",
    f"{TOTALS}shard_evidence": f"{TOTALS}shard_publisher distributed/processes",
    f"{TOTALS}shard_publisher": f"{TOTALS}shard_publisher",
    f"{TOTALS}verdicts": f"{TOTALS}verdicts",
}

GOLDEN = {
    "borders": "borders log_sum",
    "log_sum": "log_sum window",
    "mantissas": "mantissas borders",
    "posterior": "posterior",
    "window": "window log_sum",
}


def _tests(folder: str, names: str) -> tuple[str, ...]:
    """Return pytest's arguments: the files of the tests, and what is from ``-k`` on."""
    files, option, words = names.partition(" -k ")
    paths = []
    for path in files.split():
        room, slash, name = path.rpartition("/")
        below = "tests" if room.startswith("campaigns/") else folder
        paths.append(f"{below}/{room}{slash}test_{name}.py")
    return (*paths, "-k", words) if option else tuple(paths)


GUARDS = {
    f"host/consilience/{file}.py": _tests("tests/host", names) for file, names in HOST.items()
} | {
    f"sim/consilience_sim/golden/{file}.py": _tests("tests/sim/golden", names)
    for file, names in GOLDEN.items()
}
"""By the file's path from the root: arguments of pytest."""

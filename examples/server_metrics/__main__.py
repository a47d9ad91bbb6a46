"""Scores of servers' metrics, and how they compare: ``python -m examples.server_metrics``.

With --scores a score of each row is written, 0 to 1; it depends on this row and those before it.
Without, the bundled half of a public benchmark is scored.
"""

import argparse
import csv
import io
import json
import sys
from pathlib import Path

from consilience.errors import BadInput
from consilience.evidence.atomic_file import write_file

from .benchmark import Outcome, as_value, benchmark, in_shuffled_order, published, read_windows
from .scoring import PROFILES
from .streams import DATA, Stream, read_streams
from .watching import ARL, Watched, watch_all

SHUFFLED_SEED = 5


def write_scores(streams: list[Stream], watched: dict[str, Watched], out: Path) -> None:
    """Write a file of scores for each stream, below `out`."""
    for stream in streams:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["timestamp", "value", "anomaly_score"])
        for (when, value), score in zip(stream.texts, watched[stream.name].scores, strict=True):
            rows.writerow([when, value, repr(float(score))])
        path = out / stream.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(
                f"{path.parent}: cannot be made ({error.strerror}); name another --scores"
            ) from None
        write_file(path, text.getvalue(), overwrite=True)


def show(outcome: Outcome, others: dict[str, dict[str, float]]) -> None:
    """Print alarms by file, and scores by detector."""
    print(f"{'file':56}{'rows':>7}{'windows':>9}{'found':>7}{'alarms':>8}{'outside':>9}")
    for one in outcome.files:
        print(f"{one.name:56}{one.rows:7,}{one.windows:9}{one.found:7}{one.alarms:8}{one.false:9}")
    print(f"\n{'':46}" + "".join(f"{name:>20}" for name in PROFILES))
    ours = {
        "consilience": outcome.best,
        "consilience, the alarms alone": outcome.alarms,
        "consilience, threshold of the other folders": outcome.left_out,
    }
    table = sorted((ours | others).items(), key=lambda one: -one[1]["standard"])
    for name, scores in table:
        print(f"{name:46}" + "".join(f"{scores[profile]:20.1f}" for profile in PROFILES))


def main(arguments: list[str] | None = None) -> int:
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.server_metrics", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder of CSV files, or a tar archive of them"
    )
    parser.add_argument("--scores", type=Path, help="folder to write a score of each row to")
    parser.add_argument(
        "--windows", type=Path, help="labels; default: windows.json beside the data"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--page", type=Path, help="folder to write the page and its picture to")
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen)
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(chosen: argparse.Namespace) -> int:
    data: Path = chosen.data
    streams = read_streams(data)
    for stream in streams:
        if stream.missing:
            print(
                f"{stream.name}: {stream.missing} of {len(stream.texts)} rows have no value; "
                "their score is 0",
                file=sys.stderr,
            )
    if chosen.scores is not None:
        write_scores(streams, watch_all(streams), chosen.scores)
        rows = sum(len(stream.texts) for stream in streams)
        print(f"{len(streams)} files, {rows:,} rows: {chosen.scores}")
        return 0
    beside = data if data.is_dir() else data.parent
    windows = read_windows(chosen.windows or beside / "windows.json")
    watched = watch_all(streams)
    outcome = benchmark(streams, watched, windows)
    others = published() if set(windows) == set(read_windows(DATA / "windows.json")) else {}
    alarms, rows = in_shuffled_order(watched, SHUFFLED_SEED)
    if chosen.json:
        print(json.dumps({**as_value(outcome), "shuffled": [alarms, rows]}, indent=1))
    else:
        show(outcome, others)
        false = sum(one.false for one in outcome.files)
        outside = sum(one.outside for one in outcome.files)
        print(
            f"\npromised: one false alarm in {ARL:,} rows at most, if surprise is exchangeable. "
            f"In random order: {alarms} in {rows:,} rows. As recorded: {false} in the "
            f"{outside:,} rows outside windows."
        )
    if chosen.page is not None:
        # Pages need packages that scores do not.
        from .page import write_page

        write_page(chosen.page, streams, watched, windows, outcome, (alarms, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())

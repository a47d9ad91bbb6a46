"""`consilience calibrate`: scores of known-good runs to a frozen table."""

from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values
from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, naming
from consilience.models.calibration import LEAST, frozen_of, read_scores
from consilience.monitor.source_file import BINNING, FrozenSource, frozen_text

__all__ = ["calibrate"]


def calibrate(
    scores: Annotated[
        Path,
        typer.Argument(
            metavar="SCORES",
            help=f"Scores of {LEAST:,} or more known-good runs, as `consilience score` writes and "
            "`consilience monitor` reads them.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="PATH", help="The table's file.", show_default=False)
    ],
    edges: Annotated[
        str | None,
        typer.Option(
            metavar="X,X,...",
            help="Edges of the bins, fixed without seeing these scores.",
            show_default="of the first fifth of the runs, which are not counted then",
        ),
    ] = None,
    kappas: Annotated[str, typer.Option(metavar="K,K,...", help="Bets on high bins.")] = "1/4,1/2",
    delta: Annotated[
        str, typer.Option(metavar="P", help="Probability that the table promises too much.")
    ] = "1/100",
    low_is_suspect: Annotated[
        bool, typer.Option("--low-is-suspect", help="Low scores are the bad ones.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a frozen table: increments by look-up, for large fleets and agents without a history.

    Example: consilience calibrate scores.csv --out table.frozen
    """
    output = Output(as_json=as_json)
    with AtomicFile(out, overwrite=force) as file:
        found = read_scores(scores, low_is_suspect)
        table = frozen_of(found, _numbers(edges), kappas.split(","), delta, low_is_suspect)
        binning = f"{BINNING}{' of -x' if low_is_suspect else ''}"
        source = FrozenSource(table, binning)
        with naming(file.path):
            file.file.write(frozen_text(source).encode() + b"\n")
        file.commit()
    counts = table.fields.counts
    facts: dict[str, object] = {
        "runs": len(found),
        "counted": sum(counts),
        "bins": len(counts),
        "most_bits": round(int(table.codes.max()) / 65536, 4),
        "sha256": source.digest,
        "out": str(out),
    }
    output.result(facts, key_values(facts))


def _numbers(edges: str | None) -> list[float] | None:
    if edges is None:
        return None
    try:
        return [float(edge) for edge in edges.split(",")]
    except ValueError:
        raise BadInput(f"--edges {edges}: numbers, separated by commas, as 0.5,0.9") from None

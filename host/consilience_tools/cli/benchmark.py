"""`consilience benchmark`: speed and error beside SciPy, NumPy and jax, in one run."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values, made_folder
from consilience.evidence.atomic_file import write_file
from consilience.extras import naming_extras

__all__ = ["benchmark"]


def benchmark(
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder for benchmark.json and report.html; made if it is missing."
        ),
    ] = Path("build/benchmark"),
    timing: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder of routed configurations, as `make timing` writes them."
        ),
    ] = Path("build/timing"),
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Small sizes, to see that it works; figures worth nothing."),
    ] = False,
    scale: Annotated[
        bool,
        typer.Option(
            "--scale",
            help="Only what grows with the number of agents: pairs, sweeps, live updates.",
        ),
    ] = False,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside",
            help="Only the cpu device beside SciPy, NumPy, jax, torch, DuckDB and Polars, as far "
            "as they are installed.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure cpu and sim: ns per element, error, segments, posteriors, cycles.

    Others run in the same rounds: SciPy, NumPy, and jax where it is installed. Three minutes on 2
    cores, and one more to compile the simulations where that was not done before.
    """
    # SciPy, the HDL and matplotlib are an extra, and take seconds to import.
    with naming_extras("consilience benchmark", "bench"):
        from consilience_tools.benchmark.beside import beside_value, run_beside
        from consilience_tools.benchmark.plan import BESIDE_FULL, BESIDE_QUICK, FULL, QUICK
        from consilience_tools.benchmark.report import report_page
        from consilience_tools.benchmark.run import json_value, run_benchmark
        from consilience_tools.benchmark.tables import shown_tables, summary_rows
        from consilience_tools.cli.beside import beside_tables, measure_beside
        from consilience_tools.cli.scale import measure_scale
        from consilience_tools.place_and_route.routed_figures import read_routed

    output = Output(as_json=as_json)
    routed = read_routed(timing)
    with made_folder(out):
        if scale:
            measure_scale(out, output, quick=quick)
            return
        if beside:
            measure_beside(out, output, quick=quick)
            return
        with output.progress(stages=True) as progress:
            results = run_benchmark(QUICK if quick else FULL, progress, quick=quick)
            others = run_beside(BESIDE_QUICK if quick else BESIDE_FULL, progress, quick=quick)
        value = json_value(results, routed) | {"beside": beside_value(others)}
        value |= {"report": str(out / "report.html")}
        write_file(out / "benchmark.json", json.dumps(value, allow_nan=False, indent=1) + "\n")
        write_file(out / "report.html", report_page(results, routed))

    output.result(
        value,
        *shown_tables(results, routed),
        *beside_tables(others),
        key_values(summary_rows(results)),
        "",
        Text(f"report {out / 'report.html'}"),
    )
    if not routed:
        output.note(f"no routed configurations in {timing}; `make timing` makes them")

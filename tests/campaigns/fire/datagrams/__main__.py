"""``make fire``, second part: a million faults on a network; never a wrong answer, never a hang.

What has run of the code as it is now is kept in build/fire-datagrams, so that a campaign can be run
in pieces. The exit code is 0 only if everything held.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from rich.console import Console

from consilience_tools.pages.stamp import ROOT, stamp
from tests.campaigns.fire.datagrams.page import frame_table, layer_table, trouble_table, write_page
from tests.campaigns.fire.datagrams.parts import FULL, Layer, Part, kept
from tests.campaigns.fire.tally import Tally
from tests.campaigns.tables import print_table

PAGE = "fire_datagrams.md"


def main() -> int:
    """Run the parts; print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.fire.datagrams", description=__doc__
    )
    parser.add_argument("--faults", type=int, default=10**6, help="stop after so many")
    parser.add_argument("--jobs", type=int, default=2, help="processes; changes no result")
    parser.add_argument("--layer", choices=[layer.name.lower() for layer in Layer])
    parser.add_argument("--page", action="store_true", help=f"write docs/{PAGE}, too")
    options = parser.parse_args()
    folder = ROOT / "build" / "fire-datagrams" / stamp(PAGE).code
    parts = [one for one in FULL if options.layer in (None, one.layer.name.lower())]
    console = Console(stderr=True)
    layers: dict[Layer, Tally] = {}
    asked = sum(part.faults for part in FULL)
    for part, tally in _run(parts, folder, options.jobs, options.faults):
        layers.setdefault(part.layer, Tally()).add(tally)
        done = sum(one.faults for one in layers.values())
        console.print(
            f"{done:,} faults; {part.layer.value}, seed {part.seed}: "
            f"{'holds' if tally.holds else 'FAILS'}"
        )
    print_table(trouble_table(layers))
    print_table(frame_table(layers))
    print_table(layer_table(layers))
    for tally in layers.values():
        for complaint in tally.complaints:
            print(complaint)
    if options.page:
        write_page(layers, asked, ROOT / "docs" / PAGE)
    return 0 if layers and all(tally.holds for tally in layers.values()) else 1


def _run(parts: list[Part], folder: Path, jobs: int, most: int) -> Iterator[tuple[Part, Tally]]:
    """Yield what each part found, in order, until there are enough faults."""
    done = 0
    chosen = []
    for part in parts:
        if done >= most:
            break
        chosen.append(part)
        done += part.faults
    with ProcessPoolExecutor(jobs) as pool:
        yield from zip(chosen, pool.map(kept, chosen, repeat(folder)), strict=True)


if __name__ == "__main__":
    sys.exit(main())

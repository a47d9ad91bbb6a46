"""``make liars-on-traces``: docs/robustness.md, its plot, and all rates as JSON."""

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from consilience.robust.calibration import Calibration
from consilience.robust.quality import EvidenceQuality, evidence_quality
from consilience_hw.spec.number_formats import CLIP_BIN
from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.svg import svg

from ..traces import Traces
from .cells import cell_of
from .page import PLOT, SHOWN, Study, robustness_page
from .plot import robustness_figure
from .ratios import (
    CALIBRATION,
    CALIBRATION_DIGEST,
    CLASSES,
    CLIPS,
    chosen_clip,
    held_out_ratios,
)
from .study import RULES, SHARES, SIZES, study

SEED = 7
TRIALS = 4000
"""By class and cell."""
KRUM_WORK = 4 << 20
"""Reports that Krum judges by class and cell."""


def measure(trials: int, seed: int) -> Study:
    """Run the whole study, with a bar."""
    start = time.process_time()
    calibration = Calibration.read(CALIBRATION, CALIBRATION_DIGEST)
    chosen = evidence_quality(calibration, chosen_clip(calibration))
    ratios = held_out_ratios(Traces.load())
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("robustness", total=len(SIZES) * len(SHARES))
        cells = study(
            ratios,
            chosen.clip // CLIP_BIN,
            trials=trials,
            krum_work=KRUM_WORK,
            seed=seed,
            sizes=SIZES,
            progress=lambda: bar.advance(task),
        )
    held_out = Calibration.of("", "held-out families", CLASSES, *(ratios[c] for c in CLASSES))
    return Study(
        cells=cells,
        calibration=calibration,
        qualities=[evidence_quality(calibration, clip) for clip in CLIPS],
        chosen=chosen,
        held_out=evidence_quality(held_out, chosen.clip),
        runs={name: len(of) for name, of in ratios.items()},
        furthest=max(int(abs(of).max()) for of in ratios.values()),
        seed=seed,
        seconds=time.process_time() - start,
    )


def value_of(found: Study) -> dict[str, object]:
    """Return what is written to the JSON file."""

    def quality(one: EvidenceQuality) -> dict[str, object]:
        return {
            "clip": one.clip,
            **dict(zip(CLASSES, (float(one.first), float(one.second)), strict=True)),
            "quality": float(one.quality),
            "breakdown": float(one.breakdown),
            "certified": float(one.certified),
        }

    return {
        "seed": found.seed,
        "seconds": found.seconds,
        "calibration": {"date": found.calibration.date, "sha256": found.calibration.digest},
        "qualities": [quality(one) for one in found.qualities],
        "chosen": quality(found.chosen),
        "held_out": quality(found.held_out) | {"runs": found.runs},
        "rules": list(RULES),
        "cells": [cell.value() for cell in found.cells],
    }


def main() -> int:
    """Write the files; return 1 if what the page claims does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS, help="by class and cell")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of page and plot")
    parser.add_argument("--raw", type=Path, default=Path("build/robust/robustness.json"))
    chosen = parser.parse_args()
    found = measure(chosen.trials, chosen.seed)
    chosen.raw.parent.mkdir(parents=True, exist_ok=True)
    chosen.raw.write_text(json.dumps(value_of(found), allow_nan=False, indent=1) + "\n")
    (chosen.out / PLOT).write_text(svg(robustness_figure(found.cells)), encoding="utf-8")
    page = stamped(robustness_page(found), "robustness.md")
    (chosen.out / "robustness.md").write_text(page, encoding="utf-8")
    cell = cell_of(found.cells, *SHOWN, "clip-maximal")
    wrong = sum(one.wrong_certified.count for one in found.cells if one.is_certified)
    robust, plain = cell.errors["robust"], cell.errors["plain sum"]
    print(
        f"n = {cell.reporters}, {cell.liars} clip-maximal liars: robust point wrong in "
        f"{robust.share:.2%} of {robust.trials} trials, plain sum in {plain.share:.2%}, interval "
        f"undecided in {cell.undecided.share:.2%}; wrong certified decisions, all attacks: {wrong}"
    )
    print(f"{chosen.out / 'robustness.md'}, {chosen.raw}; {found.seconds:.0f} s")
    return int(robust.interval[1] >= 0.01 or plain.share < 0.5 or wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

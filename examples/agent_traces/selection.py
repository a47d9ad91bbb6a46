"""The chosen hyper-parameters, as committed in `selection.json`."""

import json
from dataclasses import dataclass
from pathlib import Path

from .detector_config import DetectorConfig

__all__ = ["FIRST_ORDER", "FITTING_LABELS", "SELECTION", "Selection"]

SELECTION = Path(__file__).with_name("selection.json")
FIRST_ORDER = DetectorConfig(order=1, smoothing="additive", concentration=0.5, distinct=False)
"""The plain chain to compare with: first order, add one half."""
FITTING_LABELS = ("benign", "resisted", "hijacked", "direct")
"""Runs with an outcome; the attacks that only stop an agent, and aborted runs, are left out."""


@dataclass(frozen=True)
class Selection:
    """What was chosen.

    Parameters
    ----------
    detector, goal : DetectorConfig
        Chains of the benign and hijacked runs; each goal's own chain.
    weight, goal_weight : int
        Weight of every row, 1..65536, in the run of two hypotheses and in that of goals.
    """

    detector: DetectorConfig
    goal: DetectorConfig
    weight: int
    goal_weight: int

    @classmethod
    def load(cls, path: Path = SELECTION) -> "Selection":
        """Read the committed choice."""
        chosen = json.loads(path.read_text(encoding="utf-8"))["chosen"]
        return cls(
            detector=DetectorConfig(**chosen["detector"]),
            goal=DetectorConfig(**chosen["goal"]),
            weight=chosen["weight"],
            goal_weight=chosen["goal_weight"],
        )

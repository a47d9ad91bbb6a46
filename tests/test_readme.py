"""The README is short, links lead somewhere, and the table of units says what the units say."""

import pkgutil
import re
from pathlib import Path

import pytest

from consilience_hw.exp2.exp2 import Exp2
from consilience_hw.fusion.evidence_accumulator import EvidenceAccumulator
from consilience_hw.fusion.posterior import Posterior
from consilience_hw.link.session import Session
from consilience_hw.log2.log2 import Log2
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from consilience_hw.reduction.accumulator import Accumulator
from consilience_hw.reduction.beat_merge import BeatMerge
from consilience_hw.reduction.beat_reducer import GROUP_LANES, BeatReducer
from consilience_hw.reduction.highest_bin import HighestBin
from consilience_hw.reduction.lane_group import LaneGroup
from consilience_hw.reduction.packet_merge import PacketMerge
from consilience_hw.reduction.tree_reducer import TreeReducer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
UNITS = (ROOT / "docs" / "units.md").read_text()
_LINES = 150
SUBJECTS = "state", "call", "alive", "evidence", "receipt", "ask", "dated", "answer", "report"
"""First words of subjects on NATS, which begin as modules do."""


def by_lanes(unit, numbers=(1, 8, 64)):
    """The unit's latencies as the table has them: "2 for 1 lane, 4 for 8"."""
    first, *others = ((unit(lanes=lanes).latency, lanes) for lanes in numbers)
    return ", ".join([f"{first[0]} for 1 lane", *(f"{cycles} for {n}" for cycles, n in others)])


LATENCIES = {
    "Exp2": str(Exp2.latency),
    "HighestBin": by_lanes(HighestBin),
    "TreeReducer": by_lanes(TreeReducer),
    "LaneGroup": by_lanes(LaneGroup, (1, GROUP_LANES)),
    "BeatMerge": f"{BeatMerge.latency}, their tops {BeatMerge.top_latency}",
    "BeatReducer": by_lanes(BeatReducer),
    "Accumulator": str(Accumulator.latency),
    "PacketMerge": str(PacketMerge.latency),
    "Log2": str(Log2().latency),
    "LogSumExp": by_lanes(LogSumExp),
    "SerialLogSumExp": by_lanes(SerialLogSumExp, (1, 8)),
    "EvidenceAccumulator": str(EvidenceAccumulator.latency),
    "Posterior": f"{Posterior.latency_of(0)} + 2 H",
    "Engine": f"{Session.overhead} per request",
}


@pytest.mark.parametrize("unit", LATENCIES)
def test_latencies(unit):
    row = re.search(rf"^\| \[`{unit}`\]\((.*?)\) \| .* \| (.*) \|$", UNITS, re.MULTILINE)
    assert row, f"{unit} is not in the table"
    assert (ROOT / "docs" / row[1]).is_file()
    assert LATENCIES[unit] in row[2]
    if not any(word in row[2] for word in ("for", "per", "+", "their")):
        assert row[2] == LATENCIES[unit]


def test_the_readme_is_read_in_five_minutes():
    assert len(README.splitlines()) <= _LINES


def test_names_of_modules_on_pages_are_there():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    names = {
        name
        for page in pages
        for name in re.findall(
            r"`(consilience(?:_hw|_sim|_tools)?(?:\.[a-z_]\w*)+)", page.read_text()
        )
    }
    subjects = {name for name in names if name.split(".")[1] in SUBJECTS}
    assert len(names - subjects) > 10
    for name in names - subjects:
        pkgutil.resolve_name(name)


def test_links_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"

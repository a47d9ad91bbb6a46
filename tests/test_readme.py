"""The README's table of units says what the units say."""

import re
from pathlib import Path

import pytest
from consilience_hw.accumulator import Accumulator
from consilience_hw.evidence_accumulator import EvidenceAccumulator
from consilience_hw.exp2 import Exp2
from consilience_hw.link.session import Session
from consilience_hw.log2 import Log2
from consilience_hw.log_sum_exp import LogSumExp
from consilience_hw.merge import Merge
from consilience_hw.posterior import Posterior
from consilience_hw.tree_reducer import TreeReducer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def by_lanes(unit):
    one, eight, many = (unit(lanes=lanes).latency for lanes in (1, 8, 64))
    return f"{one} for 1 lane, {eight} for 8, {many} for 64"


LATENCIES = {
    "Exp2": str(Exp2.latency),
    "TreeReducer": by_lanes(TreeReducer),
    "Accumulator": str(Accumulator.latency),
    "Merge": str(Merge.latency),
    "Log2": str(Log2().latency),
    "LogSumExp": by_lanes(LogSumExp),
    "EvidenceAccumulator": str(EvidenceAccumulator.latency),
    "Posterior": f"{Posterior.latency_of(0)} + 2 H",
    "Engine": f"{Session.overhead} per request",
}


@pytest.mark.parametrize("unit", LATENCIES)
def test_latencies(unit):
    row = re.search(rf"^\| \[`{unit}`\]\((.*?)\) \| .* \| (.*) \|$", README, re.MULTILINE)
    assert row, f"{unit} is not in the README's table"
    assert (ROOT / row[1]).is_file()
    assert LATENCIES[unit] in row[2]
    if not any(word in row[2] for word in ("for", "per", "+")):
        assert row[2] == LATENCIES[unit]


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"

"""Pictures of explanations: whole SVG, escaped, and no peak lost."""

from xml.etree import ElementTree

import numpy as np
import pytest

from consilience.explain.explanation import explain_agent
from consilience.explain.page import explanations_page
from consilience.explain.timeline import sparkline, svg_timeline, threshold_bits
from consilience.verdicts.costs import parse_costs
from consilience.verdicts.decisions import DecisionRule

BIT = 65536


def explained(ratios, **options):
    codes = np.zeros((len(ratios), 2), np.int32)
    codes[:, 1] = np.array(ratios) * BIT
    return explain_agent(codes, DecisionRule(("benign", "hijacked"), "benign"), **options)


def test_a_line_of_blocks_goes_from_low_to_high():
    assert sparkline(explained([1, 1, 1, 1, 1, 1, 1])) == "▂▃▄▅▆▇█"
    assert sparkline(explained([-3, 3, 4])) == "▁▄█"
    assert sparkline(explained([0, 0])) == "▁▁"


def test_a_peak_among_many_rows_is_seen():
    ratios = np.zeros(10_000)
    ratios[5_000], ratios[5_001] = 20, -20
    line = sparkline(explained(ratios), 40)
    assert len(line) == 40
    assert line.count("█") == 1
    picture = ElementTree.fromstring(svg_timeline(explained(ratios)))
    points = picture.find("polyline").attrib["points"].split()
    assert len(points) <= 902
    assert min(float(point.split(",")[1]) for point in points) < 30


@pytest.mark.parametrize("rows", [1, 3, 2_000])
def test_pictures_are_whole_and_text_is_escaped(rows):
    ratios = np.random.default_rng(rows).normal(0.3, 2, rows)
    found = explained(ratios, agent="<b>&x", labels={"time": ["<i>"] * rows})
    picture = ElementTree.fromstring(svg_timeline(found, 2.0))
    assert len(picture.findall("circle")) == len(found.steps)
    page = explanations_page("Why <so>", {"a<": "b&"}, [found])
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;&amp;x" in page


@pytest.mark.parametrize(
    ("cost", "bits"),
    [
        ("false-alarm=1,miss=4", -2),
        ("false-alarm=8,miss=1", 3),
        ("false-alarm=1,miss=4,review=0.2", 2),
        ("false-alarm=0,miss=1", -64),
        ("false-alarm=1,miss=0", 64),
    ],
)
def test_where_the_decision_turns(cost, bits):
    rule = DecisionRule.of(("benign", "hijacked"), parse_costs(cost))
    assert threshold_bits(rule) == pytest.approx(bits)


def test_where_the_decision_turns_without_costs():
    names = ("benign", "hijacked")
    assert threshold_bits(DecisionRule(names)) == 0
    assert threshold_bits(DecisionRule.of(names, decide="0.8")) == 2

"""What the gateware's package offers: names, and every unit alone as Verilog."""

import inspect
import re
import subprocess
import sys

import pytest
from amaranth.lib import wiring

import consilience_hw
from consilience_hw import units
from consilience_hw.units import to_verilog

SMALL = {"Engine": None, "BeatReducer": 2, "LaneGroup": 2, "HighestBin": 2, "TreeReducer": 2}
"""The engine is converted in many other tests."""
COMPONENTS = [
    name
    for name in units.__all__
    if isinstance(getattr(units, name), type) and issubclass(getattr(units, name), wiring.Component)
]


def made(name):
    """A unit as small as it can be."""
    kind = getattr(units, name)
    if name in ("Monitor", "BinnedMonitor"):
        return kind(2, 4)
    return kind(units.Q16_16, SMALL[name]) if name in SMALL else kind()


def slow_if_large(name):
    """Half a second or more; the others are those without ready, which once could not be."""
    large = {"Live", "Log", "Axi", "Ser", "Pos", "Mon", "Bin", "Rob"}
    return pytest.param(name, marks=pytest.mark.slow if name[:3] in large else ())


COUNTS = {"lanes", "hypotheses", "components", "agents", "bins", "codes"}


@pytest.mark.parametrize("bad", [-1, 0, 2.5, "2"])
@pytest.mark.parametrize("name", COMPONENTS)
def test_a_count_that_is_none_is_refused_by_its_name(name, bad):
    kind = getattr(units, name)
    parameters = inspect.signature(kind).parameters.values()
    needed = {one.name: 4 for one in parameters if one.default is one.empty}
    for count in COUNTS & {one.name for one in parameters}:
        with pytest.raises(ValueError, match=f"^{count} must be .*, not {bad!r}$"):
            kind(**{**needed, count: bad})


@pytest.mark.parametrize("name", [slow_if_large(one) for one in COMPONENTS if one != "Engine"])
def test_a_unit_alone_is_verilog(name):
    text = to_verilog(made(name), f"my_{name}")
    modules = re.findall(r"^module (\S+?)\(", text, re.MULTILINE)
    assert modules[0] == f"my_{name}"
    assert all(module.lstrip("\\").startswith(f"my_{name}") for module in modules)
    assert "endmodule" in text and "src =" not in text
    assert not re.findall(r"\\\S*:\S* ", text)  # a name on which GTKWave gives up


def test_the_names_are_there_and_cost_nothing_before_they_are_asked_for():
    assert {"LogSumExp", "Exp2", "Monitor", "to_verilog"} <= set(dir(consilience_hw))
    code = (
        "import sys, consilience_hw; early = 'amaranth' in sys.modules; "
        "from consilience_hw import LogSumExp; print(early, LogSumExp.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "LogSumExp"]
    with pytest.raises(AttributeError, match="no attribute 'Exp3'"):
        consilience_hw.Exp3  # noqa: B018

"""The rules of imports hold, and each of them bites on a planted fault."""

import pytest

from tests.imports import (
    FOLDERS,
    LIGHT_PROGRAMS,
    arrows_back,
    broken_rules,
    circles,
    needs_amaranth,
    read_graph,
    run_without,
)


def test_the_tree_keeps_the_rules():
    assert broken_rules() == []


@pytest.mark.parametrize("name", LIGHT_PROGRAMS)
def test_the_library_runs_without_the_tool_chain(tmp_path, name):
    assert run_without(LIGHT_PROGRAMS[name], tmp_path) == ""


def test_a_blocked_module_is_noticed(tmp_path):
    assert "numba is blocked" in run_without("from consilience import *", tmp_path, ("numba",))


@pytest.fixture
def planted(tmp_path):
    """Return a function that reads the graph of a tree made of {module: text}."""

    def planted(modules):
        for package, folder in FOLDERS.items():
            (tmp_path / folder / package).mkdir(parents=True, exist_ok=True)
        for name, text in modules.items():
            package, _, inner = name.partition(".")
            file = tmp_path / FOLDERS[package] / package / f"{inner.replace('.', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return read_graph(tmp_path)

    return planted


def test_a_planted_circle_is_caught(planted):
    graph = planted(
        {
            "consilience.one": "def f():\n    from consilience.two import x\n",
            "consilience.two": "from consilience import three\n",
            "consilience.three": "from .one import f\n",
            "consilience.four": "import consilience.one\n",
        }
    )
    assert circles(graph) == [["consilience.one", "consilience.three", "consilience.two"]]


def test_a_planted_arrow_back_is_caught(planted):
    graph = planted(
        {
            "consilience_hw.unit": "from consilience_sim import golden\n",
            "consilience_sim.golden": "import consilience_hw.unit\n",
            "consilience.lib": "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from consilience_tools.page import Page\n",
            "consilience_tools.page": "import consilience.lib\n",
        }
    )
    assert arrows_back(graph) == [
        ("consilience_hw.unit", "consilience_sim.golden"),
        ("consilience.lib", "consilience_tools.page"),
    ]


def test_amaranth_in_the_specification_is_caught_behind_a_chain(planted):
    graph = planted(
        {
            "consilience_hw.spec.numbers": "from ..unit import width\n",
            "consilience_hw.spec.flags": "from enum import IntFlag\n",
            "consilience_hw.unit": "from amaranth.hdl import Module\n",
        }
    )
    assert needs_amaranth(graph) == ["consilience_hw.spec.numbers"]

"""docs/porting.md names every field that a new board fills in, and no other."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from consilience_hw.boards.board import BoardDesign
from consilience_hw.boards.network_board import NetworkBoard
from consilience_hw.spec.link_map import BoardId
from consilience_tools.boards.catalogue import BoardTooling

PAGE = (Path(__file__).parents[2] / "docs" / "porting.md").read_text()


@pytest.mark.parametrize("record", [BoardDesign, NetworkBoard, BoardTooling])
def test_the_page_has_each_field_of_a_record(record):
    table = PAGE.partition(f"| field of `{record.__name__}` |")[2].partition("\n\n")[0]
    first_cells = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    named = re.findall(r"`(\w+)`", " ".join(first_cells))
    assert sorted(named) == sorted(one.name for one in fields(record))


def test_the_number_on_the_page_is_free():
    assert f"MY_BOARD = {max(BoardId) + 1}\n" in PAGE

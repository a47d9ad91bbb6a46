"""A board's design: the engine behind its UART as RTLIL, and the constraints of its pins."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from consilience.errors import BadInput
from consilience_hw.boards.board import BoardDesign
from consilience_hw.boards.top import BoardTop
from consilience_tools.boards.catalogue import BoardTooling
from consilience_tools.place_and_route.synthesis import TOP

__all__ = ["board_design", "configured"]


def configured(board: BoardTooling, options: Mapping[str, int]) -> BoardDesign:
    """Return the board's definition with other parameters of its `EngineConfig`.

    Raises
    ------
    ToolMissing
        amaranth-boards is not installed.
    BadInput
        The parameters are out of range.
    """
    definition = board.definition()
    changed: dict[str, Any] = dict(options)
    if changed.get("hypotheses") == 0:
        changed["weights"] = False  # There are no hypotheses to weight.
    try:
        return replace(definition, config=replace(definition.config, **changed))
    except ValueError as error:
        raise BadInput(f"{board.name}: {error}") from error


def board_design(board: BoardTooling, definition: BoardDesign) -> tuple[str, str]:
    """Return a board's RTLIL, and its pins in the syntax of the part's tools, in some seconds."""
    platform: Any = definition.platform()
    plan = platform.prepare(BoardTop(definition), name=TOP, emit_src=False)
    (rtlil,) = (text for name, text in plan.files.items() if name == f"{TOP}.il")
    (pins,) = (text for name, text in plan.files.items() if name.endswith(board.pins))
    own = board.constraints_file().read_text()
    return _text(rtlil), f"{_text(pins)}\n{own}"


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()

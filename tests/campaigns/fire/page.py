"""docs/fire.md from a run: the injected faults, and their outcome."""

from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.fire.faults import Direction, Kind
from tests.campaigns.fire.result import Result
from tests.campaigns.fire.tables import cell_table, layer_table
from tests.campaigns.tables import markdown

__all__ = ["write_page"]

_KINDS = {
    Kind.FLIP: "a bit of the byte is inverted",
    Kind.DROP: "the byte is lost",
    Kind.DUPLICATE: "the byte comes twice",
    Kind.INSERT: "another byte comes before it",
    Kind.DELAY: "it and all behind it come late, up to 14 timeouts",
    Kind.TRUNCATE: "it and the rest of the frame are lost",
    Kind.RESET: "the device is reset just before it",
    Kind.UNPLUG: "the cable is pulled just before it, and put back for the next call",
}


def write_page(result: Result, path: Path) -> None:
    """Write the page of one run."""
    text = rendered(
        Path(__file__).with_name("fire.md.j2"),
        result=result,
        verdict="everything held" if result.holds else "NOT everything held",
        became=markdown(layer_table(result)),
        injected=[markdown(cell_table(result, direction)) for direction in Direction],
        kinds=_KINDS,
    )
    path.write_text(stamped(text, "fire.md"), encoding="utf-8")

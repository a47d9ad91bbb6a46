"""docs/registers.md from the map of the registers (`consilience_hw.spec.register_map`)."""

from pathlib import Path

from consilience_hw.spec.register_map import MAP_REVISION
from consilience_tools.export.register_table import register_rules, register_tables
from consilience_tools.pages.templates import rendered

__all__ = ["render"]


def render() -> str:
    """Return the page as Markdown."""
    return rendered(
        Path(__file__).with_name("registers.md.j2"),
        revision=MAP_REVISION,
        rules=register_rules(),
        tables=register_tables(),
    )

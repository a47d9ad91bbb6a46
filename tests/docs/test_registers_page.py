"""docs/registers.md holds all of the map."""

from consilience_hw.spec.register_map import REGISTERS, Status
from docs.registers_page import render


def test_everything_of_the_map_is_on_the_page():
    text = render()
    for one in REGISTERS:
        assert f"| {one.offset:#04x} | `{one.name}` | {one.access.value} | {one.text} |" in text
    for flag in Status:
        assert f"| {flag.bit_length() - 1} | `{flag.name}` | " in text
    assert "No access waits, and no read changes anything." in text

"""docs/link.md holds all of the map."""

from consilience_hw.spec.link_map import HELLO_FIELDS, Counter
from docs.link_page import render


def test_everything_of_the_map_is_on_the_page():
    text = render()
    for counter in Counter:
        assert f"| {int(counter):#04x} | {counter.name} |" in text
    for field in HELLO_FIELDS:
        assert f"| {field.name} |" in text
    assert "Frames dropped: wrong CRC-32." in text
    assert "## Rules of a session" in text
    assert "---\n\n" not in text

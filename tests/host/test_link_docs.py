"""docs/link.md is what the map gives; a page that is not is noticed."""

import pytest
from consilience import link_docs
from consilience_hw.link_map import HELLO_FIELDS, Counter


def test_the_page_of_the_repository_is_the_rendered_one():
    assert link_docs.main(["--check"]) == 0


def test_everything_of_the_map_is_on_the_page():
    text = link_docs.render()
    for counter in Counter:
        assert f"| {int(counter):#04x} | {counter.name} |" in text
    for field in HELLO_FIELDS:
        assert f"| {field.name} |" in text
    assert "Frames dropped: wrong CRC-32." in text
    assert "## Rules of a session" in text
    assert "---\n\n" not in text


@pytest.mark.parametrize("old", [None, "# another page\n"])
def test_a_page_that_is_not_the_rendered_one(tmp_path, monkeypatch, capsys, old):
    page = tmp_path / "link.md"
    if old is not None:
        page.write_text(old)
    monkeypatch.setattr(link_docs, "PAGE", page)
    assert link_docs.main(["--check"]) == 1
    assert "run `make docs`" in capsys.readouterr().err
    assert link_docs.main([]) == 0
    assert link_docs.main(["--check"]) == 0

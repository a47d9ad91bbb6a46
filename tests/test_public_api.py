"""No public name goes, or is called in another way, without a word in CHANGELOG.md."""

from tests.public_api import ROOT, announced, breaks, names_now

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Removed\n- {}\n\n## [0.1.0]\n- `gone`\n"


def test_the_names_are_those_that_were_announced():
    assert names_now() == announced(), "python -m tests.public_api --write"


def test_a_break_is_noticed_unless_it_is_announced():
    before = {"lib.gone": "lib.gone(a)", "lib.other": "lib.other(a)", "lib.same": "lib.same(a)"}
    now = {"lib.other": "lib.other(a, b)", "lib.same": "lib.same(a)", "lib.new": "lib.new()"}
    assert breaks(before, now, CHANGELOG.format("nothing")) == ["lib.gone", "lib.other"]
    assert breaks(before, now, CHANGELOG.format("`gone`, `other`: see `new`")) == []


def test_the_page_names_what_is_promised():
    text = (ROOT / "docs" / "compatibility.md").read_text()
    for word in ("tests/public_api.txt", "deprecat", "consilience.client"):
        assert word in text

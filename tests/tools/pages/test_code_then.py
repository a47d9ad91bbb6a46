"""What has changed of a page's code since its commit is named; without changes it is confirmed."""

import pytest

from consilience_tools.pages.code_then import changed_files, confirmed
from consilience_tools.pages.stamp import Origin, Stamp, page_stamp, pages, settled, stamped
from tests.checkouts import checkout_of

PAGE = "# Title\n\n<!-- Written by `make it`; run it again. -->\n\nWhat was found.\n"


@pytest.fixture
def root(tmp_path):
    """A checkout with a page of two folders and a file."""
    (tmp_path / "docs").mkdir()
    listed(tmp_path, "code", "other", "one.py")
    files = {"code/a.py": "A = 1\n", "other/b.py": "B = 1\n", "one.py": "C = 1\n"}
    checkout_of(tmp_path, files, "code")
    return tmp_path


def listed(root, *code):
    (root / "docs" / "pages.toml").write_text(
        f'["found.md"]\ncommand = "make it"\ncode = {list(code)}\n'
    )


def test_files_that_changed_came_and_went_are_named_and_words_are_not(root):
    made = page_stamp(stamped(PAGE, "found.md", root))
    origin = pages(root)["found.md"]
    assert changed_files(made, origin, root) == []
    (root / "code" / "a.py").write_text('"""Words."""\nA = 2\n')
    (root / "code" / "new.py").write_text("N = 1\n")
    (root / "other" / "b.py").write_text('"""Words."""\nB = 1  # and more\n')
    (root / "one.py").unlink()
    assert changed_files(made, origin, root) == ["code/a.py", "code/new.py", "one.py"]


def test_nothing_is_known_of_a_commit_that_git_has_not_or_of_a_tree_with_changes(root):
    origin = pages(root)["found.md"]
    assert changed_files(Stamp("0123456", "unknown"), origin, root) is None
    assert changed_files(Stamp("HEAD-dirty", "unknown"), origin, root) is None
    assert changed_files(Stamp("HEAD", "unknown"), Origin("it", ("never",)), root) == []


def test_a_page_whose_list_lost_what_it_does_not_speak_of_is_confirmed_and_no_other(root):
    page = stamped(PAGE, "found.md", root)
    made = page_stamp(page)
    (root / "other" / "b.py").write_text("B = 2\n")
    assert confirmed(page, made, pages(root)["found.md"], root) == page
    listed(root, "code", "one.py")
    origin = pages(root)["found.md"]
    renewed = confirmed(page, made, origin, root)
    assert settled(renewed, origin, root) == renewed != page
    assert page_stamp(renewed).commit == made.commit
    (root / "one.py").write_text("C = 2\n")
    assert confirmed(page, made, pages(root)["found.md"], root) == page

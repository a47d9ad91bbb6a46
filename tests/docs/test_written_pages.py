"""Pages that runs write say of which code they are, and that they are old when they are."""

import os
import re
import subprocess
import tomllib

import pytest

from consilience_tools.pages import stamp as stamps
from consilience_tools.pages.stamp import ROOT, Origin, pages, says_it_is_older, settled, stamped

PAGE = "# Title\n\n<!-- Written by `make it`; run it again. -->\n\nWhat was found.\n"
CODE = '''"""A module."""

LIMIT = 3  # at most


def limited(x):
    """Return x, or the limit."""
    return min(x, LIMIT)
'''


@pytest.fixture
def root(tmp_path):
    """A tree with one page and the code it speaks of."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "pages.toml").write_text(
        '["found.md"]\ncommand = "make it"\n'
        'code = ["code", "one.json"]\nwithout = ["code/far", "code/apart.py"]\n'
    )
    (tmp_path / "code" / "inner").mkdir(parents=True)
    (tmp_path / "code" / "inner" / "limit.py").write_text(CODE)
    (tmp_path / "code" / "harness.cc").write_text("int main() {}")
    (tmp_path / "one.json").write_text("{}")
    return tmp_path


def test_every_written_page_is_listed_with_what_it_says_where_all_held():
    """Or with none, a study; and says it, or the release and `consilience validate` name it."""
    given = tomllib.loads((ROOT / "docs" / "pages.toml").read_text())
    assert all("says" in one for one in given.values())
    assert sum(not one["says"] for one in given.values()) < len(given) / 2


@pytest.mark.parametrize(
    ("text", "unsaid"),
    [
        ("In 3 s: everything held, 12 of 12.", []),
        ("In 3 s: NOT everything held, 12 of 12.", ["everything held"]),
        ("In 3 s: everything held, 11 of 12.", [r"\b(\d+) of \1\b"]),
        ("", ["everything held", r"\b(\d+) of \1\b"]),
    ],
)
def test_what_a_page_does_not_say(text, unsaid):
    assert Origin("", (), (), ("everything held", r"\b(\d+) of \1\b")).unsaid(text) == unsaid


def test_every_written_page_is_listed_with_code_that_is_there():
    written = {
        page.name
        for page in (ROOT / "docs").glob("*.md")
        if re.search("^<!-- Written by ", page.read_text(), re.MULTILINE)
    }
    assert written <= pages().keys()
    for name, origin in pages().items():
        assert all((ROOT / path).exists() for path in origin.code + origin.without), name
        files = origin.files()
        assert not files.keys() & set(origin.without), name
        assert all(path in files for path in origin.code if (ROOT / path).is_file()), name


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("code/inner/limit.py", CODE.replace("= 3", "= 4")),
        ("code/inner/limit.py", CODE.replace("min(", "max(")),
        ("code/new.py", "pass\n"),
        ("code/harness.cc", "int main() { return 1; }"),
        ("one.json", "[]"),
        ("code/inner/rows.csv", "1,2\n"),
        ("code/inner/table.npy", "numbers"),
    ],
)
def test_a_page_was_old_and_did_not_say_so(root, path, text):
    """And when the code is again what it was, the note goes."""
    origin = pages(root)["found.md"]
    made = stamped(PAGE, "found.md", root)
    assert settled(made, origin, root) == made
    before = (root / path).read_text() if (root / path).exists() else None
    (root / path).write_text(text)
    old = settled(made, origin, root)
    assert says_it_is_older(old) and not says_it_is_older(made)
    assert "\n\n> **Older than the code it speaks of.** `make it` writes it again.\n\nWhat" in old
    assert settled(old, origin, root) == old
    (root / path).unlink() if before is None else (root / path).write_text(before)
    assert settled(old, origin, root) == made


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("code/inner/limit.py", CODE.replace("at most", "or less").replace("the limit", "LIMIT")),
        ("code/inner/limit.py", CODE.replace("\n\n\n", "\n")),
        ("code/inner/test_limit.py", "assert 0\n"),
        ("code/inner/notes.md", "# Notes\n"),
        ("elsewhere.py", "pass\n"),
        ("code/far/off.py", "pass\n"),
        ("code/apart.py", "pass\n"),
    ],
)
def test_comments_tests_and_other_code_make_no_page_old(root, path, text):
    made = stamped(PAGE, "found.md", root)
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text(text)
    assert settled(made, pages(root)["found.md"], root) == made


def test_code_that_changes_during_a_run_leaves_its_page_old(root, capsys):
    origin, path = pages(root)["found.md"], root / "code/inner/limit.py"
    begun = max(one.stat().st_mtime for one in root.rglob("*"))
    assert settled(made := stamped(PAGE, "found.md", root, begun), origin, root) == made
    assert not capsys.readouterr().err
    os.utime(path, (begun + 1, begun + 1))
    made = stamped(PAGE, "found.md", root, begun)
    assert "of code unknown." in made and says_it_is_older(settled(made, origin, root))
    assert capsys.readouterr().err == (
        "found.md is of no known code: changed since the run began: code/inner/limit.py\n"
    )


def test_a_note_in_other_words_stays_while_the_page_is_old(root):
    origin = pages(root)["found.md"]
    fresh = stamped(PAGE, "found.md", root)
    old = re.sub("of code .*", "of code 0123456789abcdef.", fresh)
    told = old.replace("What", f"{stamps._OLDER} By two\n> lines.\n\nWhat")
    assert settled(told, origin, root) == told
    assert settled(told.replace("0123456789abcdef", origin.digest(root)), origin, root) == fresh


def test_a_page_without_a_stamp_is_refused():
    with pytest.raises(ValueError, match="no stamp; write it again"):
        settled(PAGE, Origin("make it", ()))


def test_the_stamp_has_the_commit_and_needs_no_git(root, monkeypatch):
    assert re.search(
        r"^Made at commit unknown of code \w{16}\.$", stamped(PAGE, "found.md", root), 8
    )
    for command in (
        ["init", "-q"],
        ["-c", "user.name=n", "-c", "user.email=e@e", "commit", "-q", "--allow-empty", "-m", "m"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True)
    assert re.search(r"^Made at commit [0-9a-f]{7,} of", stamped(PAGE, "found.md", root), 8)
    monkeypatch.setenv("PATH", "")
    assert "commit unknown" in stamped(PAGE, "found.md", root)


def test_outside_of_a_checkout_nothing_is_known(tmp_path):
    assert "Made at commit unknown of code unknown." in stamped(PAGE, "scale.md", tmp_path)

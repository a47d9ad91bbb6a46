"""The commit of a page: pictures that its own run has written made it dirty."""

import subprocess

from consilience_tools.pages.stamp import checked_out


def test_a_page_is_no_change_of_what_it_speaks_of(tmp_path):
    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "docs").mkdir()
    for name in ("code.py", "docs/page.svg"):
        (tmp_path / name).write_text("1\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "all")
    clean = checked_out(tmp_path)
    (tmp_path / "docs/page.svg").write_text("2\n")
    (tmp_path / "new.txt").write_text("2\n")
    assert checked_out(tmp_path) == clean and "dirty" not in clean
    (tmp_path / "code.py").write_text("2\n")
    assert checked_out(tmp_path) == f"{clean}-dirty"

"""The cache folder: what is cut, flipped, half made or made twice never comes out of it."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from consilience_sim import cache
from consilience_sim.cache import (
    CacheUnusable,
    cache_folder,
    damaged_entries,
    digest,
    is_whole,
    made_once,
    text_made_once,
)
from consilience_sim.compiled.build_step import BuildFailed, run_step
from tests.permissions import UNPRIVILEGED

CONTENT = bytes(range(256)) * 16


@pytest.fixture
def entry(tmp_path):
    return tmp_path / "cache" / digest("an entry")


def make(work, made):
    (made / "design.so").write_bytes(CONTENT)
    (made / "deep").mkdir()
    (made / "deep" / "report").write_text("a report")


def contents(entry):
    return (entry / "design.so").read_bytes(), (entry / "deep" / "report").read_text()


def flipped(bit):
    def flip(path):
        data = bytearray(path.read_bytes())
        place = bit % (8 * len(data))
        data[place // 8] ^= 1 << place % 8
        path.write_bytes(data)

    return flip


def cut(length):
    return lambda path: os.truncate(path, length)


SEAL = f"../{digest('an entry')}.sha256"
DAMAGES = {
    **{f"cut to {length}": ("design.so", cut(length)) for length in (0, 1, 100, 4000, 4095)},
    "longer": ("design.so", lambda path: path.write_bytes(CONTENT + b"\0")),
    **{f"bit {bit} flipped": ("design.so", flipped(bit)) for bit in (0, 9999, 32767)},
    "garbage": ("design.so", lambda path: path.write_bytes(os.urandom(len(CONTENT)))),
    "gone": ("design.so", Path.unlink),
    "renamed": ("design.so", lambda path: path.rename(path.with_name("other"))),
    "below": ("deep/report", lambda path: path.write_text("another")),
    "one more": ("deep/report", lambda path: path.with_name("more").write_text("")),
    "seal gone": (SEAL, Path.unlink),
    "seal cut": (SEAL, cut(63)),
    "seal empty": (SEAL, cut(0)),
    "seal flipped": (SEAL, flipped(77)),
    "a file": ("", lambda path: (shutil.rmtree(path), path.write_text("x"))),
    "empty": ("", lambda path: (shutil.rmtree(path), path.mkdir())),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_was_used_and_is_made_again(entry, damage, caplog):
    made_once(entry, make)
    before = contents(entry)
    name, change = DAMAGES[damage]
    change(entry / name)
    assert not is_whole(entry)
    assert damaged_entries(entry.parent) == ([entry], 0)
    with caplog.at_level(logging.WARNING, "consilience.cache"):
        made_once(entry, make)
    assert contents(entry) == before
    assert [record.message for record in caplog.records] == [
        f"not whole in the cache, so it is made again: {entry}"
    ]
    assert damaged_entries(entry.parent) == ([], 1)
    assert sorted(path.suffix for path in entry.parent.iterdir()) == ["", ".lock", ".sha256"]


def test_what_is_whole_is_not_made_again(entry):
    made_once(entry, make)
    made_once(entry, lambda work, made: pytest.fail("made again"))


def test_a_damaged_text_was_read_and_is_made_again(entry):
    assert text_made_once(entry, lambda: "Bits: Ä\n") == "Bits: Ä\n"
    assert text_made_once(entry, lambda: pytest.fail("made again")) == "Bits: Ä\n"
    (entry / "text").write_bytes(b"\xff")
    assert text_made_once(entry, lambda: "Bits: Ä\n") == "Bits: Ä\n"


def test_a_program_that_runs_a_damaged_entry_keeps_what_it_opened(entry):
    """It is replaced, not written over: the mapped library of another process stays as it was."""
    made_once(entry, make)
    os.truncate(entry / "design.so", 100)
    with (entry / "design.so").open("rb") as opened:
        made_once(entry, make)
        assert opened.read() == CONTENT[:100]
    assert contents(entry)[0] == CONTENT


def test_a_make_that_fails_leaves_nothing(entry):
    def fail(work, made):
        (made / "half").write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        made_once(entry, fail)
    assert [path.name for path in entry.parent.iterdir()] == [f"{entry.name}.lock"]
    made_once(entry, make)
    assert contents(entry)[0] == CONTENT


PROGRAM = """
    import sys, time
    from pathlib import Path
    from consilience_sim.cache import made_once

    def make(work, made):
        with open("made", "a") as journal:
            print("made", file=journal, flush=True)
        (made / "first").write_text("half")
        time.sleep(float(sys.argv[2]))
        (made / "second").write_text("whole")

    entry = Path(sys.argv[1])
    made_once(entry, make)
    assert (entry / "second").read_text() == "whole"
"""


def start(entry, seconds):
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(entry), str(seconds)]
    return subprocess.Popen(command, cwd=entry.parents[1], stderr=subprocess.PIPE)


def test_four_processes_make_a_damaged_entry_once(entry):
    made_once(entry, make)
    os.truncate(entry / "design.so", 100)
    processes = [start(entry, 0.3) for _ in range(4)]
    said = b"".join(process.communicate()[1] for process in processes)
    assert [process.returncode for process in processes] == [0] * 4
    assert said.decode() == f"not whole in the cache, so it is made again: {entry}\n"
    assert (entry.parents[1] / "made").read_text() == "made\n"


def test_a_build_that_is_killed_leaves_no_entry_and_its_rest_is_removed(entry):
    process = start(entry, 60)
    while not (entry.parents[1] / "made").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(entry.parent.glob("*.build-*"))
    assert not entry.exists()
    made_once(entry, make)
    assert contents(entry)[0] == CONTENT
    assert not list(entry.parent.glob("*.build-*"))


CURE = "make room there, or set CONSILIENCE_CACHE to a folder that can be written"


def test_a_cache_that_is_a_file_ended_in_a_traceback(tmp_path):
    (tmp_path / "cache").write_text("no folder")
    entry = tmp_path / "cache" / digest("an entry")
    with pytest.raises(CacheUnusable) as refusal:
        made_once(entry, make)
    assert str(refusal.value) == f"{tmp_path / 'cache'}: File exists; {CURE}"


def test_an_entry_that_needs_another_says_what_the_other_cannot(entry, tmp_path):
    """The message once, with one cure."""
    (tmp_path / "file").write_text("no folder")
    other = tmp_path / "file" / digest("another")
    with pytest.raises(CacheUnusable) as refusal:
        made_once(entry, lambda work, made: made_once(other, make))
    assert str(refusal.value) == f"{tmp_path / 'file'}: File exists; {CURE}"


def test_no_home_ended_in_a_traceback(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("CONSILIENCE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(cache.Path, "home", no_home)
    with pytest.raises(CacheUnusable, match=r"no cache folder \(Could not .*set CONSILIENCE_CACHE"):
        cache_folder()


def test_a_disk_that_is_full(entry, monkeypatch):
    """While a tool writes, who says it in a log; and while we do."""

    def tool_fails(work, made):
        script = "print('fatal error: No space left on device'); raise SystemExit(1)"
        run_step("the C++ compiler", [sys.executable, "-c", script], work, work / "log")

    with pytest.raises(CacheUnusable, match=f"No space left on device, says the C.* {CURE}"):
        made_once(entry, tool_fails)
    assert not entry.exists()

    def we_fail(work, made):
        (made / "design.so").symlink_to("/dev/full")
        (made / "design.so").write_bytes(CONTENT)

    with pytest.raises(CacheUnusable, match=f"No space left on device; {CURE}"):
        made_once(entry, we_fail)
    assert not entry.exists()


@pytest.mark.skipif(UNPRIVILEGED is None, reason="root ignores permissions, and no setpriv here")
def test_a_read_only_cache_gives_what_it_has_and_says_what_it_cannot(entry, tmp_path):
    script = """
        import sys
        from pathlib import Path
        from consilience_sim.cache import CacheUnusable, made_once

        entry = Path(sys.argv[1])
        made_once(entry, None)
        try:
            made_once(entry.with_name("0" * 64), None)
        except CacheUnusable as error:
            print(error)
        """
    made_once(entry, make)
    entry.parent.chmod(0o555)
    try:
        answer = subprocess.run(
            [*UNPRIVILEGED, sys.executable, "-c", textwrap.dedent(script), str(entry)],
            capture_output=True,
            text=True,
        )
    finally:
        entry.parent.chmod(0o755)
    assert answer.stderr == ""
    lock = entry.with_name("0" * 64).with_suffix(".lock")
    assert answer.stdout == f"{lock}: Permission denied; {CURE}\n"


@pytest.mark.parametrize("home", ["whole", "unwritable"])
def test_tools_that_compile_themselves_could_not_run_in_an_unwritable_home(
    tmp_path, monkeypatch, home
):
    """WebAssembly of the tools is compiled into the user's cache, or fails."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path) if home == "whole" else "/dev/null")
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path / "ours"))
    show = "import os; print(os.environ.get('XDG_CACHE_HOME'))"
    run_step("a tool", [sys.executable, "-c", show], tmp_path, tmp_path / "log")
    expected = "None" if home == "whole" else str(tmp_path / "ours" / "tools")
    assert (tmp_path / "log").read_text().strip() == expected


def test_a_tool_that_fails_names_its_log(tmp_path):
    with pytest.raises(BuildFailed, match=r"a tool failed \(exit status 3\), log in .*log$"):
        run_step("a tool", [sys.executable, "-c", "exit(3)"], tmp_path, tmp_path / "log")

"""Files that are renamed, cut or replaced while they are read: every line once, or a clear word."""

import shutil

import pytest

from consilience.errors import BadInput
from consilience.monitor import file_lines
from consilience.monitor.file_lines import FileLines

NAMES = b"agent,run,score\n"


def lines_of(first, last):
    return b"".join(b"a,%d,%d\n" % (run, run * run % 97) for run in range(first, last))


class Reader:
    """Takes blocks one by one; what happens to the file happens in between."""

    def __init__(self, path, place=None, **chosen):
        self.source = FileLines(path, place or {}, **{"follow": True, **chosen})
        self.blocks = self.source.blocks()
        self.lines = []

    def step(self, count=1):
        for _ in range(count):
            block = next(self.blocks, None)
            if block is None:
                return self
            self.lines += [line for _, line in block if line != NAMES]
        return self

    def runs(self):
        return [int(line.split(b",")[1]) for line in self.lines]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(file_lines, "POLL_S", 0.0)
    monkeypatch.setattr(file_lines, "_QUIET_S", 0.0)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_bytes(NAMES + lines_of(0, 3))
    return path


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


def test_a_renamed_file_is_read_to_its_end_and_then_the_next(path):
    reader = Reader(path).step(2)
    append(path, lines_of(3, 5))
    path.rename(path.with_suffix(".csv.1"))
    append(path.with_suffix(".csv.1"), lines_of(5, 6))
    reader.step(2)
    path.write_bytes(NAMES + lines_of(100, 103))
    reader.step(6)
    append(path, lines_of(103, 104))
    assert reader.step(3).runs() == [*range(6), *range(100, 104)]
    assert "its first line counts as line 8" in reader.source.news[0]


def test_a_new_file_waits_for_a_quiet_one(path, monkeypatch):
    monkeypatch.setattr(file_lines, "_QUIET_S", 60.0)
    reader = Reader(path).step(2)
    old = path.rename(path.with_suffix(".1"))
    path.write_bytes(lines_of(100, 101))
    reader.step(3)
    append(old, lines_of(3, 4))
    reader.step(3)
    assert reader.runs() == [0, 1, 2, 3]
    monkeypatch.setattr(file_lines, "_QUIET_S", 0.0)
    assert reader.step(3).runs() == [0, 1, 2, 3, 100]
    append(old, lines_of(4, 5))
    with pytest.raises(BadInput, match="got more lines after the new one was begun"):
        reader.step(3)


def test_a_copied_and_cut_file_goes_on_in_its_copy(path):
    reader = Reader(path).step(2)
    append(path, lines_of(3, 5))
    shutil.copy(path, path.with_name("scores.csv.1"))
    path.write_bytes(b"")
    reader.step(4)
    append(path, lines_of(100, 102))
    assert reader.step(6).runs() == [*range(5), 100, 101]
    assert "was cut; first the rest of its copy" in reader.source.news[0]


def test_the_place_of_a_stream_is_none_of_a_file(path):
    place = {"source": "stream", "line": 7, "offset": 3, "part": 0}
    with pytest.raises(BadInput, match="of a stream, not of a file"):
        Reader(path, place)
    reader = Reader(path, place, follow=False, goes_on=True).step(3)
    assert reader.runs() == [0, 1, 2] and reader.source.left == 0


def test_a_file_that_was_cut_without_a_copy_ends_the_watch(path):
    reader = Reader(path).step(2)
    path.write_bytes(NAMES)
    with pytest.raises(BadInput, match=r"became shorter while it was followed.*pass --next"):
        reader.step(3)


def test_a_file_written_anew_and_longer_ends_the_watch(path):
    """Of the same inode and longer: it was read on from the middle of a line."""
    reader = Reader(path).step(2)
    path.write_bytes(NAMES + lines_of(50, 70))
    with pytest.raises(BadInput, match="or was written anew"):
        reader.step(3)
    assert reader.runs() == [0, 1, 2]


def test_a_file_that_is_replaced_by_a_longer_one_goes_on(path):
    reader = Reader(path).step(2)
    for last in (6, 9):
        new = path.with_name("part")
        new.write_bytes(NAMES + lines_of(0, last))
        new.replace(path)
        reader.step(3)
    assert reader.runs() == list(range(9))


@pytest.mark.parametrize("first", [0, 1])
def test_a_file_that_holds_counted_lines_among_others_ends_the_watch(path, first):
    """The last lines of a longer record, written anew: all would have counted twice."""
    append(path, lines_of(3, 300))
    reader = Reader(path).step(2)
    new = path.with_name("part")
    new.write_bytes(NAMES + (lines_of(first, 5) if first == 0 else lines_of(first, 310)))
    new.replace(path)
    with pytest.raises(BadInput, match="has lines which were counted, and not all of them"):
        reader.step(3)


def test_a_file_renamed_within_a_line_ends_the_watch(path):
    append(path, b"a,3")
    reader = Reader(path).step(2)
    path.rename(path.with_suffix(".1"))
    path.write_bytes(lines_of(100, 101))
    with pytest.raises(BadInput, match="was renamed within line 5"):
        reader.step(3)


@pytest.mark.parametrize("copied", [False, True])
def test_a_state_goes_on_in_a_file_that_was_rotated_meanwhile(path, copied):
    reader = Reader(path, follow=False).step(3)
    place = reader.source.place
    append(path, lines_of(3, 5))
    if copied:
        shutil.copy(path, path.with_name("scores.csv.1"))
        path.write_bytes(lines_of(100, 101))
    else:
        path.rename(path.with_name("scores.csv.1"))
        path.write_bytes(NAMES + lines_of(100, 101))
    again = Reader(path, place, follow=False).step(9)
    assert again.runs() == [3, 4, 100]
    assert again.source.place["line"] == 4 + 2 + 1 + (not copied)
    assert Reader(path, again.source.place, follow=False).step(3).runs() == []


def test_only_the_inode_tells_a_new_file_of_which_the_names_were_read(path):
    path.write_bytes(NAMES)
    place = Reader(path, follow=False).step(3).source.place
    append(path, lines_of(0, 2))
    path.rename(path.with_name("scores.csv.1"))
    path.write_bytes(NAMES + lines_of(100, 101))
    assert Reader(path, place, follow=False).step(9).runs() == [0, 1, 100]


def test_another_file_goes_on_if_it_is_said_to(path, tmp_path):
    place = Reader(path, follow=False).step(3).source.place
    other = tmp_path / "other.csv"
    other.write_bytes(NAMES + lines_of(40, 42))
    with pytest.raises(BadInput, match=r"begins with other lines.*pass --next"):
        Reader(other, place)
    reader = Reader(other, place, follow=False, goes_on=True).step(5)
    assert reader.runs() == [40, 41] and reader.source.place["line"] == 7
    # Started again by the same command, it is the file that was read.
    append(other, lines_of(42, 43))
    again = Reader(other, reader.source.place, follow=False, goes_on=True).step(5)
    assert again.runs() == [42]


def test_a_file_that_begins_as_the_counted_one_is_not_all_new(path, tmp_path):
    append(path, lines_of(3, 900))
    place = Reader(path, follow=False).step(3).source.place
    other = tmp_path / "other.csv"
    other.write_bytes(NAMES + lines_of(0, 600))
    with pytest.raises(BadInput, match="begins with lines that were counted"):
        Reader(other, place, goes_on=True)


def test_of_two_copies_the_one_with_the_inode_is_the_file(path):
    place = Reader(path, follow=False).step(3).source.place
    shutil.copy(path, path.with_name("scores.csv.bak"))
    append(path.with_name("scores.csv.bak"), lines_of(70, 90))
    append(path, lines_of(3, 4))
    path.rename(path.with_name("scores.csv.1"))
    path.write_bytes(NAMES + lines_of(100, 101))
    assert Reader(path, place, follow=False).step(9).runs() == [3, 100]


def test_json_lines_have_no_names_of_columns(tmp_path):
    path = tmp_path / "runs.jsonl"
    first = b'{"agent":"a","run":1,"score":3}\n'
    path.write_bytes(first + b'{"agent":"a","run":2,"score":4}\n')
    reader = Reader(path).step(2)
    path.rename(tmp_path / "runs.1")
    path.write_bytes(first)
    with pytest.raises(BadInput, match="has lines which were counted"):
        reader.step(4)

"""The folder of a watch: what is cut, what is refused, and who may have it."""

import pytest

from consilience.errors import BadInput
from consilience.monitor.stream_lines import StreamLines
from consilience.monitor.watch_folder import WatchFolder


def test_alarms_since_the_state_are_said_again(tmp_path):
    with WatchFolder(tmp_path) as folder:
        folder.say(["one"])
        folder.save({"n": 1}, b"monitor", b"", b"ended")
        folder.say(["two, which the state does not know"])
    with WatchFolder(tmp_path) as folder:
        saved = folder.saved
        assert saved.facts == {"n": 1, "alarms": 4}
        assert (saved.monitor, saved.ranks, saved.ended) == (b"monitor", b"", b"ended")
        folder.say(["two"])
    assert (tmp_path / "alarms.jsonl").read_text() == "one\ntwo\n"


def test_one_process_at_a_time(tmp_path):
    with WatchFolder(tmp_path), pytest.raises(BadInput, match="another process"):
        WatchFolder(tmp_path)
    WatchFolder(tmp_path).close()


def test_the_seed_stays_and_is_secret(tmp_path):
    with WatchFolder(tmp_path) as folder:
        seed = folder.seed()
        folder.save({}, b"", b"", b"")
    assert (tmp_path / "seed").stat().st_mode & 0o77 == 0
    with WatchFolder(tmp_path) as folder:
        assert folder.seed() == seed
    (tmp_path / "seed").unlink()
    with WatchFolder(tmp_path) as folder, pytest.raises(BadInput, match="is gone"):
        folder.seed()


@pytest.mark.parametrize("place", range(0, 90, 7))
def test_a_damaged_state_is_refused(tmp_path, place):
    with WatchFolder(tmp_path) as folder:
        folder.save({"n": 1}, b"m", b"r", b"e")
    data = bytearray((tmp_path / "state").read_bytes())
    data[place % len(data)] ^= 1
    (tmp_path / "state").write_bytes(data)
    with pytest.raises(BadInput, match="damaged"):
        WatchFolder(tmp_path)


def test_alarms_that_are_gone_are_said_to_be(tmp_path):
    with WatchFolder(tmp_path) as folder:
        folder.say(["one"])
        folder.save({}, b"", b"", b"")
    (tmp_path / "alarms.jsonl").write_text("")
    with pytest.raises(BadInput, match="alarms are lost"):
        WatchFolder(tmp_path)


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path):
    (tmp_path / "input-0").write_bytes(b"one\ntwo\nthr")
    lines = StreamLines(0, tmp_path, {"source": "stream", "offset": 4, "line": 1})
    assert lines.cut == 3
    assert next(lines.blocks()) == [(2, b"two\n")]
    lines.close()
    assert (tmp_path / "input-0").read_bytes() == b"one\ntwo\n"


def test_a_state_that_cannot_be_replaced_is_said_to_be(tmp_path):
    with WatchFolder(tmp_path) as folder:
        (tmp_path / "state").mkdir()
        with pytest.raises(BadInput, match="choose another --state"):
            folder.save({}, b"", b"", b"")

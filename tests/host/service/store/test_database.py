"""The tables that are read while they are written, on the disk and in memory."""

import threading

import pytest

from consilience.errors import BadInput
from consilience.service.store.database import Database


@pytest.mark.parametrize("name", [None, "service.db"])
def test_readers_and_the_writer_do_not_refuse_each_other(tmp_path, name):
    """In memory readers were refused ("table is locked"), and then the writer was, too."""
    database = Database(None if name is None else tmp_path / name)
    failed, done = [], threading.Event()

    def read():
        while not done.is_set():
            try:
                database.alarms(0, 100)
                database.points("a", 10)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for one in threads:
        one.start()
    for number in range(1, 101):
        database.write_alarms(number, [{"id": number, "agent": "a", "kind": "agent"}], [])
        database.write_points(number, [('"a"', number, 1, b"x")])
    done.set()
    for one in threads:
        one.join()
    assert failed == []
    assert len(database.alarms(0, 1000)) == database.count_alarms() == 100
    assert len(database.points("a", 7)) == 7
    database.forget_points(7)
    assert len(database.points("a", 1000)) == 7
    database.close()


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "service.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(BadInput, match="is damaged"):
        Database(path)

"""Transactions of the alerts: one that cannot be ended leaves nothing behind it."""

import contextlib
import sqlite3

import pytest

from consilience.service.alerts.alerts_database import AlertsDatabase


def test_what_fails_at_its_commit_is_rolled_back_and_the_next_is_kept(tmp_path):
    """It was left open: all that came later was part of it, and never on the disk."""
    path = tmp_path / "alerts.db"
    with AlertsDatabase(path) as base:
        with base.transaction() as run:
            run.execute("create table a (id integer primary key)")
            run.execute(
                "create table b (id integer references a(id) deferrable initially deferred)"
            )
        with base.reading() as run:
            run.execute("pragma foreign_keys = on")
        with pytest.raises(sqlite3.IntegrityError), base.transaction() as run:
            run.execute("insert into b values (1)")  # refused at the end alone
        with base.transaction() as run:
            run.execute("insert into a values (7)")
        with contextlib.closing(sqlite3.connect(path)) as other:
            assert other.execute("select id from a").fetchall() == [(7,)]
            assert other.execute("select id from b").fetchall() == []

"""Dispatchers over one database, and alarms as the service shows them."""

import pytest

from consilience.service.alerts.dispatcher import Dispatcher


@pytest.fixture
def dispatcher(tmp_path, clock):
    """Return a function that opens the same database with targets; times move with `clock`."""
    opened = []

    def make(*targets, **more):
        found = Dispatcher(tmp_path / "alerts.db", targets, clock, "d1", **more)
        for one in found.senders:
            one._steady = clock
        opened.append(found)
        return found

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def alarm():
    def make(number=1, agent="a", kind="agent", run="r1", **more):
        return {
            "id": number,
            "at_ms": 1_700_000_000_000,
            "agent": agent,
            "run": run,
            "kind": kind,
            "provisional": False,
            "statistic_bits": 20.5,
            "threshold_bits": 20.0,
            "promise": "at most 1 of 1,000,000",
            "source": "conformal",
            "says": "the scores are no longer exchangeable",
            "why": "run r1 moved it by 12 bits",
            "moved_by": [],
            "acknowledged_ms": None,
            **more,
        }

    return make

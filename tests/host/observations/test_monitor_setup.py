"""A setup from the host's settings and table."""

import pytest

import consilience as cs
from consilience.errors import BadInput
from consilience.monitor.settings import monitor_settings
from consilience.observations.monitor_setup import monitor_setup
from consilience_hw.spec.monitor_format import MonitorMode, Policy


def test_the_setup_of_a_monitor():
    table = cs.FrozenTable.fit([900, 80, 20])
    settings = monitor_settings(components=2, arl=10_000, policy="renew", source="frozen")
    setup = monitor_setup(settings, table)
    assert (setup.mode, setup.policy) == (MonitorMode.RESTART, Policy.RENEW)
    assert (setup.threshold, setup.weights) == (settings.threshold, settings.weights)
    assert [list(row) for row in setup.increments] == table.codes.tolist()


def test_a_table_of_other_bets():
    with pytest.raises(BadInput, match="1 weights for a table of 2 bets"):
        monitor_setup(monitor_settings(components=1, arl=1_000), cs.FrozenTable.fit([900, 80, 20]))

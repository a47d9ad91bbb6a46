"""A slice of the boards on Ethernet: the model's own arithmetic, and an engine behind it."""

import pytest

from tests.campaigns.ethernet.host_cost import host_cost
from tests.campaigns.ethernet.speed import Setting, measured
from tests.campaigns.ethernet.virtual_network import Troubles, wire_bytes
from tests.campaigns.fire.ends import GatewareEnd

CONFIG = GatewareEnd.config
USED = Setting(CONFIG.credits, CONFIG.largest_payload, 50_000_000)


def test_the_wire():
    """IEEE 802.3: a smallest frame is 64 bytes, and 84 with preamble and gap; a largest 1,538."""
    assert wire_bytes(1) == wire_bytes(18) == 84
    assert wire_bytes(19) == 85
    assert wire_bytes(1472) == 1538
    assert Setting(8, 1024, 125_000_000).wire_limit == pytest.approx(114.0, abs=0.05)
    assert Setting(8, 1408, 125_000_000).wire_limit == pytest.approx(117.0, abs=0.05)


@pytest.fixture(scope="module")
def clean():
    return measured(CONFIG, USED, codes=8_000)


@pytest.mark.slow  # the engine of this network is compiled for it
def test_the_engine_is_as_fast_as_its_credits_allow(clean):
    """4 requests of 164 bytes in 0.2 ms, and what they take on the wire and in the engine."""
    assert 0.9 * USED.credit_limit < clean.megabytes < USED.credit_limit
    assert (clean.wrong, clean.overruns, clean.counters["resent"]) == (0, 0, 0)


@pytest.mark.slow  # the engine of this network is compiled for it
def test_trouble_costs_time_and_no_answer(clean):
    spoilt = measured(CONFIG, USED, Troubles(0.02, 0.02, 0.02), codes=8_000)
    assert spoilt.wrong == 0
    assert min(spoilt.happened[what] for what in ("lost", "doubled", "late")) >= 2
    assert spoilt.counters["timeouts"] == 0
    assert 0.5 * clean.megabytes < spoilt.megabytes < clean.megabytes


def test_many_datagrams_in_one_call_cost_less():
    each, at_once = (
        host_cost(16, 1024, at_once=one, codes=60_000).sockets for one in (False, True)
    )
    assert at_once < 0.9 * each

"""A slice of the campaign: every engine, two orders, one digest; its own floats have more."""

import pytest

from tests.campaigns.engines.adapters import ENGINES
from tests.campaigns.engines.orders import drawn, tried, wanted
from tests.campaigns.engines.page import Run


@pytest.fixture(scope="module")
def table():
    return drawn(20_000)


def test_engines_give_the_digest_of_cpu(table):
    found = {name: tried(name, table, 2, shuffles=2, batches=(4_096,)) for name in ENGINES}
    run = Run(found, {}, dict(wanted(table, ("cpu",))), {}, 0)
    assert run.holds
    assert all(len(one.floats) == 2 for one in found.values())
    assert not run._replace(devices={"cpu": "another"}).holds

"""Read nodes with a roster: what a stranger says, or says again, moves no date and no answer."""

import pytest

from consilience.distributed.epochs.signing import Domain
from consilience.distributed.members.node_signatures import NodeSignatures
from consilience.distributed.members.seal import Seal
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import Report
from consilience.distributed.write_ahead_log import WriteAheadLog
from tests.host.distributed.members.members import key_of, roster_of
from tests.host.distributed.reads.test_read_node import RULE, S, exchange

ROSTER = roster_of(3)


class Clock:
    def __init__(self):
        self.now = 5 * S

    def sleep(self, seconds):
        self.now += round(seconds * S)


@pytest.fixture
def nodes(tmp_path):
    """Nodes 1 and 2, one of shard 3 that signs as 2, one that does not sign, and their clock."""
    clock = Clock()

    def node(shard, signer):
        seal = None
        if signer:
            seal = NodeSignatures(ROSTER, signer, key_of(f"node-{signer}")).dated
        log = WriteAheadLog(tmp_path / f"{shard}-{signer}")
        return log, ReadNode(shard, RULE, log, lambda: clock.now, clock.sleep, seal)

    logs, made = zip(*(node(*who) for who in ((1, 1), (2, 2), (3, 2), (3, 0))), strict=True)
    yield (clock, *made)
    for log in logs:
        log.close()


def test_only_members_are_heard_and_each_for_its_shard(nodes):
    clock, a, b, posing, unsigned = nodes
    exchange(a, b)
    recorded = b.dated_state()
    clock.now += S
    b.accept(0, Report(0, 900))
    exchange(a, b)
    before, counted = a.read(), a.counts.copy()
    assert before.versions == (0, 1, 0)
    kind = Seal(Domain.STATE, ROSTER, ROSTER.nodes, 2, key_of("node-2"))
    for data in (unsigned.dated_state(), posing.dated_state(), recorded, kind.sealed(b"other")):
        assert a.receive(data) is None
    assert a.read() == before
    assert a.counts - counted == {"stranger": 2, "damaged": 1, "old": 1}

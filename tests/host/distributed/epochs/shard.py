"""A small shard with known keys, and replicas that exchange relays in rounds, some of which lie."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consilience.distributed.epochs.closing import Closing
from consilience.distributed.epochs.reports import AgentReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.signing import SigningKey

DEPLOYMENT = bytes(range(16))
SHARD = 5
HERE = Scope(DEPLOYMENT, SHARD)
ELSEWHERE = {"shard": Scope(DEPLOYMENT, 9), "deployment": Scope(bytes(16), SHARD)}
AGENTS = range(6)


@cache
def key_of(name):
    """The same key in every run; `name` is any text."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


def agent_key(agent):
    return key_of(f"agent {agent}")


def replica_key(replica):
    return key_of(f"replica {replica}")


@cache
def roster(replicas=3, horizon=3):
    return Roster(
        DEPLOYMENT,
        SHARD,
        {agent: agent_key(agent).public for agent in AGENTS},
        {replica: replica_key(replica).public for replica in range(replicas)},
        reports_per_agent=4,
        horizon=horizon,
    )


def payload_of(codes):
    return b"".join(code.to_bytes(4, "little", signed=True) for code in codes)


def report(agent, seq=0, codes=(-65536,), epoch=0, key=None, scope=HERE):
    unsigned = AgentReport(scope, epoch, seq, agent, payload_of(codes))
    return unsigned.signed(agent_key(agent) if key is None else key)


Liars = Callable[[int, int, list], list]
"""(round, recipient, all relays that honest replicas sent so far) -> relays for the recipient."""


def exchange(closings: dict[int, Closing], liars: Liars) -> None:
    """Run all rounds of the honest replicas' closings; liars see everything before they speak."""
    sent = [(number, closing.start()) for number, closing in closings.items()]
    seen = []
    for number in range(1, next(iter(closings.values())).rounds + 1):
        seen += [relay for _, relays in sent for relay in relays]
        for recipient, closing in closings.items():
            for relay in liars(number, recipient, seen):
                closing.receive(relay)
            for sender, relays in sent:
                if sender != recipient:
                    for relay in relays:
                        closing.receive(relay)
        sent = [(number, closing.end_round()) for number, closing in closings.items()]


def no_liars(_round, _recipient, _seen):
    return []

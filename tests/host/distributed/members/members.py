"""Members of a deployment whose keys are the same in every run."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consilience.distributed.epochs.signing import SigningKey
from consilience.distributed.members.plane_roster import PlaneRoster

__all__ = ["DEPLOYMENT", "key_of", "roster_of"]

DEPLOYMENT = bytes(range(16))


def key_of(name):
    return SigningKey(Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


def roster_of(shards, producers=(), deployment=DEPLOYMENT, salt=""):
    nodes = {shard: key_of(f"{salt}node-{shard}").public for shard in range(1, shards + 1)}
    keys = {one: key_of(f"{salt}producer-{one}").public for one in producers}
    return PlaneRoster(deployment, nodes, keys)

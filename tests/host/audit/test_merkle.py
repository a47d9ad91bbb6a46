"""Trees: the vectors of Certificate Transparency, and a naive tree written from RFC 6962."""

from hashlib import sha256

import pytest

from consilience.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
)

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
LEAVES.append("606162636465666768696a6b6c6d6e6f")
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Roots of the first 1 .. 8 entries: the test data of Certificate Transparency."""


def naive_root(entries):
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = 1
    while 2 * k < len(entries):
        k *= 2
    return sha256(b"\1" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def perfect_of(entries):
    def perfect(level, index):
        part = entries[index << level : (index + 1) << level]
        assert len(part) == 1 << level
        return naive_root(part)

    return perfect


ENTRIES = [bytes([n % 251]) * (n % 7) for n in range(70)]


def test_published_roots():
    entries = [bytes.fromhex(one) for one in LEAVES]
    tree = Frontier()
    assert tree.root == EMPTY_ROOT == sha256().digest()
    for count, entry in enumerate(entries, 1):
        tree.append(leaf_hash(entry))
        assert tree.root.hex() == ROOTS[count - 1]


def test_a_frontier_goes_on_where_it_was_left():
    tree = Frontier()
    for count, entry in enumerate(ENTRIES):
        tree = Frontier(tree.size, tree.hashes)
        tree.append(leaf_hash(entry))
        assert tree.root == naive_root(ENTRIES[: count + 1])
    assert Frontier.of(61, perfect_of(ENTRIES)).root == naive_root(ENTRIES[:61])
    with pytest.raises(ValueError, match="subtrees"):
        Frontier(3, tree.hashes[:1])


def test_every_inclusion_of_trees_to_34_and_no_other():
    for size in range(1, 35):
        root = naive_root(ENTRIES[:size])
        for index in range(size):
            proof = inclusion_proof(index, size, perfect_of(ENTRIES))
            leaf = leaf_hash(ENTRIES[index])
            assert is_included(leaf, index, size, proof, root)
            assert not is_included(leaf, index, size, [*proof, root], root)
            assert not is_included(leaf, (index + 1) % size, size, proof, root) or size == 1
            if proof:
                assert not is_included(leaf, index, size, proof[1:], root)
                assert not is_included(leaf, index, size, proof[:-1], root)
    assert not is_included(leaf, 34, 34, proof, root)
    with pytest.raises(ValueError, match="entry 3"):
        inclusion_proof(3, 3, perfect_of(ENTRIES))


def test_every_consistency_of_trees_to_34_and_no_other():
    roots = [naive_root(ENTRIES[:size]) for size in range(36)]
    for new in range(35):
        for old in range(new + 1):
            proof = consistency_proof(old, new, perfect_of(ENTRIES))
            assert is_consistent(old, roots[old], new, roots[new], proof)
            assert not is_consistent(old, roots[old], new, roots[new], [*proof, roots[0]])
            if old < new:
                forked = roots[old][:-1] + bytes([roots[old][-1] ^ 1])
                assert not is_consistent(old, forked, new, roots[new], proof)
                assert not is_consistent(old, roots[old], new, roots[new + 1], proof) or old == 0
                assert not is_consistent(new, roots[new], old, roots[old], proof)
            if proof:
                assert not is_consistent(old, roots[old], new, roots[new], proof[1:])
                assert not is_consistent(old, roots[old], new, roots[new], proof[:-1])
    with pytest.raises(ValueError, match="beginning"):
        consistency_proof(5, 4, perfect_of(ENTRIES))

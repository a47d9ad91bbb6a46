"""Merkle hash trees of RFC 6962, section 2.1, with SHA-256: roots, proofs, and growth.

A tree is known by its size and its root. An inclusion proof shows that an entry is the i-th of a
tree, a consistency proof that a smaller tree is the beginning of a larger one. Source: RFC 6962,
sections 2.1.1 and 2.1.2; the checks are those of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Frontier",
    "consistency_proof",
    "inclusion_proof",
    "is_consistent",
    "is_included",
    "leaf_hash",
    "node_hash",
    "range_root",
]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without entries."""

Perfect = Callable[[int, int], bytes]
"""(level, index): root of the entries ``index * 2**level`` to ``(index + 1) * 2**level - 1``."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above two others."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that grows at its end, kept as its perfect subtrees: at most 64 hashes.

    Parameters
    ----------
    size : int
        Number of entries.
    hashes : iterable of bytes
        Roots of the perfect subtrees that together are the tree, the largest first: one for each
        bit of `size` that is set.

    Raises
    ------
    ValueError
        Another number of hashes, or hashes of another length.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size, self.hashes = size, list(hashes)
        if size < 0 or len(self.hashes) != size.bit_count():
            raise ValueError(f"{len(self.hashes)} subtrees for a tree of {size} entries")
        if any(len(one) != HASH_BYTES for one in self.hashes):
            raise ValueError(f"a hash that has not {HASH_BYTES} bytes")

    @classmethod
    def of(cls, size: int, perfect: Perfect) -> "Frontier":
        """Return the frontier of the first `size` entries of a tree that is kept elsewhere."""
        return cls(size, [perfect(level, index) for level, index in _perfect(0, size)])

    def append(self, leaf: bytes) -> None:
        """Add an entry by its leaf hash: one hash on average."""
        hashes, size = self.hashes, self.size
        while size & 1:
            leaf = node_hash(hashes.pop(), leaf)
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return _joined(self.hashes)


def range_root(start: int, end: int, perfect: Perfect) -> bytes:
    """Return the root of the entries `start` .. `end` - 1 as a tree of their own.

    Right for ranges that occur in proofs: `start` is a multiple of the largest power of two that
    is below `end - start`, or of `end - start` itself where this is one.
    """
    return _joined([perfect(level, index) for level, index in _perfect(start, end)])


def inclusion_proof(index: int, size: int, perfect: Perfect) -> list[bytes]:
    """Return the hashes that lead from entry `index` to the root of the first `size` entries.

    Raises
    ------
    ValueError
        No such entry.
    """
    if not 0 <= index < size:
        raise ValueError(f"entry {index} of a tree of {size}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(middle, end, perfect))
            end = middle
        else:
            proof.append(range_root(start, middle, perfect))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, perfect: Perfect) -> list[bytes]:
    """Return the hashes that show the first `old` entries to be the beginning of the first `new`.

    Empty for an empty old tree, and for equal sizes.

    Raises
    ------
    ValueError
        The old tree is larger.
    """
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {old} entries is the beginning of one of {new}")
    if old in (0, new):
        return []
    proof, start, end, whole = [], 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_root(middle, end, perfect))
            end = middle
        else:
            proof.append(range_root(start, middle, perfect))
            start, whole = middle, False
    if not whole:
        proof.append(range_root(start, end, perfect))
    return proof[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """Return whether a proof leads from a leaf hash at `index` to the root of `size` entries."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(one, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, one)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Return whether a proof shows the tree of `old` entries to be the beginning of the other."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    hashes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not hashes:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = hashes[0]
    for one in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(one, first), node_hash(one, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, one)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _split(count: int) -> int:
    """Return the largest power of two below `count`, which is 2 or more."""
    return 1 << (count - 1).bit_length() - 1


def _perfect(start: int, end: int) -> list[tuple[int, int]]:
    """Return (level, index) of the perfect subtrees that a range falls into, the largest first."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _joined(hashes: list[bytes]) -> bytes:
    """Return the root above perfect subtrees, the largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for one in reversed(hashes[:-1]):
        root = node_hash(one, root)
    return root

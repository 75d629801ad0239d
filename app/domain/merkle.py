"""The ledger's Merkle tree (RFC 6962, section 2.1), kept as its compact range: the roots of its perfect subtrees
(L13.4).

What belongs here: hashing leaves and growing the range. What does not: what a leaf says (`store.codec`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

EMPTY_ROOT = sha256().digest()
HASH_SIZE = 32


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The tree over the first `size` leaves: `peaks` are the roots of its perfect subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def extended(self, leaf_hashes: Iterable[bytes]) -> "CompactRange":
        """The range after these leaves as well."""
        size, peaks = self.size, list(self.peaks)
        for leaf_hash in leaf_hashes:
            peaks.append(leaf_hash)
            complete = size
            while complete & 1:
                right = peaks.pop()
                peaks.append(node_hash(peaks.pop(), right))
                complete >>= 1
            size += 1
        return CompactRange(size, tuple(peaks))

    def root(self) -> bytes:
        """The tree's root hash."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """The peaks one after another; the size is kept beside them."""
        return b"".join(self.peaks)

    @staticmethod
    def from_bytes(size: int, data: bytes) -> "CompactRange":
        """The range of `size` leaves; raises ValueError where the data has another number of peaks."""
        if len(data) != HASH_SIZE * size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(data) / HASH_SIZE}")
        return CompactRange(size, tuple(data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)))


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()

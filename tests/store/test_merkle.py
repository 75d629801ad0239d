"""The compact range has the root that RFC 6962 defines (L13.4)."""

from hashlib import sha256

import pytest

from app.domain.merkle import EMPTY_ROOT, CompactRange, leaf_hash

LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
# The vectors that Certificate Transparency's implementations share.
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", ROOTS)
def test_L13_4_the_published_vectors(size: int) -> None:
    tree = CompactRange().extended(leaf_hash(leaf) for leaf in LEAVES[:size])
    assert (tree.size, tree.root().hex()) == (size, ROOTS[size])


def naive_root(leaves: list[bytes]) -> bytes:
    """The recursive definition of RFC 6962, section 2.1."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\1" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def test_L13_4_one_at_a_time_is_all_at_once_is_the_definition() -> None:
    leaves = [str(number).encode() for number in range(300)]
    tree = CompactRange()
    for size, leaf in enumerate(leaves, 1):
        tree = CompactRange.from_bytes(tree.size, tree.to_bytes()).extended([leaf_hash(leaf)])
        if size % 37 == 0 or size < 20:
            assert tree.root() == naive_root(leaves[:size])
    assert tree == CompactRange().extended(map(leaf_hash, leaves))


def test_L13_4_a_range_of_the_wrong_length_is_refused() -> None:
    assert CompactRange().root() == EMPTY_ROOT
    with pytest.raises(ValueError, match="2 peaks"):
        CompactRange.from_bytes(3, b"\0" * 32)

"""Both hashes of a file, whatever pieces it comes in."""

import hashlib
import random

import pytest

from glmdesk.library.transfers.hashing import BLOCK, Digest, block_hash


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 12_345])
def test_pieces_do_not_matter(size: int) -> None:
    chance = random.Random(size)
    data = chance.randbytes(size)
    digest, at = Digest(), 0
    while at < size:
        piece = data[at : at + chance.randint(1, BLOCK)]
        digest.update(piece)
        at += len(piece)
    blocks = [block_hash(data[start : start + BLOCK]) for start in range(0, size, BLOCK)]
    assert digest.sha256 == hashlib.sha256(data).hexdigest()
    assert digest.blocks == "".join(blocks)

"""Memory that goes round: never while somebody still looks at it."""

import hashlib
import threading

from launcher.downloads.hashing import BackgroundHash
from launcher.downloads.stream import BLOCK_BYTES, Buffers


def test_a_block_is_used_again_and_not_before_it_is_free():
    buffers = Buffers()
    first = buffers.take()
    assert len(first) == BLOCK_BYTES
    piece = first[10:20]
    piece[:] = b"0123456789"
    del first
    # The piece keeps the whole block.
    second = buffers.take()
    second[10:20] = b"abcdefghij"
    assert bytes(piece) == b"0123456789"
    assert piece.obj is not second.obj
    memory = piece.obj
    del piece
    third = buffers.take()
    assert third.obj is memory
    assert len(third) == BLOCK_BYTES


def test_a_hash_that_lags_sees_the_right_bytes():
    go_on = threading.Event()

    class Slow:
        def __init__(self) -> None:
            self.inner = hashlib.sha256()

        def update(self, data: bytes | memoryview, /) -> None:
            assert go_on.wait(30)
            self.inner.update(data)

        def hexdigest(self) -> str:
            return self.inner.hexdigest()

    digest = BackgroundHash(Slow())
    buffers = Buffers()
    expected = hashlib.sha256()
    for number in range(BackgroundHash.WAITING_BLOCKS):
        view = buffers.take()
        view[:] = bytes([number]) * len(view)
        expected.update(view)
        digest.update(view)
    go_on.set()
    assert digest.hexdigest() == expected.hexdigest()
    digest.close()

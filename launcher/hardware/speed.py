"""How fast this processor reads memory and multiplies matrices, measured in a tenth of a second.

The kind of memory is not guessed: two laptops with the same name may have one or two modules.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from launcher.hardware.profile import Probed
from launcher.units import MIB

READING_SHARE = 0.7
"""The part of a plain read's speed that reading weights gets."""

BUFFER_BYTES = 64 * MIB
"""Larger than the caches of the processors in laptops and desktops."""

MATRIX_SIZE = 1024
ROUNDS = 3
ENOUGH_S = 0.15
"""On a busy computer fewer rounds have to do: a late answer is no answer."""


def measure() -> tuple[Probed[float], Probed[float]]:
    """Memory bandwidth in bytes per second (already x 0.7) and operations per second (float32)."""
    bandwidth = READING_SHARE * _reading()
    return (
        Probed(value=bandwidth, source="numpy: reading x 0.7", confidence="measured"),
        Probed(value=_multiplying(), source="numpy: matrix product", confidence="measured"),
    )


def _reading() -> float:
    import numpy as np

    workers = min(os.cpu_count() or 1, 8)
    buffer = np.ones(BUFFER_BYTES // 8, dtype=np.int64)
    parts = np.array_split(buffer, workers)
    with ThreadPoolExecutor(workers) as pool:
        return BUFFER_BYTES / _best(lambda: list(pool.map(np.max, parts)))


def _multiplying() -> float:
    import numpy as np

    matrix = np.ones((MATRIX_SIZE, MATRIX_SIZE), dtype=np.float32)
    result = np.empty_like(matrix)
    return 2 * MATRIX_SIZE**3 / _best(lambda: np.matmul(matrix, matrix, out=result))


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few rounds: others on the machine only ever slow one down."""
    times: list[float] = []
    while len(times) < ROUNDS and sum(times) < ENOUGH_S:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)

"""Every installer, fully compressed: its size, and what building it costs. Started by prove.sh."""

import pytest

from tests.packaging.kitchen import build

LIMIT_BYTES = 90 * 2**20
CPYTHON_BYTES = 20 * 2**20
"""Room for the interpreter, which a proof build for a Mac has to do without."""


@pytest.mark.parametrize("target", ["windows", "linux-run", "linux-deb"])
def test_it_is_small_enough(target: str) -> None:
    assert build(target, fast=False).stat().st_size <= LIMIT_BYTES


@pytest.mark.parametrize("target", ["macos-arm64", "macos-x64"])
def test_it_will_be_small_enough(target: str) -> None:
    # The same as a fast build: there is only one way of compressing a zip.
    assert build(target).stat().st_size <= LIMIT_BYTES - CPYTHON_BYTES

"""Room on the disk."""

import errno
from pathlib import Path

import pytest

from launcher.downloads import disk
from launcher.errors import PaadjeError
from launcher.units import GIB


@pytest.fixture
def free(monkeypatch):
    def set_free(count: int | None) -> None:
        monkeypatch.setattr(disk, "free_bytes", lambda folder: count)

    return set_free


def test_room_is_the_file_and_five_percent_and_two_gib():
    assert disk.room_needed(100 * GIB) == 107 * GIB
    assert disk.room_needed(100 * GIB, 60 * GIB) == 47 * GIB


def test_just_enough_and_one_byte_less(tmp_path, free):
    free(107 * GIB)
    disk.check_room(tmp_path, 100 * GIB)
    free(107 * GIB - 1)
    with pytest.raises(PaadjeError) as caught:
        disk.check_room(tmp_path, 100 * GIB)
    assert caught.value.code == "models.no_disk_space"
    assert caught.value.params == {"needed": 107, "free": 106, "folder": str(tmp_path)}
    disk.check_room(tmp_path, 100 * GIB, already_bytes=1)


def test_nothing_to_fetch_needs_no_room(tmp_path, free):
    free(0)
    disk.check_room(tmp_path, 5 * GIB, already_bytes=5 * GIB)


def test_unknown_room_does_not_refuse(tmp_path, free):
    free(None)
    disk.check_room(tmp_path, 5 * GIB)


def test_room_of_a_folder_that_is_not_there_yet(tmp_path: Path):
    assert disk.free_bytes(tmp_path / "a" / "b") is not None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "models.no_disk_space"),
        (errno.EDQUOT, "models.no_disk_space"),
        (errno.EFBIG, "models.file_too_big"),
        (errno.EACCES, "models.cannot_write"),
        (errno.EROFS, "models.cannot_write"),
    ],
)
def test_what_a_failed_write_means(tmp_path, number, code):
    error = disk.write_failed(OSError(number, "x"), tmp_path / "model", missing_bytes=1)
    assert error.code == code

"""The Windows calls, against a stand-in for kernel32 that looks at what it is given."""

import ctypes
from pathlib import Path
from typing import Any

import pytest

from launcher import jobs
from launcher.services import windows


class Kernel32:
    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.calls: list[tuple[Any, ...]] = []

    def CreateJobObjectW(self, attributes: object, name: object) -> int:  # noqa: N802
        self.calls.append(("create", attributes, name))
        return 71

    def SetInformationJobObject(self, job: int, kind: int, data: Any, size: int) -> int:  # noqa: N802
        limits = data._obj
        self.calls.append(("limits", job, kind, limits.BasicLimitInformation.LimitFlags, size))
        return int(self.works)

    def AssignProcessToJobObject(self, job: int, process: int) -> int:  # noqa: N802
        self.calls.append(("assign", job, process))
        return int(self.works)

    def CloseHandle(self, handle: int) -> int:  # noqa: N802
        self.calls.append(("close", handle))
        return 1

    def CreateFileW(self, *arguments: Any) -> int:  # noqa: N802
        self.calls.append(("file", *arguments))
        return 5 if self.works else ctypes.c_void_p(-1).value or 0


def test_the_job_ends_its_processes_when_it_closes() -> None:
    kernel32 = Kernel32()
    assert windows.create_kill_on_close_job(kernel32) == 71
    name, job, kind, flags, size = kernel32.calls[1]
    assert (name, job, kind) == ("limits", 71, 9)
    assert flags == 0x2000 | 0x800
    assert size == ctypes.sizeof(jobs.ExtendedLimits)


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the size on 64 bit")
def test_the_limits_have_the_size_that_windows_expects() -> None:
    assert ctypes.sizeof(jobs.ExtendedLimits) == 144


def test_a_job_without_limits_is_closed_again() -> None:
    kernel32 = Kernel32(works=False)
    with pytest.raises(OSError, match="SetInformationJobObject"):
        windows.create_kill_on_close_job(kernel32)
    assert kernel32.calls[-1] == ("close", 71)


def test_a_process_joins_the_job() -> None:
    kernel32 = Kernel32()
    jobs.assign_to_job(kernel32, 71, 9)
    assert kernel32.calls == [("assign", 71, 9)]
    with pytest.raises(OSError, match="AssignProcess"):
        jobs.assign_to_job(Kernel32(works=False), 71, 9)


def test_a_log_is_opened_for_appending_only() -> None:
    kernel32 = Kernel32()
    assert windows.open_append_handle(kernel32, Path("a.log")) == 5
    name, path, access, share, *_ = kernel32.calls[0]
    assert (name, path) == ("file", "a.log")
    assert access & 0x4
    assert not access & 0x2  # FILE_WRITE_DATA would let a write land anywhere.
    assert share == 7  # Others may shorten or remove it meanwhile.
    with pytest.raises(OSError, match="appending"):
        windows.open_append_handle(Kernel32(works=False), Path("a.log"))

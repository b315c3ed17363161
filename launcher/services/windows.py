"""The few Windows calls that the standard library lacks. Documented functions of kernel32 only.

``kernel32`` can be handed in, so that the calls are tested on every system.
"""

import ctypes
from functools import lru_cache
from pathlib import Path
from typing import Any

KILL_ON_JOB_CLOSE = 0x2000
BREAKAWAY_OK = 0x0800
EXTENDED_LIMIT_INFORMATION = 9

FILE_APPEND_DATA = 0x0004
SYNCHRONIZE = 0x00100000
SHARE_ALL = 0x1 | 0x2 | 0x4
OPEN_ALWAYS = 4
ATTRIBUTE_NORMAL = 0x80
INVALID_HANDLE = ctypes.c_void_p(-1).value

CREATE_NEW_PROCESS_GROUP = 0x0200
CREATE_NO_WINDOW = 0x08000000
CREATE_BREAKAWAY_FROM_JOB = 0x01000000


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION; the six counters of IO_COUNTERS are not used."""

    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


@lru_cache
def kernel32_library() -> Any:
    """kernel32 with the handle types set: the default of ctypes would cut them to 32 bits."""
    library: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
    handle = ctypes.c_void_p
    library.CreateJobObjectW.restype = handle
    library.CreateJobObjectW.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p)
    library.SetInformationJobObject.argtypes = (
        handle,
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_uint32,
    )
    library.AssignProcessToJobObject.argtypes = (handle, handle)
    library.CloseHandle.argtypes = (handle,)
    library.CreateFileW.restype = handle
    library.CreateFileW.argtypes = (
        ctypes.c_wchar_p,
        ctypes.c_uint32,
        ctypes.c_uint32,
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_uint32,
        handle,
    )
    return library


def create_kill_on_close_job(kernel32: Any) -> int:
    """A job whose processes end when its last handle closes: when this process ends, at the latest.

    Raises `OSError`. Processes may leave it on request (`CREATE_BREAKAWAY_FROM_JOB`), which is how
    a lesson host gets away from the front that starts it.
    """
    job = kernel32.CreateJobObjectW(None, None)
    if not job:
        raise OSError("CreateJobObjectW failed")
    limits = ExtendedLimits()
    limits.BasicLimitInformation.LimitFlags = KILL_ON_JOB_CLOSE | BREAKAWAY_OK
    if not kernel32.SetInformationJobObject(
        job, EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
    ):
        kernel32.CloseHandle(job)
        raise OSError("SetInformationJobObject failed")
    return int(job)


@lru_cache
def own_job() -> int:
    """The job of this process's children; made once, closed by the end of this process."""
    return create_kill_on_close_job(kernel32_library())


def assign_to_job(kernel32: Any, job: int, process_handle: int) -> None:
    """Put a process in the job; raises `OSError`."""
    if not kernel32.AssignProcessToJobObject(job, process_handle):
        raise OSError("AssignProcessToJobObject failed")


def open_append_handle(kernel32: Any, path: Path) -> int:
    """A handle that always writes at the end, also after the file was shortened by another.

    Files in the user's own folders are private through the access list of that folder.
    """
    handle = kernel32.CreateFileW(
        str(path),
        FILE_APPEND_DATA | SYNCHRONIZE,
        SHARE_ALL,
        None,
        OPEN_ALWAYS,
        ATTRIBUTE_NORMAL,
        None,
    )
    if not handle or handle == INVALID_HANDLE:
        raise OSError(f"cannot open {path.name} for appending")
    return int(handle)

"""Job objects of Windows: limits and a common end for processes. Documented functions only.

``kernel32`` can be handed in, so that the calls are tested on every system.
"""

import ctypes
from functools import lru_cache
from typing import Any

KILL_ON_JOB_CLOSE = 0x2000
BREAKAWAY_OK = 0x0800
PROCESS_TIME = 0x0002
ACTIVE_PROCESS = 0x0008
PROCESS_MEMORY = 0x0100
_EXTENDED_LIMIT_INFORMATION = 9


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION; times in units of 100 ns."""

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
    """kernel32 with the types for jobs set: the default of ctypes would cut them to 32 bits."""
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
    library.GetCurrentProcess.restype = handle
    return library


def create_job(kernel32: Any, limits: ExtendedLimits) -> int:
    """A job with these limits. Raises `OSError`."""
    job = kernel32.CreateJobObjectW(None, None)
    if not job:
        raise OSError("CreateJobObjectW failed")
    if not kernel32.SetInformationJobObject(
        job, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
    ):
        kernel32.CloseHandle(job)
        raise OSError("SetInformationJobObject failed")
    return int(job)


def assign_to_job(kernel32: Any, job: int, process_handle: int) -> None:
    """Put a process in the job; raises `OSError`."""
    if not kernel32.AssignProcessToJobObject(job, process_handle):
        raise OSError("AssignProcessToJobObject failed")

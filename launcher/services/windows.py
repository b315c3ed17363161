"""The few Windows calls that the standard library lacks. Documented functions of kernel32 only.

``kernel32`` can be handed in, so that the calls are tested on every system.
"""

import ctypes
from functools import lru_cache
from pathlib import Path
from typing import Any

from launcher import jobs

FILE_APPEND_DATA = 0x0004
SYNCHRONIZE = 0x00100000
SHARE_ALL = 0x1 | 0x2 | 0x4
OPEN_ALWAYS = 4
ATTRIBUTE_NORMAL = 0x80
INVALID_HANDLE = ctypes.c_void_p(-1).value

CREATE_NEW_PROCESS_GROUP = 0x0200
CREATE_NO_WINDOW = 0x08000000
CREATE_BREAKAWAY_FROM_JOB = 0x01000000


@lru_cache
def kernel32_library() -> Any:
    """kernel32 with the types set for what this module calls."""
    library = jobs.kernel32_library()
    handle = ctypes.c_void_p
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
    limits = jobs.ExtendedLimits()
    limits.BasicLimitInformation.LimitFlags = jobs.KILL_ON_JOB_CLOSE | jobs.BREAKAWAY_OK
    return jobs.create_job(kernel32, limits)


@lru_cache
def own_job() -> int:
    """The job of this process's children; made once, closed by the end of this process."""
    return create_kill_on_close_job(kernel32_library())


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

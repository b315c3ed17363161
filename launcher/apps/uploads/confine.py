"""What the reading process may not do, told to the operating system by that process itself."""

import os
import sys
import threading
import time
from typing import Any

from launcher import jobs

_FORBIDDEN_EVENTS = (
    "socket.", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn",
    "os.startfile", "os.putenv", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link",
    "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.kill", "shutil.", "tempfile.",
    "ftplib.", "http.client.", "smtplib.", "urllib.", "webbrowser.", "winreg.",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(Exception):  # noqa: N818 - what happened to a parser that tried something
    """A parser tried to reach the network, another program or the disk."""


def limit_resources(*, cpu_s: float, memory_bytes: int) -> None:
    """Bound processor time and memory of this process; forbid core dumps and written files."""
    if sys.platform == "win32":
        limit_by_job(jobs.kernel32_library(), cpu_s=cpu_s, memory_bytes=memory_bytes)
        return
    import resource

    seconds = max(int(cpu_s) + 1, 1)
    _set(resource.RLIMIT_CPU, seconds)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, 0)
    if sys.platform == "darwin" or not _set(resource.RLIMIT_AS, memory_bytes):
        watch_memory(memory_bytes)


def _set(kind: int, value: int) -> bool:
    if sys.platform == "win32":
        return False
    import resource

    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        return False
    return True


def watch_memory(memory_bytes: int, *, every_s: float = 0.02) -> threading.Thread:
    """End this process when it has used more: for systems that do not bound the address space."""

    def watch() -> None:
        while peak_memory_bytes() <= memory_bytes:
            time.sleep(every_s)
        os._exit(3)

    thread = threading.Thread(target=watch, name="memory", daemon=True)
    thread.start()
    return thread


def peak_memory_bytes() -> int:
    """The most memory that this process ever held."""
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def forbid_reaching_out() -> None:
    """No network, no other program, no file opened for writing; a hook cannot be taken out."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            writes = isinstance(mode, str) and any(letter in mode for letter in "wax+")
            if writes or (isinstance(flags, int) and mode is None and flags & _WRITING):
                raise Refused(event)
        elif event.startswith(_FORBIDDEN_EVENTS):
            raise Refused(event)

    sys.addaudithook(hook)


def limit_by_job(kernel32: Any, *, cpu_s: float, memory_bytes: int) -> None:
    """Windows: put this process in a job object with limits. Raises `OSError`."""
    limits = jobs.ExtendedLimits()
    basic = limits.BasicLimitInformation
    basic.LimitFlags = jobs.PROCESS_TIME | jobs.ACTIVE_PROCESS | jobs.PROCESS_MEMORY
    basic.PerProcessUserTimeLimit = int((cpu_s + 1) * 10_000_000)
    basic.ActiveProcessLimit = 1
    limits.ProcessMemoryLimit = memory_bytes
    jobs.assign_to_job(kernel32, jobs.create_job(kernel32, limits), kernel32.GetCurrentProcess())

"""Start a child program, and end it with everything that it started.

No child outlives the process that started it. On every system the child's standard input is a
pipe whose other end we hold (`launcher.lifeline`); on Linux the kernel ends it with us
(PR_SET_PDEATHSIG), on Windows a job object does.
"""

import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

import launcher
from launcher import jobs
from launcher.errors import PaadjeError
from launcher.services import logfiles, windows

_PR_SET_PDEATHSIG = 1
_NOT_FOR_CHILDREN = re.compile(
    r"_PROXY$|TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|^PYTHONPATH$", re.IGNORECASE
)


@dataclass(slots=True, eq=False)
class Child:
    """A running program of ours. ``log_offset`` is where its part of the log begins."""

    popen: subprocess.Popen[bytes]
    log_file: Path
    log_offset: int

    @property
    def pid(self) -> int:
        return self.popen.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that ended it (not on Windows)."""
        return self.popen.poll()

    def send(self, message: Mapping[str, object]) -> None:
        """Write a message on its lifeline; a child that is gone hears nothing."""
        pipe = self.popen.stdin
        if pipe is None or pipe.closed:
            return
        with contextlib.suppress(OSError):
            pipe.write(json.dumps(message).encode() + b"\n")
            pipe.flush()

    def log_tail(self, *, lines: int = 20) -> str:
        """The last lines of this run, safe to show."""
        return logfiles.tail(self.log_file, lines=lines, offset=self.log_offset)


def child_environment(
    argv: Sequence[str], extra: Mapping[str, str], base: Mapping[str, str]
) -> dict[str, str]:
    """``base`` without what a child has no use for, then ``extra``.

    Secrets of the user's session stay out, and so do proxies: children talk to loopback only. A
    child on our own interpreter finds our own package, and never a module in the current folder.
    """
    kept = {name: value for name, value in base.items() if not _NOT_FOR_CHILDREN.search(name)}
    if argv and argv[0] == sys.executable:
        kept["PYTHONPATH"] = str(Path(launcher.__file__).resolve().parent.parent)
        kept["PYTHONSAFEPATH"] = "1"
    return kept | dict(extra)


@contextlib.contextmanager
def log_of_new_program(argv: Sequence[str], log_file: Path) -> Iterator[int]:
    """A descriptor of ``log_file``, open while the block starts ``argv``.

    Raises ``services.log_unwritable``, and ``services.cannot_start`` when the block fails.
    """
    logfiles.rotate(log_file)
    try:
        log = logfiles.open_log(log_file)
    except OSError as error:
        raise PaadjeError("services.log_unwritable", detail=str(error)) from error
    try:
        yield log
    except (OSError, ValueError) as error:
        raise PaadjeError(
            "services.cannot_start", program=Path(argv[0]).name, detail=str(error)
        ) from error
    finally:
        os.close(log)


def spawn(argv: Sequence[str], env: Mapping[str, str], log_file: Path) -> Child:
    """Start a program; ``env`` is added to our own environment, output goes to ``log_file``.

    Call it from a thread that lives as long as this process, such as the main thread: on Linux the
    child ends with the *thread* that started it. Raises as :func:`log_of_new_program` does.
    """
    with log_of_new_program(argv, log_file) as log, warnings.catch_warnings():
        offset = logfiles.size(log_file)
        # Python warns of any fork beside threads; `_die_with` only calls what is ready.
        warnings.simplefilter("ignore", DeprecationWarning)
        popen = subprocess.Popen(
            list(argv),
            env=child_environment(argv, env, os.environ),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=sys.platform != "win32",
            creationflags=windows.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0,
            preexec_fn=_die_with(os.getpid()),
        )
    if sys.platform == "win32":
        _tie_to_job(popen)
    return Child(popen=popen, log_file=log_file, log_offset=offset)


def stop(child: Child, grace_s: float) -> None:
    """Ask the child to leave, wait at most ``grace_s``, then end it and all that it started."""
    family = _family(child.pid)
    _ask_to_leave(child)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.popen.wait(timeout=grace_s)
    end_family(child, family)


def end_family(child: Child, family: Iterable[psutil.Process] = ()) -> None:
    """End the child, if it still runs, and everything it left behind, without asking."""
    # psutil compares start times, so a pid that was given out again is left alone.
    members = {process.pid: process for process in (*family, *_family(child.pid))}
    if child.exit_code() is None:
        child.popen.kill()
    for process in members.values():
        with contextlib.suppress(psutil.Error):
            if process.pid != child.pid:
                process.kill()
    child.popen.wait()
    psutil.wait_procs(members.values(), timeout=5)
    _close_lifeline(child)


def _ask_to_leave(child: Child) -> None:
    if child.exit_code() is None:
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                child.popen.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                child.popen.terminate()
    _close_lifeline(child)


def _close_lifeline(child: Child) -> None:
    if child.popen.stdin is not None:
        with contextlib.suppress(OSError):
            child.popen.stdin.close()


def _family(pid: int) -> list[psutil.Process]:
    """What the child started. On POSIX its session also holds those whose parent has gone."""
    found: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            found[process.pid] = process
    if sys.platform != "win32":
        for other in psutil.pids():
            with contextlib.suppress(OSError, psutil.Error):
                if other != pid and os.getsid(other) == pid:
                    found[other] = psutil.Process(other)
    return list(found.values())


def wait_for(condition: Callable[[], bool], timeout_s: float, *, interval_s: float = 0.05) -> bool:
    """Look until ``condition`` holds, for at most ``timeout_s``; whether it came to hold."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval_s)
    return True


def _die_with(parent_pid: int) -> Callable[[], None] | None:
    """What the new process runs before its program: on Linux, ask the kernel to end it with us."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    prctl, getppid, leave, kill = libc.prctl, os.getppid, os._exit, signal.SIGKILL

    def set_parent_death_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, kill)
        if getppid() != parent_pid:
            leave(1)  # We were gone before the signal was set.

    return set_parent_death_signal


def _tie_to_job(popen: subprocess.Popen[bytes]) -> None:
    # Inside a job that forbids another one, the lifeline alone has to do.
    with contextlib.suppress(OSError):
        jobs.assign_to_job(
            windows.kernel32_library(),
            windows.own_job(),
            int(popen._handle),  # type: ignore[attr-defined,unused-ignore]
        )

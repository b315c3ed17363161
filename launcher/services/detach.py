"""Start a program that goes on after we end: the lesson host."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from launcher.services import windows
from launcher.services.process import child_environment, log_of_new_program


def spawn_detached(argv: Sequence[str], env: Mapping[str, str], log_file: Path) -> int:
    """Start a program outside our session and terminal; its pid.

    ``env`` is added to our own environment. Raises what :func:`log_of_new_program` raises.
    """
    with log_of_new_program(argv, log_file) as log:
        popen = _start(argv, child_environment(argv, env, os.environ), log, log_file.parent)
    # A front that stays open has to take note of the end, else the program stays as a zombie.
    threading.Thread(target=popen.wait, name="detached", daemon=True).start()
    return popen.pid


def _start(
    argv: Sequence[str], env: dict[str, str], log: int, folder: Path
) -> "subprocess.Popen[bytes]":
    # Its folder is the one of the logs, so that it does not keep a USB stick or a download busy.
    def start(creation_flags: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            list(argv),
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=sys.platform != "win32",
            creationflags=creation_flags,
        )

    if sys.platform == "win32":
        # With a hidden console of its own the host outlives ours, and its children, which share
        # it, can be sent CTRL_BREAK. A fully detached process has none and could not send it.
        flags = windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP
        try:
            return start(flags | windows.CREATE_BREAKAWAY_FROM_JOB)
        except PermissionError:
            return start(flags)  # We are in a job that lets nobody leave.
    return start(0)

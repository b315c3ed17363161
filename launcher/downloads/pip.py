"""Run this user's pip: it knows the school's package server, its certificate and its password."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence

from launcher.downloads.failures import mask
from launcher.errors import PaadjeError
from launcher.events import Cancel

LOOK_S = 0.1


def run_pip(
    arguments: Sequence[str],
    *,
    failure: str,
    cancel: Cancel,
    environ: Mapping[str, str] | None = None,
    limit_s: float | None = None,
    each_look: Callable[[], None] | None = None,
) -> None:
    """Run pip until it ends; without ``environ`` in our own environment.

    Raises the error with the code ``failure`` and pip's last words, or Cancelled.
    """
    command = [sys.executable, "-m", "pip", *arguments, "--no-input", "--disable-pip-version-check"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environ,
        )
        waited_s = 0.0
        try:
            while process.poll() is None:
                cancel.wait(LOOK_S)
                cancel.check()
                waited_s += LOOK_S
                if limit_s is not None and waited_s > limit_s:
                    raise PaadjeError(failure, detail=f"pip took over {limit_s:.0f} s")
                if each_look is not None:
                    each_look()
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        if process.returncode:
            output.seek(0)
            text = output.read().decode("utf-8", errors="replace")
            raise PaadjeError(failure, detail=last_words(text))


def last_words(output: str) -> str:
    """The last line of what pip said, without names and passwords."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return mask(lines[-1])[:500] if lines else "pip said nothing"

"""The real program in a real terminal."""

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals on Windows")

INTO_SCREEN, OUT_OF_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"


def test_opens_and_closes_and_leaves_the_terminal_in_order(home: Path) -> None:
    import fcntl
    import struct
    import termios

    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(follower)
    environ = {**os.environ, "TERM": "xterm-256color", "PAADJE_LANGUAGE": "nl"}
    program = subprocess.Popen(
        [sys.executable, "-m", "launcher"],
        stdin=follower, stdout=follower, stderr=follower, env=environ, start_new_session=True,
    )  # fmt: skip
    try:
        shown = read_until(leader, b"Wat wil je doen met je klas?")
        assert INTO_SCREEN in shown
        os.write(leader, b"q")
        shown = read_until(leader, OUT_OF_SCREEN)
        assert program.wait(timeout=30) == 0
        assert b"Traceback" not in shown
        assert termios.tcgetattr(follower) == before
    finally:
        program.kill()
        program.wait()
        os.close(leader)
        os.close(follower)


def read_until(terminal: int, text: bytes, within_s: float = 60.0) -> bytes:
    shown = b""
    give_up_at = time.monotonic() + within_s
    while text not in shown:
        assert time.monotonic() < give_up_at, shown[-2000:]
        if select.select([terminal], [], [], 1.0)[0]:
            shown += os.read(terminal, 65536)
    return shown

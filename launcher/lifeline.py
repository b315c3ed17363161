"""How our child programs notice that the process that started them is gone.

The lesson host keeps the write end of each child's standard input. When the host ends, however it
ends, that pipe closes and the child leaves. This works on every system; the parent-death signal
(Linux) and the job object (Windows) are a second line that the host adds.

Lines on the pipe are messages from the host: one JSON object a line.
"""

import json
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

Message = dict[str, Any]


def follow(
    *,
    on_end: Callable[[], None],
    on_message: Callable[[Message], None] | None = None,
    stream: TextIO | None = None,
) -> threading.Thread:
    """Read the host's messages in a daemon thread; call ``on_end`` once when the pipe closes.

    Both callbacks run in that thread. Lines that are not a JSON object are skipped.
    """
    source = stream if stream is not None else sys.stdin

    def read() -> None:
        try:
            for line in source:
                message = _parse(line)
                if message is not None and on_message is not None:
                    on_message(message)
        except (OSError, ValueError):
            pass  # A closed or broken pipe means the same as its end.
        on_end()

    thread = threading.Thread(target=read, name="lifeline", daemon=True)
    thread.start()
    return thread


def _parse(line: str) -> Message | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None

"""PROGRAM: ``python -m launcher.host <lesson folder>/spec.json`` supervises one lesson.

It goes on when the terminal closes. It ends with exit code 0 when the lesson was stopped.
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from launcher.errors import ExitCode
from launcher.files import read_json_object
from launcher.logs import set_up_logging
from launcher.services.spec import spec_from_dict
from launcher.services.state import STATE_FILE, is_alive, read_record

_log = logging.getLogger("launcher.host")


def main(arguments: list[str]) -> int:
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # Closing the terminal ends no lesson.
    os.umask(0o077)
    set_up_logging(None)
    # They would log every look at the health of a service, and every way that was tried.
    for library in ("httpx", "uvicorn", "wakepy"):
        logging.getLogger(library).setLevel(logging.WARNING)
    if len(arguments) != 1:
        _log.error("usage: python -m launcher.host SPEC.JSON")
        return ExitCode.USAGE
    file = Path(arguments[0]).absolute()
    try:
        spec = spec_from_dict(read_json_object(file) or {})
    except (KeyError, TypeError, AttributeError) as error:
        _log.error("the specification cannot be used: %s", type(error).__name__)
        return ExitCode.USAGE

    record = read_record(file.parent / STATE_FILE)
    if record is not None and is_alive(record):
        # Its end would take the files of the lesson that runs.
        _log.error("another host runs this lesson")
        return ExitCode.KNOWN_ERROR

    from launcher.host.lesson import Host

    async def run() -> None:
        await Host(spec, file.parent).run()

    try:
        asyncio.run(run())
    except Exception:  # noqa: BLE001 - the boundary of this program
        _log.exception("the host failed")
        return ExitCode.BUG
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

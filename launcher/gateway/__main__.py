"""PROGRAM: the only process of a lesson that listens beyond loopback.

``python -m launcher.gateway <config.json>``. It ends when its standard input closes or on SIGTERM.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from launcher import lifeline
from launcher.errors import ExitCode, PaadjeError
from launcher.files import write_private_json
from launcher.gateway.app import Gateway
from launcher.gateway.config import GatewayConfig, read_config
from launcher.gateway.server import allow_many_connections, make_server, open_sockets
from launcher.logs import set_up_logging

STATUS_EVERY_S = 1.0

log = logging.getLogger("launcher.gateway")


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop; returns the exit code."""
    set_up_logging(None)
    try:
        if len(arguments) != 1:
            raise PaadjeError("gateway.config_invalid", detail="one argument: the file")
        config = read_config(Path(arguments[0]))
        set_up_logging(config.log_file)
        # They log addresses with paths and queries.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        allow_many_connections()
        asyncio.run(run(config, open_sockets(config.bind)))
    except PaadjeError as error:
        log.error("%s", error)
        return error.exit_code
    except Exception:
        log.exception("bug")
        return ExitCode.BUG
    return ExitCode.OK


async def run(config: GatewayConfig, sockets: list[socket.socket]) -> None:
    """Serve until the lifeline ends or a signal comes."""
    gateway = Gateway(config)
    server = make_server(gateway.asgi)

    def stop(*_: object) -> None:
        server.should_exit = True

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    lifeline.follow(on_end=stop)
    status = asyncio.create_task(_write_status(gateway, config.status_file))
    try:
        await server.serve(sockets)
    finally:
        status.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await status
        await gateway.proxy.close()


async def _write_status(gateway: Gateway, file: Path) -> None:
    written: dict[str, object] | None = None
    while True:
        now = gateway.status()
        if now != written:
            try:
                await asyncio.to_thread(write_private_json, file, now)
                written = now
            except OSError as error:
                log.warning("the status cannot be written: %s", type(error).__name__)
        await asyncio.sleep(STATUS_EVERY_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

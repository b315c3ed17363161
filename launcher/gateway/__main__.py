"""PROGRAM: the only process of a lesson that listens beyond loopback.

``python -m launcher.gateway <config.json>``. It ends when its standard input closes or on SIGTERM.
Lines on its standard input are messages of the lesson host (`launcher.lifeline`).
"""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from launcher import lifeline
from launcher.errors import ExitCode, PaadjeError
from launcher.files import write_private_json
from launcher.gateway.app import Gateway
from launcher.gateway.config import GatewayConfig, read_config
from launcher.gateway.server import (
    GatewayServer,
    allow_many_connections,
    make_health_server,
    make_server,
    open_sockets,
)
from launcher.logs import set_up_logging
from launcher.sharing.certificate import check_certificate, server_context

STATUS_EVERY_S = 0.5
MAX_WAITING_MESSAGES = 100

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
        asyncio.run(run(config, Path(arguments[0])))
    except PaadjeError as error:
        log.error("%s", error)
        return error.exit_code
    except Exception:
        log.exception("bug")
        return ExitCode.BUG
    return ExitCode.OK


async def run(config: GatewayConfig, file: Path) -> None:
    """Serve until the lifeline ends or a signal comes.

    Raises `PaadjeError` when the certificate cannot be used or a port is taken.
    """
    tls = None
    if config.certificate is not None:
        own = config.certificate
        check_certificate(own.file, own.key_file, own.hostname, until=config.expires_at)
        tls = server_context(own.file, own.key_file)
    gateway = Gateway(config)
    server = make_server(gateway.asgi, tls)
    sockets = open_sockets(config.bind)
    health = make_health_server(lambda: server.started)

    def stop(*_: object) -> None:
        server.should_exit = health.should_exit = True

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    loop = asyncio.get_running_loop()
    messages: asyncio.Queue[lifeline.Message] = asyncio.Queue(MAX_WAITING_MESSAGES)

    def take(message: lifeline.Message) -> None:
        with contextlib.suppress(RuntimeError):  # The loop may have ended already.
            loop.call_soon_threadsafe(_put, messages, message)

    lifeline.follow(on_end=stop, on_message=take)
    tasks = [
        asyncio.create_task(_write_status(gateway, server, config.status_file)),
        asyncio.create_task(_obey(messages, gateway, server, file)),
    ]
    if config.health_port is not None:
        sockets_for_health = open_sockets([("127.0.0.1", config.health_port)])
        tasks.append(asyncio.create_task(health.serve(sockets_for_health)))
    try:
        await server.serve(sockets)
    finally:
        health.should_exit = True
        for task in tasks[:2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await gateway.proxy.close()


def _put(messages: asyncio.Queue[lifeline.Message], message: lifeline.Message) -> None:
    with contextlib.suppress(asyncio.QueueFull):
        messages.put_nowait(message)


async def _obey(
    messages: asyncio.Queue[lifeline.Message], gateway: Gateway, server: GatewayServer, file: Path
) -> None:
    """What the lesson host asks: ``reload`` the configuration, ``kick`` or ``admit`` a student,
    ``free`` the seats that nobody uses."""
    while True:
        message = await messages.get()
        nickname = message.get("nickname")
        who = nickname if isinstance(nickname, str) else None
        if message.get("do") == "reload":
            await _reload(gateway, server, file)
        elif message.get("do") == "kick" and who is not None:
            await gateway.kick(who)
        elif message.get("do") == "admit":
            await gateway.sessions.admit(who)
        elif message.get("do") == "free":
            await gateway.free_unused()


async def _reload(gateway: Gateway, server: GatewayServer, file: Path) -> None:
    try:
        config = await asyncio.to_thread(read_config, file)
    except PaadjeError as error:
        log.error("%s", error)
        return
    gateway.change(config)
    wanted = {(address, port) for address, port in config.bind}
    for place in set(server.places) - wanted:
        server.leave(place)
    for place in wanted - set(server.places):
        try:
            (listener,) = open_sockets([place])
            await server.listen(listener)
        except (PaadjeError, OSError) as error:
            # The status says where we listen; the host finds another port or address.
            log.warning("cannot listen there: %s", type(error).__name__)


async def _write_status(gateway: Gateway, server: GatewayServer, file: Path) -> None:
    written: dict[str, object] | None = None
    while True:
        await gateway.sessions.tidy()
        now = gateway.status() | {"listening": [list(place) for place in server.places]}
        if now != written:
            try:
                await asyncio.to_thread(write_private_json, file, now)
                written = now
            except OSError as error:
                log.warning("the status cannot be written: %s", type(error).__name__)
        await asyncio.sleep(STATUS_EVERY_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Start Feedback Companion: ``python -m launcher.apps.feedback_companion``.

Set up by its environment: APP_PORT, APP_TEACHER_PORT, APP_TEACHER_TOKEN, APP_GATEWAY_KEY,
APP_ENGINE_URL, APP_ENGINE_KEY, APP_MODEL, APP_MODEL_SHA256, APP_SLOTS, APP_CONTEXT_TOKENS (for
each slot), APP_DATA_DIR, APP_DATA_KEY (64 hexadecimal digits), APP_LOG_FILE, APP_LANG, and
APP_PRACTICE=1 for a practice model. Ends when its standard input closes or on SIGTERM.
"""

import asyncio
import logging
import os
import sys

from launcher.apps.classroom.engine import EngineClient
from launcher.apps.classroom.serve import serve, stop_event
from launcher.apps.feedback_companion.config import Config, read_config
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.store import Store
from launcher.apps.feedback_companion.student import student_app
from launcher.apps.feedback_companion.teacher import teacher_app
from launcher.errors import PaadjeError
from launcher.logs import set_up_logging

log = logging.getLogger(__name__)


async def run(config: Config) -> None:
    """Serve both sides until the host is gone."""
    store = Store.open(config.data_dir, config.data_key)
    desk = Desk(config, store, EngineClient(config.engine_url, config.engine_key))
    stop = stop_event(desk.hear)
    desk.start()
    sides = {config.port: student_app(desk), config.teacher_port: teacher_app(desk)}
    serving = asyncio.create_task(serve(sides, stop))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await desk.stop()
    try:
        await serving
    finally:
        store.close()


def main() -> int:
    try:
        config = read_config(os.environ)
    except PaadjeError as error:
        set_up_logging(None)
        log.error("cannot start: %s", error)
        return error.exit_code
    set_up_logging(config.log_file)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(run(config))
    except PaadjeError as error:
        log.error("stopped: %s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

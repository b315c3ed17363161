"""A real engine behind a door that can fall ill: ``python sick_engine.py MOOD_FILE``.

The mood is what the file says at that moment: nothing, and everything goes through; ``hang``, and
nobody gets an answer any more; ``garbage``, and every answer is nonsense; ``nonsense``, and only
the answers to questions are.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from launcher import lifeline
from launcher.engines.common import SETTINGS_VARIABLE
from launcher.services.ports import free_port
from launcher.services.process import spawn

MOOD_FILE = Path(sys.argv[1])
GARBAGE = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>\xff\x00"
NONSENSE = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    b'data: {"choices": [{"delta": {"content": "{\\"grade\\": 10 \\u202e"}}]}\n\n'
    b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
)


def mood() -> str:
    return MOOD_FILE.read_text(encoding="utf-8") if MOOD_FILE.exists() else ""


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while (part := await reader.read(65536)) and mood() in ("", "nonsense"):
        writer.write(part)
        await writer.drain()
    if mood() == "hang":
        await asyncio.Event().wait()
    writer.close()


async def serve(port: int, behind: int) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begin = await reader.read(65536)
        if mood() == "hang":
            await asyncio.Event().wait()
        question = b"/chat/completions" in begin.partition(b"\r\n")[0]
        if mood() == "garbage" or (mood() == "nonsense" and question):
            writer.write(NONSENSE if mood() == "nonsense" else GARBAGE)
            await writer.drain()
            writer.close()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", behind)
        except OSError:
            writer.close()  # The model is being loaded.
            return
        back.write(begin)
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer), return_exceptions=True)

    server = await asyncio.start_server(meet, "127.0.0.1", port)
    await server.serve_forever()


settings = json.loads(os.environ.pop(SETTINGS_VARIABLE))
behind = free_port()
real = spawn(
    (sys.executable, "-X", "utf8", "-m", "launcher.engines.xllamacpp_server"),
    {SETTINGS_VARIABLE: json.dumps(settings | {"port": behind})},
    Path(f"{MOOD_FILE}.log"),
)
lifeline.follow(on_end=lambda: os._exit(0))
asyncio.run(serve(settings["port"], behind))

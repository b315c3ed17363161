"""A WebSocket server of a few lines for the app behind the gateway: text frames only."""

import asyncio
import base64
import hashlib
from typing import Any
from urllib.parse import unquote


class MinimalWebSocketProtocol(asyncio.Protocol):
    """What uvicorn hands an upgraded connection to."""

    def __init__(self, config: Any, server_state: Any, app_state: Any) -> None:
        self.app = config.loaded_app
        self.state = server_state
        self.buffer = b""
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.shaken = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.state.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.state.connections.discard(self)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})

    def shutdown(self) -> None:
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.shaken:
            self._shake_hands()
            return
        while (frame := self._take()) is not None:
            opcode, body = frame
            if opcode == 8:
                self.transport.close()
            else:
                self.queue.put_nowait({"type": "websocket.receive", "text": body.decode()})

    def _shake_hands(self) -> None:
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        headers = [
            (name.strip().lower(), value.strip())
            for name, _, value in (line.partition(b":") for line in lines)
        ]
        self.shaken = True
        self.key = dict(headers)[b"sec-websocket-key"]
        path, _, query = first.split(b" ")[1].partition(b"?")
        scope = {
            "type": "websocket",
            "path": unquote(path.decode()),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "subprotocols": [],
        }
        self.queue.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.get_running_loop().create_task(self._run(scope))

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self.app(scope, self.queue.get, self._send)
        finally:
            self.transport.close()

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.accept":
            guid = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(self.key + guid, usedforsecurity=False).digest())
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                b"connection: Upgrade\r\nsec-websocket-accept: " + accept + b"\r\n\r\n"
            )
        elif message["type"] == "websocket.send":
            body = message["text"].encode()
            size = len(body)
            length = bytes([size]) if size < 126 else bytes([126]) + size.to_bytes(2, "big")
            self.transport.write(b"\x81" + length + body)
        elif message["type"] == "websocket.close" and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")

    def _take(self) -> tuple[int, bytes] | None:
        if len(self.buffer) < 6:
            return None
        start, length = 2, self.buffer[1] & 127
        if length == 126:
            start, length = 4, int.from_bytes(self.buffer[2:4], "big")
        if len(self.buffer) < start + 4 + length:
            return None
        mask = self.buffer[start : start + 4]
        body = self.buffer[start + 4 : start + 4 + length]
        opcode = self.buffer[0] & 15
        self.buffer = self.buffer[start + 4 + length :]
        return opcode, bytes(byte ^ mask[place % 4] for place, byte in enumerate(body))

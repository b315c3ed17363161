"""Runs on "another computer": thirty students with an address each. Commands on standard input.

A line ``URL TOKEN`` lets all join and opens their streams. When every stream has brought something,
one JSON object is written: who they are, and how many seconds that took. Cookies are forgotten
between two lines, as a browser does for another address.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

Head = tuple[int, dict[str, list[str]]]
TRY_FOR_S = 20.0


async def ask(
    own: str, url: str, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[Head, asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    reader, writer = await asyncio.wait_for(
        asyncio.open_connection(parts.hostname, parts.port, local_addr=(own, 0)), 2
    )
    lines = [f"{method} {path} HTTP/1.1", f"host: {parts.netloc}", f"origin: {url}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"content-length: {len(body)}"] if body else []
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    status = int((await reader.readline()).split()[1])
    found: dict[str, list[str]] = {}
    while line := (await reader.readline()).strip().decode():
        name, _, value = line.partition(":")
        found.setdefault(name.lower(), []).append(value.strip())
    return (status, found), reader, writer


async def join(own: str, url: str, token: str) -> tuple[str, asyncio.StreamWriter]:
    """Keep trying until in and the stream has begun; the student's identifier."""
    agent = {"user-agent": "Phone/1.0"}
    deadline = time.monotonic() + TRY_FOR_S
    while True:
        try:
            body = json.dumps({"token": token}).encode()
            kind = {"content-type": "application/json", **agent}
            (status, headers), _, writer = await ask(own, url, "POST", "/join", kind, body)
            writer.close()
            assert status == 200, status
            cookie = headers["set-cookie"][0].partition(";")[0]
            own_headers = {"cookie": cookie, **agent}
            (status, _), reader, writer = await ask(
                own, url, "GET", "/a/demo/who", {**own_headers, "connection": "close"}
            )
            who = (await reader.read()).decode().split("\r\n")[-1]
            who = json.loads(who[who.index("{") :])["student"]
            writer.close()
            (status, _), reader, writer = await ask(own, url, "GET", "/a/demo/ticks", own_headers)
            assert status == 200, status
            assert await reader.readline()
            return who, writer
        except (OSError, AssertionError, TimeoutError, IndexError, ValueError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


async def main() -> None:
    owns = sys.argv[1:]
    loop = asyncio.get_running_loop()
    streams: list[asyncio.StreamWriter] = []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        url, token = line.split()
        began = time.monotonic()
        found = await asyncio.gather(*(join(own, url, token) for own in owns))
        for old in streams:
            old.transport.abort()
        streams = [writer for _, writer in found]
        who = [student for student, _ in found]
        sys.stdout.write(json.dumps({"who": who, "seconds": time.monotonic() - began}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())

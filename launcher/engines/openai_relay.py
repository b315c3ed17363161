"""PROGRAM: stands on loopback between the apps and a server that the school has.

The server is found out at the start: does it answer, which model, does it write, does it keep to a
JSON schema. After that every answer is bounded in time and size, redirects are not followed, and
what comes back is passed on only when it is a stream of JSON. Texts, answers and keys are never
logged.
"""

import asyncio
import hmac
import json
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from launcher import lifeline
from launcher.engines.common import CODE_LINE, SETTINGS_VARIABLE

_MOST_LINE_BYTES = 64 * 1024
_MOST_ANSWER_BYTES = 2 * 1024 * 1024
_MOST_REQUEST_BYTES = 1024 * 1024
_MOST_ANSWER_S = 600.0
_LOOK_AGAIN_S = 5.0
_KNOWN_TO_ALL = frozenset(
    {"messages", "max_tokens", "temperature", "stream", "seed", "top_p", "stop", "response_format"}
)
_PROBE = {
    "messages": [{"role": "user", "content": "Answer with the number 7."}],
    "max_tokens": 64,
    "temperature": 0,
    "stream": True,
}
_PROBE_SCHEMA = {
    "type": "object",
    "properties": {"n": {"const": 7}},
    "required": ["n"],
    "additionalProperties": False,
}
_log = logging.getLogger("launcher.engines.openai_relay")


class Unusable(Exception):  # noqa: N818 - what the server is
    """The server cannot be used; the argument is the code of the reason."""


@dataclass(slots=True, kw_only=True)
class Upstream:
    """The school's server, as far as it was found out."""

    http: httpx.AsyncClient
    model: str
    schemas: bool = False
    extras: bool = False
    reachable: bool = False
    busy: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    looked_at: float = field(default_factory=time.monotonic)

    async def find_out(self, wanted_model: str) -> None:
        """Raises `Unusable`."""
        names = await self._models()
        if wanted_model in names:
            self.model = wanted_model
        elif not wanted_model:
            self.model = names[0]
        else:
            raise Unusable("engines.endpoint_no_model")
        await self._text(_PROBE)
        self.extras = await self._works(
            _PROBE | {"cache_prompt": True, "chat_template_kwargs": {"enable_thinking": False}}
        )
        schema = {"name": "reply", "strict": True, "schema": _PROBE_SCHEMA}
        asked = _PROBE | {"response_format": {"type": "json_schema", "json_schema": schema}}
        self.schemas = await self._keeps_to_schema(asked)
        self.reachable = True

    async def look(self) -> None:
        """Ask again whether it is there, at most once in a few seconds."""
        if time.monotonic() - self.looked_at < _LOOK_AGAIN_S:
            return
        self.looked_at = time.monotonic()
        try:
            self.reachable = bool(await self._models())
        except Unusable:
            self.reachable = False

    def request(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The request as this server understands it: nothing that it does not know."""
        kept = {
            name: value for name, value in asked.items() if self.extras or name in _KNOWN_TO_ALL
        }
        kept.pop("id_slot", None)  # Its slots are shared with others.
        if not self.schemas:
            kept.pop("response_format", None)
        return kept | {
            "model": self.model,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    async def stream(self, asked: dict[str, Any]) -> AsyncIterator[bytes]:
        """The lines of an answer, each one JSON object. Raises `Unusable`."""
        self.busy += 1
        try:
            async with (
                asyncio.timeout(_MOST_ANSWER_S),
                self.http.stream("POST", "chat/completions", json=self.request(asked)) as answer,
            ):
                if answer.status_code != 200:
                    raise Unusable(_reason(answer.status_code))
                async for line in _lines(answer):
                    self._count(line)
                    yield b"data: " + json.dumps(line).encode() + b"\n\n"
            yield b"data: [DONE]\n\n"
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            raise Unusable("engines.endpoint_unreachable") from error
        finally:
            self.busy -= 1

    def _count(self, line: dict[str, Any]) -> None:
        usage = line.get("usage")
        if isinstance(usage, dict):
            for name, attribute in (
                ("prompt_tokens", "prompt_tokens"),
                ("completion_tokens", "output_tokens"),
            ):
                value = usage.get(name)
                if isinstance(value, int) and 0 <= value < 2**31:
                    setattr(self, attribute, getattr(self, attribute) + value)

    async def _models(self) -> list[str]:
        try:
            async with asyncio.timeout(30), self.http.stream("GET", "models") as answer:
                if answer.status_code != 200:
                    raise Unusable(_reason(answer.status_code))
                body = b""
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > _MOST_ANSWER_BYTES:
                        raise Unusable("engines.endpoint_nonsense")
            listed = json.loads(body)["data"]
            names = [each["id"] for each in listed if isinstance(each["id"], str)]
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            raise Unusable("engines.endpoint_unreachable") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unusable("engines.endpoint_nonsense") from error
        if not names:
            raise Unusable("engines.endpoint_no_model")
        return names

    async def _text(self, asked: dict[str, Any]) -> str:
        parts = []
        self.schemas = self.extras = True  # Everything is sent as it is.
        async for event in self.stream(asked):
            if event.startswith(b"data: {"):
                choices = json.loads(event[6:]).get("choices")
                if choices and isinstance(choices, list) and isinstance(choices[0], dict):
                    delta = choices[0].get("delta")
                    parts.append(str((delta or {}).get("content") or ""))
        return "".join(parts)

    async def _works(self, asked: dict[str, Any]) -> bool:
        try:
            await self._text(asked)
        except Unusable:
            return False
        return True

    async def _keeps_to_schema(self, asked: dict[str, Any]) -> bool:
        extras = self.extras
        try:
            return bool(json.loads(await self._text(asked)) == {"n": 7})
        except (Unusable, ValueError, RecursionError):
            return False
        finally:
            self.extras = extras


async def _lines(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The JSON objects of a stream of server-sent events. Raises `Unusable`."""
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("text/event-stream") or "content-encoding" in answer.headers:
        raise Unusable("engines.endpoint_nonsense")
    waiting, size, finished = b"", 0, False
    async for part in answer.aiter_raw():
        size += len(part)
        waiting += part
        *lines, waiting = waiting.split(b"\n")
        if size > _MOST_ANSWER_BYTES or len(waiting) > _MOST_LINE_BYTES:
            raise Unusable("engines.endpoint_nonsense")
        for line in lines:
            data = line.strip()
            if not data.startswith(b"data:"):
                continue
            data = data[5:].strip()
            if data == b"[DONE]":
                return
            try:
                value = json.loads(data)
            except (ValueError, RecursionError):
                raise Unusable("engines.endpoint_nonsense") from None
            if not isinstance(value, dict) or "error" in value:
                raise Unusable("engines.endpoint_nonsense")
            finished = finished or _is_last(value)
            yield value
    if not finished:
        raise Unusable("engines.endpoint_unreachable")


def _is_last(value: dict[str, Any]) -> bool:
    choices = value.get("choices")
    return (
        isinstance(choices, list)
        and bool(choices)
        and isinstance(choices[0], dict)
        and choices[0].get("finish_reason") is not None
    )


def _reason(status: int) -> str:
    if status in (401, 403):
        return "engines.endpoint_refused"
    if status in (408, 425, 429) or status >= 500:
        return "engines.endpoint_unreachable"
    return "engines.endpoint_nonsense"


def relay_app(upstream: Upstream, settings: dict[str, Any]) -> Any:
    """What the apps talk to."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route

    expected = f"Bearer {settings['api_key']}".encode()

    def refused(request: Request) -> Response | None:
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        return None if hmac.compare_digest(given, expected) else Response(status_code=401)

    async def health(request: Request) -> Response:
        await upstream.look()
        return JSONResponse(
            {"status": "ok" if upstream.reachable else "waiting"},
            200 if upstream.reachable else 503,
        )

    async def counts(request: Request) -> Response:
        return refused(request) or JSONResponse(
            {
                "slots": settings["slots"],
                "busy_slots": upstream.busy,
                "prompt_tokens": upstream.prompt_tokens,
                "output_tokens": upstream.output_tokens,
                "model": upstream.model,
                "schemas": upstream.schemas,
                "extras": upstream.extras,
            }
        )

    async def models(request: Request) -> Response:
        one = {"id": settings["model_id"], "object": "model", "owned_by": "paadje"}
        return refused(request) or JSONResponse({"object": "list", "data": [one]})

    async def complete(request: Request) -> Response:
        refusal = refused(request)
        if refusal is not None:
            return refusal
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _MOST_REQUEST_BYTES:
                return Response(status_code=413)
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict) or asked.get("stream") is not True:
            return Response(status_code=400)  # Everything is streamed.
        events = upstream.stream(asked)
        try:
            first = await anext(events)
        except Unusable as error:
            _log.warning("the server did not answer: %s", error)
            return Response(status_code=502)

        async def rest() -> AsyncIterator[bytes]:
            yield first
            try:
                async for event in events:
                    yield event
            except Unusable as error:
                _log.warning("the server broke off: %s", error)
                yield b'data: {"error": "broken off"}\n\n'
            finally:
                await events.aclose()  # type: ignore[attr-defined]

        return StreamingResponse(rest(), media_type="text/event-stream")

    async def not_here(request: Request) -> Response:
        return refused(request) or Response(status_code=501)

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/counts", counts),
            Route("/v1/models", models),
            Route("/v1/chat/completions", complete, methods=["POST"]),
            Route("/{rest:path}", not_here, methods=["GET", "POST"]),
        ]
    )


async def _run(settings: dict[str, Any]) -> int:
    import ssl

    import truststore
    import uvicorn

    key = settings["endpoint_key"]
    base = settings["endpoint_url"].rstrip("/").removesuffix("/v1") + "/v1/"
    async with httpx.AsyncClient(
        base_url=base,
        headers={"Accept-Encoding": "identity"}
        | ({"Authorization": f"Bearer {key}"} if key else {}),
        timeout=httpx.Timeout(10.0, read=120.0),
        follow_redirects=False,
        trust_env=False,
        # The school's own certificates are in the system's store.
        verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    ) as http:
        upstream = Upstream(http=http, model="")
        try:
            await upstream.find_out(settings["wanted_model"])
        except Unusable as error:
            print(f"{CODE_LINE}{error}", file=sys.stderr, flush=True)  # noqa: T201
            return 1
        config = uvicorn.Config(
            relay_app(upstream, settings),
            host="127.0.0.1",
            port=settings["port"],
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        await uvicorn.Server(config).serve()
    return 0


def main() -> int:
    settings = json.loads(os.environ.pop(SETTINGS_VARIABLE))
    lifeline.follow(on_end=lambda: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    return asyncio.run(_run(settings))


if __name__ == "__main__":
    sys.exit(main())

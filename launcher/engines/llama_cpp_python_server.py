"""PROGRAM: runs one model with llama-cpp-python's server on loopback, until its host ends.

That server handles one request at a time. Its default is to break off a request when the next one
arrives; here requests wait. An import proves nothing about an installation that was compiled for
this very computer, so one token is written before anything is served.
"""

import hmac
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from launcher import lifeline
from launcher.engines.common import SETTINGS_VARIABLE

_KV_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
"""The numbers of these types in ggml.h."""


class JsonSchemas:
    """Rewrites OpenAI's way to ask for a JSON schema to the one that this server knows."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        parts, more = [], True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = rewritten(b"".join(parts))
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Any:
            return waiting.pop() if waiting else await receive()

        await self._app({**scope, "headers": headers}, replay, send)


def rewritten(body: bytes) -> bytes:
    """The body of a request as this server understands it."""
    try:
        asked = json.loads(body)
        wanted = asked["response_format"]["json_schema"]["schema"]
    except (ValueError, KeyError, TypeError):
        return body
    asked["response_format"] = {"type": "json_object", "schema": wanted}
    return json.dumps(asked).encode()


class Counts:
    """How many tokens the model has read and written, counted where it does so."""

    def __init__(self, model: Any) -> None:
        self.prompt_tokens = 0
        self.output_tokens = 0
        self._evaluate = model.eval
        model.eval = self._count

    def _count(self, tokens: Any) -> None:
        if len(tokens) > 1:
            self.prompt_tokens += len(tokens)
        else:
            self.output_tokens += 1
        self._evaluate(tokens)


def refuse_bad_grammars(library: Any) -> None:
    """A grammar that cannot be read is the end of its request, and not of the program.

    The package makes a grammar of each JSON schema, sometimes one that llama.cpp cannot read (a
    pattern with an escaped dot), and would go on with the null pointer that it gets for it.
    """
    make = library.llama_sampler_init_grammar

    def make_or_refuse(*arguments: Any) -> Any:
        sampler = make(*arguments)
        if not sampler:
            raise ValueError("grammar that cannot be read")
        return sampler

    library.llama_sampler_init_grammar = make_or_refuse


def main() -> int:
    settings = json.loads(os.environ.pop(SETTINGS_VARIABLE))
    os.umask(0o077)
    lifeline.follow(on_end=lambda: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        app = _app(settings)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"paadje: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return 1

    import uvicorn

    uvicorn.run(
        app,
        host="127.0.0.1",
        port=settings["port"],
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    return 0


def _app(settings: dict[str, Any]) -> Any:
    """Load the model, prove that it writes, and make the server."""
    from llama_cpp import llama_cpp as library
    from llama_cpp.server import app as server
    from llama_cpp.server.settings import ModelSettings, ServerSettings
    from starlette.middleware.cors import CORSMiddleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response

    if not Path(settings["model_path"]).is_file():
        raise OSError("failed to open GGUF file")
    refuse_bad_grammars(library)
    kv_type = _KV_TYPES[settings["kv_type"]]
    app = server.create_app(
        server_settings=ServerSettings(
            host="127.0.0.1",
            port=settings["port"],
            api_key=settings["api_key"],
            interrupt_requests=False,
        ),
        model_settings=[
            ModelSettings(
                model=settings["model_path"],
                model_alias=settings["model_id"],
                n_ctx=settings["context_tokens"],
                n_threads=settings["threads"],
                n_threads_batch=settings["threads"],
                n_gpu_layers=settings["gpu_layers"],
                lora_path=settings["adapter_path"],
                type_k=kv_type,
                type_v=kv_type,
                use_mmap=settings["mmap"],
                logits_all=False,
                verbose=True,
            )
        ],
    )
    # Other pages in a browser on this computer may not read answers.
    app.user_middleware = [each for each in app.user_middleware if each.cls is not CORSMiddleware]
    app.add_middleware(JsonSchemas)
    assert server._llama_proxy is not None
    model = server._llama_proxy()
    model.create_completion("1 2 3", max_tokens=1)
    counts = Counts(model)

    expected = f"Bearer {settings['api_key']}".encode()

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def tell_counts(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        if not hmac.compare_digest(given, expected):
            return Response(status_code=401)
        return JSONResponse(
            {
                "slots": 1,
                "busy_slots": int(server.llama_inner_lock.locked()),
                "prompt_tokens": counts.prompt_tokens,
                "output_tokens": counts.output_tokens,
            }
        )

    app.add_route("/health", health)
    app.add_route("/counts", tell_counts)
    return app


if __name__ == "__main__":
    sys.exit(main())

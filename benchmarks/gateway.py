"""What does the gateway cost? Streaming through it against the engine directly, side by side.

    python benchmarks/gateway.py [--quick] [--json] [--model FILE]

With 1, 8 and 30 students at once, each asks for one answer as a stream: directly from the engine,
through a plain pass-through app, and through the gateway and that app. The app is only there
because the gateway knows nothing of engines; the added time to the first token is against it. The
ways take turns, so that a busy moment of the machine hits all.

Without ``--model`` a stand-in engine writes as fast as a good laptop does for that many students,
so that the figures are about the gateway alone. With a GGUF file the real engine runs. Students
begin one after the other within a second or three, as a class does; the added time is that of one
request among the streams of all others.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
import psutil

from launcher import __version__
from launcher.services.ports import free_port

KEY = secrets.token_urlsafe(16)
TOKEN = secrets.token_urlsafe(17)[:22]
TOKENS_PER_S = {1: 20.0, 8: 7.5, 30: 3.0}
"""How fast the stand-in writes for each student, by how many there are: 20, 60 and 90 in all."""

ARRIVE_WITHIN_S = {1: 0.0, 8: 1.0, 30: 3.0}

LEAST_RATIO = 0.97
MOST_ADDED_MS = 15.0
MOST_MEMORY_MIB = 120.0

THE_APP = """
import sys, asyncio, json, httpx, uvicorn
from starlette.applications import Starlette
from starlette.responses import StreamingResponse, PlainTextResponse
from starlette.routing import Route
engine, port = sys.argv[1], int(sys.argv[2])
key = sys.stdin.readline().strip()
# The engine closes connections that nobody used for five seconds.
LIMITS = httpx.Limits(max_connections=200, keepalive_expiry=2)
client = httpx.AsyncClient(timeout=None, limits=LIMITS, trust_env=False)
async def stand_in(request):
    body = await request.json()
    async def write():
        for number in range(body["max_tokens"]):
            await asyncio.sleep(float(body["model"]))
            yield 'data: {"choices":[{"delta":{"content":"word "}}]}\\n\\n'
        yield "data: [DONE]\\n\\n"
    return StreamingResponse(write(), media_type="text/event-stream")
async def ask(request):
    asked = request.query_params
    body = dict(model=asked["model"], stream=True, max_tokens=int(asked["tokens"]),
                temperature=0, ignore_eos=True,
                messages=[dict(role="user", content="Tell a long story.")])
    sent = client.build_request("POST", engine + "/v1/chat/completions", json=body,
                                headers=dict(authorization="Bearer " + key))
    answer = await client.send(sent, stream=True)
    async def pieces():
        async for piece in answer.aiter_raw():
            yield piece
        await answer.aclose()
    return StreamingResponse(pieces(), media_type="text/event-stream")
app = Starlette(routes=[Route("/v1/chat/completions", stand_in, methods=["POST"]),
    Route("/ask", ask), Route("/health", lambda request: PlainTextResponse("ok"))])
uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", http="h11")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    first_s: float
    total_s: float
    tokens: int


class Ways(NamedTuple):
    """Where to ask, and for what."""

    engine: str
    app: str
    gateway: str
    model: str
    tokens: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    rounds, seconds = (1, 3.0) if options.quick else (4, 6.0)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        engine = _engine(running, options.model)
        app = _pass_through(running, engine)
        gateway = _gateway(running, Path(folder), app)
        figures = asyncio.run(
            _measure(engine, app, gateway, rounds, seconds, real=options.model is not None)
        )
        memory_mib = psutil.Process(gateway[1].pid).memory_info().rss / 2**20
    result = {
        "version": __version__,
        "engine": "real" if options.model else "stand-in",
        "rounds": rounds,
        "stream_s": seconds,
        "students": figures,
        "gateway_memory_mib": round(memory_mib, 1),
        "machine": _machine(),
        "limits": {
            "ratio": LEAST_RATIO,
            "added_first_token_p95_ms": MOST_ADDED_MS,
            "gateway_memory_mib": MOST_MEMORY_MIB,
        },
    }
    good = memory_mib <= MOST_MEMORY_MIB and all(
        each["ratio"] >= LEAST_RATIO and each["added_first_token_p95_ms"] <= MOST_ADDED_MS
        for each in figures
    )
    result["within_limits"] = good
    if options.json:
        print(json.dumps(result))
    else:
        _print_table(result)
    return 0 if good else 1


async def _measure(
    engine: str,
    app: str,
    gateway: tuple[str, subprocess.Popen[bytes]],
    rounds: int,
    seconds: float,
    *,
    real: bool,
) -> list[dict[str, Any]]:
    process = psutil.Process(gateway[1].pid)
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200, keepalive_expiry=2)
    async with httpx.AsyncClient(timeout=300, limits=limits, trust_env=False) as client:
        cookies = [await _join(client, gateway[0]) for _ in range(max(TOKENS_PER_S))]
        figures = []
        for students, per_s in TOKENS_PER_S.items():
            tokens = max(4, round(seconds * per_s))
            model = "m" if real else str(1 / per_s)
            found: dict[str, list[Stream]] = {"direct": [], "app": [], "gateway": []}
            used_s = 0.0
            for number in range(rounds + 1):
                for way in found:
                    before = sum(process.cpu_times()[:2])
                    ways = Ways(engine, app, gateway[0], model, tokens)
                    streams = await asyncio.gather(
                        *(
                            _stream(
                                client,
                                way,
                                ways,
                                cookies[each],
                                ARRIVE_WITHIN_S[students] * each / students,
                            )
                            for each in range(students)
                        )
                    )
                    if number:  # The first round only warms up.
                        found[way] += streams
                        if way == "gateway":
                            used_s += sum(process.cpu_times()[:2]) - before
            sent = sum(each.tokens for each in found["gateway"])
            figures.append(
                _figures(students, found)
                | {"gateway_cpu_ms_per_token": round(used_s / sent * 1000, 2)}
            )
        return figures


def _figures(students: int, found: dict[str, list[Stream]]) -> dict[str, Any]:
    rate = {way: _median([one.tokens / one.total_s for one in each]) for way, each in found.items()}
    first = {way: _p95([one.first_s for one in each]) for way, each in found.items()}
    middle = {way: _median([one.first_s for one in each]) for way, each in found.items()}
    return {
        "students": students,
        "direct_tokens_per_s": round(rate["direct"], 2),
        "app_tokens_per_s": round(rate["app"], 2),
        "gateway_tokens_per_s": round(rate["gateway"], 2),
        "ratio": round(rate["gateway"] / rate["direct"], 4),
        "direct_first_token_p95_ms": round(first["direct"] * 1000, 1),
        "app_first_token_p95_ms": round(first["app"] * 1000, 1),
        "gateway_first_token_p95_ms": round(first["gateway"] * 1000, 1),
        "added_first_token_p95_ms": round((first["gateway"] - first["app"]) * 1000, 1),
        "added_first_token_median_ms": round((middle["gateway"] - middle["app"]) * 1000, 1),
    }


async def _stream(
    client: httpx.AsyncClient, way: str, ways: "Ways", cookie: str, after_s: float
) -> Stream:
    await asyncio.sleep(after_s)
    began = time.perf_counter()
    first_s, seen = 0.0, 0
    async for line in _lines(client, way, ways, cookie):
        if line.startswith("data: {") and '"content"' in line:
            first_s = first_s or time.perf_counter() - began
            seen += 1
    return Stream(first_s=first_s, total_s=time.perf_counter() - began, tokens=max(seen, 1))


async def _lines(
    client: httpx.AsyncClient, way: str, ways: "Ways", cookie: str
) -> AsyncIterator[str]:
    query = {"model": ways.model, "tokens": str(ways.tokens)}
    if way == "direct":
        body = {
            "model": ways.model,
            "stream": True,
            "max_tokens": ways.tokens,
            "temperature": 0,
            "ignore_eos": True,
            "messages": [{"role": "user", "content": "Tell a long story."}],
        }
        url, headers = f"{ways.engine}/v1/chat/completions", {"authorization": f"Bearer {KEY}"}
        asked = client.stream("POST", url, json=body, headers=headers)
    elif way == "app":
        asked = client.stream("GET", f"{ways.app}/ask", params=query)
    else:
        url = f"{ways.gateway}/a/demo/ask"
        asked = client.stream("GET", url, params=query, headers={"cookie": cookie})
    async with asked as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            yield line


async def _join(client: httpx.AsyncClient, gateway: str) -> str:
    answer = await client.post(
        f"{gateway}/join", json={"token": TOKEN}, headers={"origin": gateway}
    )
    answer.raise_for_status()
    client.cookies.clear()
    return answer.headers["set-cookie"].partition(";")[0]


def _engine(running: contextlib.ExitStack, model: Path | None) -> str:
    if model is None:
        return _pass_through(running, "http://127.0.0.1:1")
    from launcher.engines.protocol import EngineSettings
    from launcher.engines.registry import DEFAULT_ENGINE, get_engine

    command = get_engine(DEFAULT_ENGINE).command(
        EngineSettings(
            model_path=model.absolute(),
            model_id="m",
            port=free_port(),
            api_key=KEY,
            context_tokens=512,
            slots=max(TOKENS_PER_S),
            threads=max(1, (os.cpu_count() or 2) // 2),
            gpu_layers=0,
        )
    )
    _spawn(running, list(command.argv), dict(command.env))
    _wait(command.health_url)
    return command.health_url.removesuffix("/health")


def _pass_through(running: contextlib.ExitStack, engine: str) -> str:
    port = free_port()
    code = THE_APP
    process = _spawn(running, [sys.executable, "-c", code, engine, str(port)], {})
    assert process.stdin is not None
    process.stdin.write(f"{KEY}\n".encode())
    process.stdin.flush()
    _wait(f"http://127.0.0.1:{port}/health")
    return f"http://127.0.0.1:{port}"


def _gateway(
    running: contextlib.ExitStack, folder: Path, app: str
) -> tuple[str, subprocess.Popen[bytes]]:
    port = free_port()
    config = folder / "gateway.json"
    host = f"127.0.0.1:{port}"
    content = {
        "bind": [["127.0.0.1", port]],
        "hosts": [host],
        "token": TOKEN,
        "code": "BCDF2345",
        "expires_at": time.time() + 3600,
        "apps": [{"id": "demo", "title": {"nl": "d", "en": "d"}, "upstream": app, "key": "k" * 16}],
        "status_file": str(folder / "status.json"),
        "log_file": str(folder / "gateway.log"),
    }
    config.write_text(json.dumps(content))
    process = _spawn(running, [sys.executable, "-m", "launcher.gateway", str(config)], {})
    _wait(f"http://{host}/health")
    return f"http://{host}", process


def _spawn(
    running: contextlib.ExitStack, argv: list[str], env: dict[str, str]
) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parent.parent)
    process = subprocess.Popen(
        argv,
        env={**os.environ, **env, "PYTHONPATH": root},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    running.enter_context(_ended(process))
    return process


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _wait(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"{url} did not answer")


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_1min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _print_table(result: dict[str, Any]) -> None:
    print(f"engine: {result['engine']}; {result['rounds']} rounds of {result['stream_s']:.0f} s")
    print("students   tokens/s a student: direct  app  gateway   ratio   first token p95 (ms):"
          "  direct  app  gateway   added p95 (median)   gateway CPU ms/token")  # fmt: skip
    for each in result["students"]:
        print(
            f"{each['students']:8}   {each['direct_tokens_per_s']:26.1f} "
            f"{each['app_tokens_per_s']:5.1f} {each['gateway_tokens_per_s']:7.1f}   "
            f"{each['ratio']:.3f}   {each['direct_first_token_p95_ms']:28.1f} "
            f"{each['app_first_token_p95_ms']:5.1f} {each['gateway_first_token_p95_ms']:7.1f}   "
            f"{each['added_first_token_p95_ms']:8.1f} ({each['added_first_token_median_ms']:.1f})"
            f"   {each['gateway_cpu_ms_per_token']:.2f}"
        )
    print(f"memory of the gateway: {result['gateway_memory_mib']} MiB")
    print("within the limits" if result["within_limits"] else "NOT within the limits")


if __name__ == "__main__":
    sys.exit(main())

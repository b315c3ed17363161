"""The client of the lesson's engine: streams every reply and waits while the engine restarts."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from launcher.errors import PaadjeError

log = logging.getLogger(__name__)

_MAX_REPLY_CHARS = 8_000
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0
_BUSY = (408, 425, 429)

Message = dict[str, str]
_TEMPLATE_SETTINGS: dict[str, Any] = {"enable_thinking": False}


class EngineLost(PaadjeError):  # noqa: N818 - what happened; the caller waits and tries again
    """The engine is not there now, or left while it answered."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("classroom.engine_lost", detail=detail)


class EngineRefused(PaadjeError):  # noqa: N818 - what happened; trying again does not help
    """The engine answered, and does not take this request."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("classroom.engine_refused", detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``prompt_tokens`` were processed now, ``cached_tokens`` came from the engine's cache."""

    text: str
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


class EngineClient:
    """One engine. ``url`` with or without ``/v1``. ``silence_s`` is how long it may say nothing."""

    def __init__(self, url: str, key: str, *, silence_s: float = 300.0) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/").removesuffix("/v1"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(10.0, read=silence_s),
            trust_env=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        seed: int | None = None,
        schema: dict[str, Any] | None = None,
        slot: int | None = None,
        sampling: dict[str, Any] | None = None,
        first_piece: Callable[[], None] | None = None,
    ) -> Reply:
        """One whole reply. Raises `EngineLost` or `EngineRefused`; cancelling stops the engine.

        ``first_piece`` is called when the engine has read the prompt and begins to write.
        """
        body: dict[str, Any] = {
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": True,
            "cache_prompt": True,
            "chat_template_kwargs": _TEMPLATE_SETTINGS,
            **(sampling or {}),
        }
        if seed is not None:
            body["seed"] = seed
        if slot is not None:
            body["id_slot"] = slot
        if schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "strict": True, "schema": schema},
            }
        try:
            async with self._http.stream("POST", "/v1/chat/completions", json=body) as response:
                _check(response)
                return await _collect(response, first_piece)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise EngineLost(type(error).__name__) from error

    async def count_tokens(self, text: str) -> int | None:
        """The exact number of tokens, or None when this engine cannot say now."""
        try:
            response = await self._http.post("/tokenize", json={"content": text}, timeout=5.0)
            return len(response.json()["tokens"]) if response.status_code == 200 else None
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None

    async def tokens_of(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a whole prompt, the model's chat template included.

        Raises `EngineLost`, or `EngineRefused` by an engine that cannot say.
        """
        asked = {"messages": list(messages), "chat_template_kwargs": _TEMPLATE_SETTINGS}
        prompt = (await self._post("/apply-template", asked)).get("prompt")
        tokens = (
            await self._post(
                "/tokenize", {"content": prompt, "add_special": True, "parse_special": True}
            )
        ).get("tokens")
        if not isinstance(tokens, list) or not all(isinstance(token, int) for token in tokens):
            raise EngineRefused("no tokens")
        return tokens

    async def read_prompt(self, tokens: Sequence[int], slot: int) -> None:
        """Have the engine read a prompt into a slot. Raises `EngineLost` or `EngineRefused`."""
        await self._post(
            "/completion",
            {"prompt": list(tokens), "n_predict": 0, "id_slot": slot, "cache_prompt": True},
        )

    async def save_slot(self, slot: int, file_name: str) -> int:
        """Save what a slot has read; the number of its tokens.

        Raises `EngineLost` or `EngineRefused`.
        """
        answer = await self._post(f"/slots/{slot}?action=save", {"filename": file_name})
        saved = answer.get("n_saved")
        return saved if isinstance(saved, int) else 0

    async def restore_slot(self, slot: int, file_name: str) -> int:
        """Put a saved prompt in a slot; the number of its tokens, 0 when there is no such file.

        Raises `EngineLost`.
        """
        try:
            answer = await self._post(f"/slots/{slot}?action=restore", {"filename": file_name})
        except EngineRefused:
            return 0
        restored = answer.get("n_restored")
        return restored if isinstance(restored, int) else 0

    async def empty_slot_file(self, slot: int, file_name: str) -> None:
        """Write nothing over a saved prompt: the engine has no way to remove it.

        Raises `EngineLost` or `EngineRefused`.
        """
        await self._post(f"/slots/{slot}?action=erase", {})
        await self._post(f"/slots/{slot}?action=save", {"filename": file_name})

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = await self._http.post(path, json=body)
            _check(response)
            answer = response.json()
        except httpx.HTTPError as error:
            raise EngineLost(type(error).__name__) from error
        except ValueError:
            raise EngineLost("not JSON") from None
        if not isinstance(answer, dict):
            raise EngineRefused("not an object")
        return answer

    async def is_ready(self) -> bool:
        """Whether the engine answers; servers without ``/health`` are asked for their models."""
        for path in ("/health", "/v1/models"):
            try:
                response = await self._http.get(path, timeout=3.0)
            except httpx.HTTPError:
                return False
            if response.status_code != 404:
                return response.status_code == 200
        return False

    async def wait_ready(self) -> None:
        """Wait, with growing pauses, until the engine answers again. Waits for ever."""
        pause_s = _FIRST_PAUSE_S
        while not await self.is_ready():
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status == 501:  # Not switched on, or not known to this engine.
        raise EngineRefused(f"status {status}")
    if status in _BUSY or status >= 500:
        raise EngineLost(f"status {status}")
    if status != 200:
        raise EngineRefused(f"status {status}")


async def _collect(response: httpx.Response, first_piece: Callable[[], None] | None) -> Reply:
    parts: list[str] = []
    size = 0
    timings: dict[str, Any] = {}
    finished = False
    async for line in response.aiter_lines():
        if not line.startswith("data:"):
            if line.startswith("error:"):
                raise EngineLost("error in the stream")
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            finished = True
            break
        try:
            chunk = json.loads(data)
        except ValueError:
            raise EngineLost("not JSON in the stream") from None
        if not isinstance(chunk, dict) or "error" in chunk:
            raise EngineLost("error in the stream")
        if isinstance(chunk.get("timings"), dict):
            timings = chunk["timings"]
        piece, ended = _piece(chunk)
        finished = finished or ended
        if piece and first_piece is not None and not any(parts):
            first_piece()
        parts.append(piece)
        size += len(piece)
        if size > _MAX_REPLY_CHARS:
            finished = True
            break
    if not finished:
        raise EngineLost("the stream ended early")
    return Reply(
        text="".join(parts)[:_MAX_REPLY_CHARS],
        prompt_tokens=_count(timings, "prompt_n"),
        cached_tokens=_count(timings, "cache_n"),
        output_tokens=_count(timings, "predicted_n"),
    )


def _piece(chunk: dict[str, Any]) -> tuple[str, bool]:
    choices = chunk.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return "", False
    choice = choices[0]
    delta = choice.get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else "", choice.get("finish_reason") is not None


def _count(timings: dict[str, Any], name: str) -> int:
    value = timings.get(name, 0)
    return value if isinstance(value, int) else 0

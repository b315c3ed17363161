"""How often one student may ask for what costs much: a model's time, or a process of its own."""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from launcher.errors import PaadjeError
from launcher.i18n import LANGUAGES, describe_error
from launcher.sharing.contract import LANGUAGE_HEADER, STUDENT_HEADER

WINDOW_S = 600.0


class PerStudent:
    """ASGI middleware: at most ``most[path]`` requests of one student in ten minutes.

    The others get 429 with Retry-After. Only times are kept, and only for this lesson.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most: Mapping[str, int],
        lang: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._most = most
        self._lang = lang
        self._clock = clock
        self._times: dict[tuple[str, str], deque[float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._most.get(scope.get("path", "")) if scope["type"] == "http" else None
        if most is None:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        wait_s = self._wait_s((headers.get(STUDENT_HEADER, ""), scope["path"]), most)
        if not wait_s:
            await self._app(scope, receive, send)
            return
        lang = headers.get(LANGUAGE_HEADER, "")
        error = PaadjeError("classroom.too_often", minutes=math.ceil(wait_s / 60))
        text = describe_error(error, lang if lang in LANGUAGES else self._lang)
        body = {"code": error.code, "message": text.message, "advice": text.advice}
        answer = JSONResponse(
            {"error": body}, 429, {"retry-after": str(wait_s), "connection": "close"}
        )
        await answer(scope, receive, send)

    def _wait_s(self, key: tuple[str, str], most: int) -> int:
        """Count one. 0 when it is allowed, else the whole seconds until the next one is."""
        now = self._clock()
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        if len(times) >= most:
            return max(1, math.ceil(times[0] + WINDOW_S - now))
        times.append(now)
        return 0

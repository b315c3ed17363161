"""Wait until a program answers that it is ready."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from launcher.errors import PaadjeError

if TYPE_CHECKING:
    import httpx

_ASK_AGAIN_S = 0.1
_ANSWER_WITHIN_S = 2.0


async def wait_ready(
    url: str,
    *,
    headers: Mapping[str, str],
    timeout_s: float,
    exit_code: Callable[[], int | None],
) -> None:
    """Return when ``url`` answers 200.

    Raises ``services.ended_early`` when ``exit_code()`` is no longer None, and
    ``services.not_ready`` after ``timeout_s``.
    """
    import httpx

    deadline = time.monotonic() + timeout_s
    # Proxies of the system are not for loopback.
    async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_WITHIN_S) as client:
        while True:
            answered = await _answers(client, url, headers)
            code = exit_code()
            if code is not None:
                # Checked after the answer: another program may have taken the dead one's port.
                raise PaadjeError("services.ended_early", detail=f"exit code {code}")
            if answered:
                return
            if time.monotonic() >= deadline:
                raise PaadjeError("services.not_ready", seconds=round(timeout_s))
            await asyncio.sleep(_ASK_AGAIN_S)


async def _answers(client: "httpx.AsyncClient", url: str, headers: Mapping[str, str]) -> bool:
    import httpx

    try:
        response = await client.get(url, headers=dict(headers))
    except httpx.HTTPError:
        return False
    return response.status_code == 200

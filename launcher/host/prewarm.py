"""Wake the model before the class comes: after an idle hour the system may have put it on disk."""

import asyncio
import logging

import requests

from launcher.services.spec import EngineEntry

_WITHIN_S = 120.0

log = logging.getLogger("launcher.host")


async def prewarm(engine: EngineEntry) -> bool:
    """Let the model write one token; whether it did."""
    return await asyncio.to_thread(_ask, engine)


def _ask(engine: EngineEntry) -> bool:
    body = {
        "model": engine.model,
        "messages": [{"role": "user", "content": "1"}],
        "max_tokens": 1,
    }
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                f"{engine.url}/v1/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {engine.key}"},
                timeout=_WITHIN_S,
            )
        except requests.RequestException as error:
            log.warning("the model could not be woken: %s", type(error).__name__)
            return False
    log.info("the model was woken: HTTP %s", answer.status_code)
    return answer.status_code == 200

"""Engines that are a program of ours: how it is started, and asked what it has done."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from launcher.engines.common import SETTINGS_VARIABLE, get_text
from launcher.engines.protocol import Command
from launcher.errors import PaadjeError


def own_program(module: str, settings: Mapping[str, object], *, port: int) -> Command:
    """How to start a program of ours that serves on loopback.

    Settings go in an environment variable: other users can read an argument list.
    """
    return Command(
        argv=(sys.executable, "-X", "utf8", "-m", module),
        env={SETTINGS_VARIABLE: json.dumps(settings)},
        health_url=f"http://127.0.0.1:{port}/health",
    )


def own_counts(url: str, key: str) -> dict[str, Any]:
    """What a program of ours counts: ``slots, busy_slots, prompt_tokens, output_tokens``.

    Raises ``engines.unreachable``.
    """
    answer = json.loads(get_text(f"{url.rstrip('/').removesuffix('/v1')}/counts", key))
    if not isinstance(answer, dict):
        raise PaadjeError("engines.unreachable", detail="no counts")
    return answer

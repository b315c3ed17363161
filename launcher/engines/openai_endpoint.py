"""The engine for a server that the school has: vLLM, llama.cpp, Ollama, LM Studio and others.

Apps never talk to that server themselves. A small program of ours on loopback stands between: it
holds the key, finds out what the server can do, and takes nothing it sends for granted.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from launcher.engines.common import explain
from launcher.engines.own import own_counts, own_program
from launcher.engines.protocol import Command, EngineInfo, EngineSettings
from launcher.errors import UsageError
from launcher.hardware.profile import MachineProfile

ANY_MODEL = "school-server"
"""Instead of the server's own name of a model: the first that it offers."""


class OpenAiEndpointEngine:
    """Any server that speaks OpenAI's HTTP API."""

    id = "openai-endpoint"
    max_slots: int | None = None

    def describe(self) -> EngineInfo:
        """Nothing has to be installed."""
        return EngineInfo(id=self.id, version="1", installed=True)

    def supports(self, machine: MachineProfile) -> str | None:
        """Every computer can."""
        return None

    def command(self, settings: EngineSettings) -> Command:
        """Raises `UsageError` ``engines.endpoint_invalid`` or ``engines.endpoint_insecure``."""
        check_endpoint(settings.endpoint_url)
        values = {
            "port": settings.port,
            "api_key": settings.api_key,
            "model_id": settings.model_id,
            "wanted_model": "" if settings.model_id == ANY_MODEL else settings.model_id,
            "slots": settings.slots,
            "endpoint_url": settings.endpoint_url,
            "endpoint_key": settings.endpoint_key,
        }
        return own_program("launcher.engines.openai_relay", values, port=settings.port)

    def explain_failure(self, log_tail: str) -> tuple[str, str]:
        """``engines.failed`` when no line says more."""
        return explain(log_tail)

    def metrics(self, url: str, key: str) -> dict[str, Any]:
        """``slots, busy_slots, prompt_tokens, output_tokens``, and what the server can do.

        Raises ``engines.unreachable``.
        """
        return own_counts(url, key)


def check_endpoint(url: str) -> None:
    """Refuse an address that cannot be used, or that would send texts unprotected far away."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        raise UsageError("engines.endpoint_invalid", url=_shown(url))
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("engines.endpoint_invalid", url=_shown(url))
    if parts.scheme == "http" and not _is_near(parts.hostname):
        raise UsageError("engines.endpoint_insecure", url=_shown(url))


def _is_near(host: str) -> bool:
    """Whether an address is this computer or in a network of its own; a name must say .local."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".lan", ".internal"))
    return address.is_loopback or address.is_private or address.is_link_local


def _shown(url: str) -> str:
    """Without a password that may be in it."""
    return url.rpartition("@")[2][:200]

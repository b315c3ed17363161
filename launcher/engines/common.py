"""What the engines share: their versions, their last words, and asking them something."""

import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Mapping

from launcher.errors import PaadjeError

SETTINGS_VARIABLE = "PAADJE_ENGINE_SETTINGS"
NO_AVX2_LINE = "paadje: this processor has no AVX2"
CODE_LINE = "paadje: because "
"""A program of ours that knows why it ends writes this and the code of the error."""

_ANSWER_S = 5.0
_KNOWN_FAILURES: tuple[tuple[str, str], ...] = (
    # The order decides: a shortage of memory is also reported as a model that failed to load.
    (
        r"bad_alloc|out of memory|cannot allocate memory|OutOfMemory|unable to allocate"
        r"|failed to allocate|ErrorOutOfDeviceMemory|insufficient memory",
        "engines.out_of_memory",
    ),
    (r"couldn't bind HTTP server socket|address already in use", "engines.port_taken"),
    (rf"{NO_AVX2_LINE}|SIGILL|illegal instruction", "engines.no_avx2"),
    (
        r"invalid magic|failed to open GGUF|gguf_init_from|error loading model"
        r"|unknown model architecture|failed to load model|missing tensor|failed to create llama",
        "engines.model_unreadable",
    ),
    (r"No module named '(xllamacpp|llama_cpp)'", "engines.not_installed"),
    (r"ended by SIGKILL", "engines.killed"),
)
_TELLING = re.compile(r"^[\d.]+ E |error|failed|exception|ended by", re.IGNORECASE)


def installed_version(package: str, module: str | None = None) -> str | None:
    """The version of a package, or None where it cannot be imported. Imports nothing."""
    if importlib.util.find_spec(module or package) is None:
        return None
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def with_slots(env: Mapping[str, str]) -> tuple[dict[str, str], int] | None:
    """The environment of an engine with half of its slots, and how many; None at one slot."""
    try:
        settings = json.loads(env[SETTINGS_VARIABLE])
        slots = int(settings["slots"])
    except (KeyError, ValueError, TypeError):
        return None
    if slots < 2:
        return None
    changed = json.dumps(settings | {"slots": slots // 2})
    return dict(env) | {SETTINGS_VARIABLE: changed}, slots // 2


def explain(log_tail: str) -> tuple[str, str]:
    """An error code and the telling line; ``engines.failed`` when no line says more."""
    lines = log_tail.splitlines()
    for line in lines:
        found = re.search(rf"{CODE_LINE}(engines\.[a-z_0-9]+)", line)
        if found:
            return found.group(1), line.strip()
    for pattern, code in _KNOWN_FAILURES:
        for line in lines:
            if re.search(pattern, line, re.IGNORECASE):
                return code, line.strip()
    telling = [line.strip() for line in lines if _TELLING.search(line)]
    return "engines.failed", telling[-1] if telling else ""


def get_text(url: str, key: str) -> str:
    """What an engine on loopback answers. Raises ``engines.unreachable``."""
    import requests

    with requests.Session() as session:
        session.trust_env = False  # No proxy for loopback.
        try:
            response = session.get(
                url, headers={"Authorization": f"Bearer {key}"}, timeout=_ANSWER_S
            )
            response.raise_for_status()
        except requests.RequestException as error:
            raise PaadjeError("engines.unreachable", detail=type(error).__name__) from error
        return response.text

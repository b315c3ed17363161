"""How the program is set up: by its environment only, so that no secret is in an argument list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from launcher.errors import UsageError
from launcher.i18n import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """``context_tokens`` is for each slot. ``data_key`` is 64 hexadecimal digits."""

    port: int
    teacher_port: int
    teacher_token: str = field(repr=False)
    gateway_key: str = field(repr=False)
    engine_url: str
    engine_key: str = field(repr=False)
    model: str
    model_sha256: str
    slots: int
    context_tokens: int
    data_dir: Path
    data_key: str = field(repr=False)
    log_file: Path | None
    lang: str
    practice: bool
    server: str = ""
    """Of the school, when the model runs there and texts go there; empty when it runs here."""


def read_config(environ: Mapping[str, str]) -> Config:
    """Read ``APP_*``; raises `UsageError` ``fc.setting_invalid`` with the name of the variable."""

    def text(name: str) -> str:
        value = environ.get(name, "")
        if not value:
            raise UsageError("fc.setting_invalid", name=name)
        return value

    def number(name: str, least: int, default: int | None = None) -> int:
        value = environ.get(name, "") or ("" if default is None else str(default))
        if not value.isdecimal() or int(value) < least:
            raise UsageError("fc.setting_invalid", name=name)
        return int(value)

    data_key = text("APP_DATA_KEY").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", data_key):
        raise UsageError("fc.setting_invalid", name="APP_DATA_KEY")
    lang = environ.get("APP_LANG", "nl")
    model = text("APP_MODEL")
    return Config(
        port=number("APP_PORT", 1),
        teacher_port=number("APP_TEACHER_PORT", 1),
        teacher_token=text("APP_TEACHER_TOKEN"),
        gateway_key=text("APP_GATEWAY_KEY"),
        engine_url=text("APP_ENGINE_URL"),
        engine_key=environ.get("APP_ENGINE_KEY", ""),
        model=model,
        model_sha256=environ.get("APP_MODEL_SHA256", ""),
        slots=number("APP_SLOTS", 1, 1),
        context_tokens=number("APP_CONTEXT_TOKENS", 1024, 4096),
        data_dir=Path(text("APP_DATA_DIR")),
        data_key=data_key,
        log_file=Path(environ["APP_LOG_FILE"]) if environ.get("APP_LOG_FILE") else None,
        lang=lang if lang in LANGUAGES else "nl",
        practice=environ.get("APP_PRACTICE", "") == "1" or is_practice_model(model),
        server=environ.get("APP_SERVER", ""),
    )


def is_practice_model(model: str) -> bool:
    """The starter model, however its name is written: fit for trying out, not for feedback."""
    return "smollm2135m" in re.sub(r"[^a-z0-9]", "", model.lower())

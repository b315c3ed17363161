"""Settings: a flag that was typed, then ``PAADJE_*``, then settings.toml, then the default."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from launcher.errors import UsageError
from launcher.files import write_private
from launcher.paths import Paths

Language = Literal["nl", "en"]


class Settings(BaseModel):
    """Everything a user can set. The environment variable is ``PAADJE_`` + the name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Language | None = Field(None, description="nl or en; None follows the system.")
    students: int = Field(28, ge=1, le=40, description="The size of your class.")
    models_dir: Path | None = Field(None, description="Where models are kept; None is standard.")
    hf_endpoint: str = Field(
        "https://huggingface.co", description="The address of the Hugging Face Hub or a mirror."
    )
    mirrors: str = Field("", description="Other addresses with models, in order, with spaces.")
    connections: int = Field(4, ge=1, le=8, description="At most so many for one download.")
    download_limit_mbit: float = Field(
        0.0, ge=0, description="The most that a download takes, in megabit a second; 0 is all."
    )
    offline: bool = Field(False, description="Fetch nothing from the internet.")
    colleagues: bool = Field(
        True, description="Ask colleagues on this network when no other place gives a model."
    )
    idle_unload_minutes: int = Field(
        0, ge=0, le=240, description="Give the model's memory back after so long; 0 is never."
    )
    port: int = Field(42000, ge=1024, le=65535, description="The first port for the class.")


def load_settings(paths: Paths, environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises `UsageError` naming the file or variable that is wrong."""
    values: dict[str, object] = {}
    origin: dict[str, str] = {}
    try:
        from_file = tomllib.loads(paths.settings_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        from_file = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            "core.settings_unreadable", file=str(paths.settings_file), detail=str(error)
        ) from error
    for name, value in from_file.items():
        values[name] = value
        origin[name] = str(paths.settings_file)
    for name in Settings.model_fields:
        variable = f"PAADJE_{name.upper()}"
        if environ.get(variable):
            values[name] = environ[variable]
            origin[name] = variable
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise UsageError(
            "core.setting_invalid",
            name=name,
            place=origin.get(name, "?"),
            detail=f"{name}: {first['msg']}",
        ) from error


def save_setting(paths: Paths, name: str, value: str | int | bool) -> None:
    """Write one setting to settings.toml and keep the others."""
    try:
        kept = tomllib.loads(paths.settings_file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        kept = {}
    kept[name] = value
    Settings.model_validate(kept)
    # Strings, numbers and booleans are written the same way in JSON and in TOML.
    lines = [f"{key} = {json.dumps(item, ensure_ascii=False)}" for key, item in kept.items()]
    write_private(paths.settings_file, "\n".join(lines) + "\n")

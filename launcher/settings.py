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

MOST_STUDENTS = 40
"""The largest class that is planned for."""


class Settings(BaseModel):
    """Everything a user can set. The environment variable is ``PAADJE_`` + the name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Language | None = Field(None, description="nl or en; None follows the system.")
    students: int = Field(28, ge=1, le=MOST_STUDENTS, description="The size of your class.")
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
    values = _read_file(paths)
    origin = dict.fromkeys(values, str(paths.settings_file))
    for name in Settings.model_fields:
        variable = f"PAADJE_{name.upper()}"
        if environ.get(variable):
            values[name] = environ[variable]
            origin[name] = variable
    return _checked(values, origin)


def save_setting(paths: Paths, name: str, value: str | int | bool) -> None:
    """Write one setting to settings.toml and keep the others.

    Raises `UsageError` when the file is not usable: it is left as it is then.
    """
    kept = {**_read_file(paths), name: value}
    _checked(kept, dict.fromkeys(kept, str(paths.settings_file)))
    # Strings, numbers and booleans are written the same way in JSON and in TOML.
    lines = [f"{key} = {json.dumps(item, ensure_ascii=False)}" for key, item in kept.items()]
    write_private(paths.settings_file, "\n".join(lines) + "\n")


def _read_file(paths: Paths) -> dict[str, object]:
    try:
        # Windows Notepad may put a byte order mark before the text.
        return tomllib.loads(paths.settings_file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        raise UsageError(
            "core.not_allowed", place=str(paths.settings_file), detail=str(error)
        ) from error
    except NotADirectoryError as error:
        raise UsageError(
            "core.home_not_a_folder", place=str(paths.config), detail=str(error)
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            "core.settings_unreadable", file=str(paths.settings_file), detail=str(error)
        ) from error


def _checked(values: Mapping[str, object], origin: Mapping[str, str]) -> Settings:
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

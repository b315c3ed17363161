"""Which language to speak."""

import locale
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

LANGUAGES = ("nl", "en")


def pick_language(preferred: str | None, environ: Mapping[str, str]) -> str:
    """``preferred`` when given, else the language of the system, else Dutch."""
    if preferred in LANGUAGES:
        return str(preferred)
    for variable in ("PAADJE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        language = environ.get(variable, "").split("_")[0].split(".")[0].lower()
        if language in LANGUAGES:
            return language
    if sys.platform == "win32":
        system = (locale.getlocale()[0] or "").lower()
        if system.startswith("en"):
            return "en"
    return "nl"


def saved_language(settings_file: Path) -> str | None:
    """The language in the settings; None also when that file is not usable: others tell so."""
    try:
        saved = tomllib.loads(settings_file.read_text(encoding="utf-8-sig")).get("language")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    return saved if saved in LANGUAGES else None

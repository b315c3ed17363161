"""Which language to speak."""

import locale
import sys
from collections.abc import Mapping

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

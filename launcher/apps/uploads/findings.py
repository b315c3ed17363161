"""What the readers share: how they refuse, and how they tidy text."""

import re
import unicodedata

_BREAKS = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\v": "\n", "\f": "\n"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class Unreadable(Exception):  # noqa: N818 - a finding about a file
    """The file gives no text; ``code`` is the name of an error ``uploads.<code>``."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def tidy(text: str) -> str:
    """One form: NFC, single spaces, no control or invisible characters; line feeds stay."""
    for old, new in _BREAKS.items():
        text = text.replace(old, new)
    text = unicodedata.normalize("NFC", text.replace("\t", " ").replace("\u00ad", ""))
    kept = "".join(
        char for char in text if char == "\n" or unicodedata.category(char) not in _HIDDEN
    )
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in kept.split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip("\n")

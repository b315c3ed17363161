"""The sentences of Paadje in Dutch and English: GNU gettext catalogs, one file for each domain.

A key such as ``tui.catalog.title`` lives in ``locales/<lang>/LC_MESSAGES/tui.po``: the part before
the first dot names the file. Programs that serve several people hold one translator a language.
"""

from launcher.i18n.errors import ErrorText, describe_error
from launcher.i18n.language import LANGUAGES, pick_language, saved_language
from launcher.i18n.translator import Translator, translator

__all__ = [
    "LANGUAGES",
    "ErrorText",
    "Translator",
    "describe_error",
    "pick_language",
    "saved_language",
    "translator",
]

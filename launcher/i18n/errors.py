"""From an error's code to the three parts a user gets."""

from dataclasses import dataclass

from launcher.errors import PaadjeError
from launcher.i18n.translator import translator


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorText:
    """What happened, what you can do, and the detail for IT."""

    message: str
    advice: str
    detail: str


def describe_error(error: PaadjeError, lang: str) -> ErrorText:
    """The text of ``error``. A code without text still gives a usable answer."""
    t = translator(lang)
    domain, _, name = error.code.partition(".")
    key = f"{domain}.error.{name}"
    if not t.has(f"{key}.message"):
        return ErrorText(
            message=t("core.error.unnamed.message", code=error.code),
            advice=t("core.error.unnamed.advice"),
            detail=str(error),
        )
    params = dict(error.params)
    return ErrorText(
        message=t(f"{key}.message", **params),
        advice=t(f"{key}.advice", **params),
        detail=error.detail,
    )

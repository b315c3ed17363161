"""The page that says what this is for; the same on both sides."""

from starlette.responses import Response

from launcher.apps.classroom.web import Pages
from launcher.apps.documents import legal
from launcher.i18n import LANGUAGES, translator


def about_page(pages: Pages, lang: str, model: str, server: str) -> Response:
    """The purpose in every language, the reader's first, and our estimates with their sources."""
    ordered = sorted(LANGUAGES, key=lambda code: code != lang)
    return pages.render(
        "about.html",
        lang,
        model_text=_where(lang, model, server),
        purposes=[(code, translator(code)("fc.purpose")) for code in ordered],
        statements=[legal.shown(name, lang) for name in ("estimate", "art_50")],
    )


def _where(lang: str, model: str, server: str) -> str:
    """``server`` is the school's, when texts go there; else empty."""
    t = translator(lang)
    if server:
        return t("fc.about.model_text_server", model=model, server=server)
    return t("fc.about.model_text", model=model)

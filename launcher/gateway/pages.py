"""The gateway's own pages, in the language of the visitor."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from launcher.gateway.refusals import Refusal
from launcher.i18n import LANGUAGES, describe_error, translator

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
LANGUAGE_COOKIE = "paadje_lang"
STATIC_PATH = "/static"
STATIC_BESIDE_AN_APP = "/__paadje/static"
"""On the port of an app of others, which may have a ``/static`` itself."""


class Pages:
    """Renders templates and refusals. ``lang`` is spoken to who did not choose; ``secure`` is
    whether everything is encrypted on its way; ``app_ports`` belong to apps of others."""

    def __init__(
        self, lang: str, *, secure: bool = False, app_ports: frozenset[int] = frozenset()
    ) -> None:
        self._lang = lang
        self.app_ports = app_ports
        self._transport = "gateway.transport_secure" if secure else "gateway.transport"
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def language(self, scope: Scope) -> str:
        """What the visitor chose, else the first language of the browser that we speak."""
        headers = Headers(scope=scope)
        chosen = read_cookies(scope).get(LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return chosen
        return _accepted(headers.get("accept-language", "")) or self._lang

    def page(self, scope: Scope, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        lang = self.language(scope)
        server = scope.get("server")
        beside_an_app = server is not None and server[1] in self.app_ports
        body = self._templates.get_template(f"{name}.html").render(
            t=translator(lang),
            lang=lang,
            here=_here(scope),
            static=STATIC_BESIDE_AN_APP if beside_an_app else STATIC_PATH,
            can_choose_language=not beside_an_app,
            transport=self._transport,
            **values,
        )
        return HTMLResponse(body, status, headers={"content-language": lang})

    def refuse(self, scope: Scope, refusal: Refusal) -> Response:
        """A page for people, JSON for scripts; both say what happened and what to do."""
        text = describe_error(refusal, self.language(scope))
        answer: Response
        if wants_page(scope):
            asked = scope["method"] in ("GET", "HEAD")
            again = refusal.status in (429, 502, 504)
            answer = self.page(
                scope,
                "refusal",
                status=refusal.status,
                text=text,
                retry_s=refusal.retry_after_s if asked and again else None,
                waits=again,
                code_form=refusal.code == "gateway.wrong_code",
            )
        else:
            error = {"code": refusal.code, "message": text.message, "advice": text.advice}
            answer = JSONResponse({"ok": False, "error": error}, refusal.status)
        if refusal.retry_after_s is not None:
            answer.headers["retry-after"] = str(refusal.retry_after_s)
        return answer


def read_cookies(scope: Scope) -> dict[str, str]:
    return cookie_parser(Headers(scope=scope).get("cookie", ""))


def wants_page(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


def _accepted(header: str) -> str | None:
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, weight = part.strip().lower().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        lang = tag.split("-")[0]
        if lang in LANGUAGES and quality > 0:
            ranked.append((-quality, place, lang))
    return min(ranked)[2] if ranked else None


def _here(scope: Scope) -> str:
    """Where a change of language goes back to: never anything but one of our own pages."""
    path: str = scope["path"]
    return path if scope["method"] == "GET" and is_own_path(path) else "/"


def is_own_path(path: str) -> bool:
    """A path on this host, that no browser reads as another host."""
    return (
        path.startswith("/")
        and not path.startswith("//")
        and path.isascii()
        and (path.isprintable() and "\\" not in path)
    )

"""The routes of the gateway. All of them are for students: no teacher route exists here."""

import contextlib
import ipaddress
import json
import secrets
import time
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from launcher.gateway.config import GatewayConfig
from launcher.gateway.guard import Guard
from launcher.gateway.limits import CodeGuard
from launcher.gateway.pages import (
    LANGUAGE_COOKIE,
    STATIC,
    Pages,
    is_own_path,
    read_cookies,
    wants_page,
)
from launcher.gateway.proxy import METHODS, Proxy
from launcher.gateway.refusals import Refusal
from launcher.gateway.sessions import SeatsTaken, Sessions
from launcher.i18n import LANGUAGES
from launcher.sharing.contract import APP_PREFIX
from launcher.sharing.join import normalise_code, same_secret


class Gateway:
    """One shared lesson on the network. ``asgi`` is the application to serve."""

    def __init__(self, config: GatewayConfig, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._pages = Pages(config.lang)
        self._codes = CodeGuard()
        self.sessions = Sessions(config.sessions_file, seats=config.seats, lang=config.lang)
        self.proxy = Proxy(config.apps)
        routes = [
            Route("/health", self.health),
            Route("/", self.landing),
            Route("/j", self.arrive),
            Route("/join", self.join, methods=["POST"]),
            Route("/leave", self.leave, methods=["POST"]),
            Route("/language", self.choose_language, methods=["POST"]),
            Route(f"{APP_PREFIX}{{app}}", self.enter_app),
            Route(f"{APP_PREFIX}{{app}}/{{rest:path}}", self.use_app, methods=METHODS),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        # Without Starlette's own error pages: the guard is the boundary.
        router = Router(routes, redirect_slashes=False, default=_unknown_page)
        self.asgi: ASGIApp = Guard(router, hosts=config.hosts, pages=self._pages)

    def status(self) -> dict[str, object]:
        """What the lesson host may know: how many joined, and whether typed codes pause."""
        return {"joined": len(self.sessions), "typed_codes_paused": self._codes.paused}

    async def health(self, request: Request) -> Response:
        if not _from_loopback(request):
            raise Refusal("unknown_page")
        return PlainTextResponse("ok")

    async def landing(self, request: Request) -> Response:
        student = self.sessions.find(self._cookie(request))
        if student is None:
            return self._code_page(request, "landing")
        if self._expired():
            raise Refusal("ended")
        if len(self._config.apps) == 1:
            return RedirectResponse(self._way_in(), 303)
        lang = self._pages.language(request.scope)
        apps = [
            {"href": f"{APP_PREFIX}{app.id}/", "icon": app.icon, "title": app.title_in(lang)}
            for app in self._config.apps
        ]
        return self._pages.page(request.scope, "menu", apps=apps, nickname=student.nickname)

    async def arrive(self, request: Request) -> Response:
        """Where the QR code leads. The token is in the fragment, which the page posts."""
        return self._code_page(request, "arrive")

    async def join(self, request: Request) -> Response:
        given = await _fields(request)
        if "token" in given:
            right = same_secret(given["token"], self._config.token)
        else:
            right = self._right_code(request, given.get("code", ""))
        if not right or self._expired():
            raise Refusal("wrong_code")
        try:
            cookie = await self.sessions.join(self._cookie(request))
        except SeatsTaken as error:
            raise Refusal("full") from error
        answer: Response
        if wants_page(request.scope):
            answer = RedirectResponse(self._way_in(), 303)
        else:
            answer = JSONResponse({"ok": True, "next": self._way_in()})
        self._set_cookie(answer, self._config.cookie, cookie)
        return answer

    async def leave(self, request: Request) -> Response:
        await self.sessions.leave(self._cookie(request))
        answer = RedirectResponse("/", 303) if wants_page(request.scope) else _ok()
        answer.delete_cookie(self._config.cookie, httponly=True, samesite="strict")
        return answer

    async def choose_language(self, request: Request) -> Response:
        given = await _fields(request)
        lang, back = given.get("lang"), given.get("back", "/")
        if lang not in LANGUAGES:
            raise Refusal("bad_request")
        answer = RedirectResponse(back if is_own_path(back) else "/", 303)
        self._set_cookie(answer, LANGUAGE_COOKIE, lang)
        return answer

    async def enter_app(self, request: Request) -> Response:
        return RedirectResponse(request.url.path + "/", 308)

    async def use_app(self, request: Request) -> Response:
        app_id = request.path_params["app"]
        student = self.sessions.find(self._cookie(request))
        if student is None:
            if wants_page(request.scope) and request.method == "GET":
                return RedirectResponse("/", 303)
            raise Refusal("not_joined")
        if self._expired():
            raise Refusal("ended")
        if not self.proxy.knows(app_id):
            raise Refusal("unknown_page")
        lang = self._pages.language(request.scope)
        return await self.proxy.forward(request, app_id, student, lang)

    def _right_code(self, request: Request, typed: str) -> bool:
        visitor = self._visitor(request)
        wait_s = self._codes.wait_s(visitor)
        if wait_s:
            name = "typed_codes_paused" if self._codes.paused else "too_many_guesses"
            raise Refusal(name, retry_after_s=wait_s)
        code = normalise_code(typed)
        if code is None:
            return False  # No guess: it cannot be anybody's code.
        right = same_secret(code, self._config.code) and not self._expired()
        if not right:
            self._codes.wrong(visitor)
        return right

    def _code_page(self, request: Request, name: str) -> Response:
        answer = self._pages.page(request.scope, name)
        if self._visitor_cookie not in request.cookies:
            self._set_cookie(answer, self._visitor_cookie, secrets.token_urlsafe(16))
        return answer

    @property
    def _visitor_cookie(self) -> str:
        return f"{self._config.cookie}_visitor"

    def _visitor(self, request: Request) -> str:
        """Who types: a browser with our cookie, or an address. Inventing cookies does not help,
        because the limit for everyone together holds as well."""
        cookie = request.cookies.get(self._visitor_cookie, "")
        return cookie if len(cookie) == 22 else _peer(request)

    def _cookie(self, request: Request) -> str | None:
        return read_cookies(request.scope).get(self._config.cookie)

    def _set_cookie(self, answer: Response, name: str, value: str) -> None:
        left_s = max(int(self._config.expires_at - self._clock()), 1)
        answer.set_cookie(name, value, max_age=left_s, path="/", httponly=True, samesite="strict")

    def _expired(self) -> bool:
        return self._clock() >= self._config.expires_at

    def _way_in(self) -> str:
        apps = self._config.apps
        return f"{APP_PREFIX}{apps[0].id}/" if len(apps) == 1 else "/"


async def _fields(request: Request) -> dict[str, str]:
    """The strings of a form or of a JSON object. Raises `Refusal` for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind == "application/json":
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(body)
            if isinstance(value, dict):
                return {key: item for key, item in value.items() if isinstance(item, str)}
        raise Refusal("bad_request")
    if kind == "application/x-www-form-urlencoded":
        with contextlib.suppress(ValueError):
            pairs = parse_qs(body.decode("ascii"), max_num_fields=20, errors="strict")
            return {name: values[0] for name, values in pairs.items()}
        raise Refusal("bad_request")
    raise Refusal("wrong_type")


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _from_loopback(request: Request) -> bool:
    try:
        return ipaddress.ip_address(_peer(request)).is_loopback
    except ValueError:
        return False


def _ok() -> Response:
    return JSONResponse({"ok": True})


async def _unknown_page(scope: Scope, receive: Receive, send: Send) -> None:
    raise Refusal("unknown_page")

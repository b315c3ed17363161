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

from launcher.gateway.config import LIVE, AppRoute, GatewayConfig
from launcher.gateway.guard import Guard
from launcher.gateway.limits import Clock, CodeGuard, Rate
from launcher.gateway.pages import (
    LANGUAGE_COOKIE,
    STATIC,
    STATIC_BESIDE_AN_APP,
    STATIC_PATH,
    Pages,
    is_own_path,
    read_cookies,
    wants_page,
)
from launcher.gateway.proxy import METHODS, Proxy
from launcher.gateway.refusals import Refusal
from launcher.gateway.sessions import Kicked, Locked, SeatsTaken, Sessions, Student
from launcher.gateway.tunnel import wants_websocket
from launcher.i18n import LANGUAGES
from launcher.sharing.contract import APP_PREFIX, GATEWAY_KEY_HEADER
from launcher.sharing.join import normalise_code, same_secret

NEW_SEATS_AT_ONCE = 100
NEW_SEATS_PER_S = 0.5
"""For one address. A class may sit behind one, and scans within a minute."""


class Gateway:
    """One shared lesson on the network. ``asgi`` is the application to serve.

    ``clock`` tells the time of day, ``ticks`` how much of it went by.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Clock = time.monotonic,
    ) -> None:
        self._config = config
        self._clock = clock
        ports = _own_ports(config)
        secure = config.certificate is not None
        self._pages = Pages(config.lang, secure=secure, app_ports=ports)
        self._codes = CodeGuard()
        self._probe_seen = False
        self._new_seats = Rate(burst=NEW_SEATS_AT_ONCE, per_s=NEW_SEATS_PER_S, clock=ticks)
        self.sessions = Sessions(config.sessions_file, lang=config.lang, clock=ticks)
        self.proxy = Proxy(config.apps, own_cookies=config.cookie)
        routes = [
            Route("/health", self.health),
            Route("/", self.landing),
            Route("/j", self.arrive),
            Route("/join", self.join, methods=["POST"]),
            Route("/wait", self.wait),
            Route("/works", self.works),
            Route("/leave", self.leave, methods=["POST"]),
            Route("/language", self.choose_language, methods=["POST"]),
            Route(f"{APP_PREFIX}{{app}}", self.enter_app),
            Route(f"{APP_PREFIX}{{app}}/{{rest:path}}", self.use_app, methods=METHODS),
            Mount(STATIC_PATH, StaticFiles(directory=STATIC)),
        ]
        # Without Starlette's own error pages: the guard is the boundary.
        self.router = router = Router(routes, redirect_slashes=False, default=_unknown_page)
        rooted = Router(
            [
                Mount(STATIC_BESIDE_AN_APP, StaticFiles(directory=STATIC)),
                Route("/{rest:path}", self.use_rooted_app, methods=METHODS),
            ],
            redirect_slashes=False,
        )

        async def by_port(scope: Scope, receive: Receive, send: Send) -> None:
            beside = scope["server"][1] in self._pages.app_ports
            await (rooted if beside else router)(scope, receive, send)

        self._guard = Guard(
            by_port if ports else router,
            hosts=config.hosts,
            pages=self._pages,
            scheme=config.scheme,
            free_ports=ports,
        )
        self.asgi: ASGIApp = self._guard

    def status(self) -> dict[str, object]:
        """What the lesson host may know, and nothing that lets anybody in."""
        everyone = self.sessions.everyone()
        return {
            "joined": len(self.sessions),
            "students": [student.nickname for student in everyone if student.admitted],
            "waiting": [student.nickname for student in everyone if not student.admitted],
            "unused": len(self._unused()),
            "typed_codes_paused": self._codes.paused,
            "probe_seen": self._probe_seen,
            "heard_from_outside": self._guard.heard_from_outside,
            "version": self._config.version,
        }

    def change(self, config: GatewayConfig) -> None:
        """Take over what may change during a lesson."""
        fresh = {name: value for name, value in config if name in LIVE}
        if config.probe != self._config.probe:
            self._probe_seen = False
        if config.hosts != self._config.hosts:
            self.sessions.moved()
            self._guard.heard_from_outside = False
        self._config = self._config.model_copy(update=fresh)
        self._pages.app_ports = _own_ports(config)
        self.proxy.take(config.apps)
        self._guard.answer_for(config.hosts, self._pages.app_ports)

    def _unused(self) -> list[Student]:
        """Whose seat is free as far as we see; a page that still listens to its app is in use."""
        return [one for one in self.sessions.unused() if not self.proxy.serves(one)]

    async def free_unused(self) -> None:
        """Free the seats that nobody uses. Nothing was made there, so nothing is lost."""
        await self.sessions.free(self._unused())

    async def kick(self, nickname: str) -> None:
        student = await self.sessions.kick(nickname)
        if student is not None:
            self.proxy.end_streams_of(student)

    async def health(self, request: Request) -> Response:
        key = self._config.health_key
        known = not key or same_secret(request.headers.get(GATEWAY_KEY_HEADER, ""), key)
        if not (known and _from_loopback(request)):
            raise Refusal("unknown_page")
        return PlainTextResponse("ok")

    async def landing(self, request: Request) -> Response:
        student = self._student(request)
        if student is None:
            if self.sessions.was_kicked(self._cookie(request)):
                raise Refusal("kicked")
            return self._code_page(request, "landing")
        if not student.admitted:
            return RedirectResponse("/wait", 303)
        if len(self._config.apps) == 1:
            return RedirectResponse(self._way_in(request), 303)
        lang = self._pages.language(request.scope)
        apps = [
            {"href": self._href(request, app), "icon": app.icon, "title": app.title_in(lang)}
            for app in self._config.apps
        ]
        return self._pages.page(request.scope, "menu", apps=apps, nickname=student.nickname)

    async def arrive(self, request: Request) -> Response:
        """Where the QR code leads. The token is in the fragment, which the page posts."""
        return self._code_page(request, "arrive")

    async def works(self, request: Request) -> Response:
        """What a phone shows that was used to try whether it gets here."""
        return self._pages.page(request.scope, "works")

    async def wait(self, request: Request) -> Response:
        """For who waits until the teacher lets them in; the page looks again by itself."""
        student = self._student(request)
        if student is None or student.admitted:
            return RedirectResponse("/", 303)
        return self._pages.page(request.scope, "wait", nickname=student.nickname)

    async def join(self, request: Request) -> Response:
        given = await _fields(request)
        config = self._config
        if "token" in given:
            if config.probe is not None and same_secret(given["token"], config.probe):
                self._probe_seen = self._probe_seen or _from_outside(request)
                return JSONResponse({"ok": True, "next": "/works"})
            right = same_secret(given["token"], config.token)
        else:
            right = self._right_code(request, given.get("code", ""))
        if not right or self._expired():
            raise Refusal("wrong_code")
        if wants_page(request.scope) and not request.cookies:
            # The page with the form gave one. Without, the next page would not know this student.
            raise Refusal("no_cookies")
        old = self._cookie(request)
        if self.sessions.find(old) is None:
            wait_s = self._new_seats.wait_s(_peer(request))
            if wait_s:
                raise Refusal("too_fast", retry_after_s=wait_s)
        device = f"{_peer(request)} {request.headers.get('user-agent', '')}"
        try:
            cookie = await self.sessions.join(
                old,
                seats=config.seats,
                device=device,
                locked=config.locked,
                approve_each=config.approve_each,
            )
        except SeatsTaken as error:
            raise Refusal("full") from error
        except Locked as error:
            raise Refusal("locked") from error
        except Kicked as error:
            raise Refusal("kicked") from error
        student = self.sessions.find(cookie)
        inside = student is not None and student.admitted
        following = self._way_in(request) if inside else "/wait"
        answer: Response
        if wants_page(request.scope):
            answer = RedirectResponse(following, 303)
        else:
            answer = JSONResponse({"ok": True, "next": following})
        self._set_cookie(answer, config.cookie, cookie)
        return answer

    async def leave(self, request: Request) -> Response:
        await self.sessions.leave(self._cookie(request))
        answer = RedirectResponse("/", 303) if wants_page(request.scope) else _ok()
        secure = self._config.certificate is not None
        answer.delete_cookie(self._config.cookie, httponly=True, samesite="strict", secure=secure)
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
        student = self._insider(request)
        if student is None:
            return RedirectResponse("/", 303)
        app = self.proxy.app(request.path_params["app"])
        if app is None:
            raise Refusal("unknown_page")
        return await self._forward(request, app, student)

    async def use_rooted_app(self, request: Request) -> Response:
        """An app at the root of a port of its own."""
        student = self._insider(request)
        if student is None:
            return RedirectResponse(self._start_page(request), 303)
        app = self.proxy.rooted(request.scope["server"][1])
        if app is None:
            raise Refusal("unknown_page")
        return await self._forward(request, app, student)

    async def _forward(self, request: Request, app: AppRoute, student: Student) -> Response:
        if request.method not in ("GET", "HEAD") or wants_websocket(request):
            await self.sessions.works(self._cookie(request))
        lang = self._pages.language(request.scope)
        return await self.proxy.forward(request, app, student, lang)

    def _student(self, request: Request) -> Student | None:
        student = self.sessions.find(self._cookie(request))
        if student is not None:
            if self._expired():
                raise Refusal("ended")
            self.sessions.seen(student)
        return student

    def _insider(self, request: Request) -> Student | None:
        """Who may use the apps; None for a page that leads back to the start instead."""
        student = self._student(request)
        if student is not None and student.admitted:
            return student
        if wants_page(request.scope) and request.method == "GET":
            return None
        raise Refusal("not_joined")

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
        answer.set_cookie(
            name,
            value,
            max_age=left_s,
            path="/",
            httponly=True,
            samesite="strict",
            secure=self._config.certificate is not None,
        )

    def _expired(self) -> bool:
        return self._clock() >= self._config.expires_at

    def _way_in(self, request: Request) -> str:
        apps = self._config.apps
        return self._href(request, apps[0]) if len(apps) == 1 else "/"

    def _href(self, request: Request, app: AppRoute) -> str:
        if app.own_port is None:
            return f"{APP_PREFIX}{app.id}/"
        return f"{self._config.scheme}://{_hostname(request)}:{app.own_port}/"

    def _start_page(self, request: Request) -> str:
        """The start page of the lesson, seen from an app on another port."""
        name = _hostname(request)
        ports = {app.own_port for app in self._config.apps}
        for host in self._config.hosts:
            same, _, port = host.rpartition(":")
            if same == name and int(port) not in ports:
                return f"{self._config.scheme}://{host}/"
        raise Refusal("unknown_page")


def _own_ports(config: GatewayConfig) -> frozenset[int]:
    return frozenset(app.own_port for app in config.apps if app.own_port is not None)


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


def _from_outside(request: Request) -> bool:
    """Whether it came from another device: not from loopback, and not from our own address."""
    return not _from_loopback(request) and _peer(request) != request.scope["server"][0]


def _hostname(request: Request) -> str:
    return request.headers["host"].partition(":")[0].lower()


def _ok() -> Response:
    return JSONResponse({"ok": True})


async def _unknown_page(scope: Scope, receive: Receive, send: Send) -> None:
    raise Refusal("unknown_page")

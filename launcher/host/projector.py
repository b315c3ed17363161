"""The page for the projector, and the control of sharing: on loopback only.

Two ways in. The fronts use the control token on ``/sharing``. A browser opens
``/projector/open#<token>``; that page posts the token and gets a cookie that scripts cannot read.
Nothing here is in the gateway: no phone can reach it.
"""

import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from launcher.errors import PaadjeError
from launcher.host.api import ControlAccess
from launcher.host.openapi import student_api, teacher_api
from launcher.host.sharing_control import SharingControl
from launcher.i18n import describe_error, translator
from launcher.sharing.join import show_code
from launcher.sharing.qr import svg_qr
from launcher.sharing.wifi import wifi_text
from launcher.units import minutes_left

HERE = Path(__file__).parent
MAX_BODY_BYTES = 4096
ALLOWED_ON_THE_PAGE = ("new-code", "lock", "unlock", "admit")
"""What somebody at the projector may do."""

ALARMS_FOR_THE_CLASS = ("host.no_address", "host.address_changed", "host.typed_codes_paused")
"""The others are for the teacher alone, who sees them in Paadje."""

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
}


class SharingPages:
    """``/sharing`` for the fronts and ``/projector`` for a browser, beside the control API."""

    def __init__(self, control: SharingControl, *, lang: str, port: int) -> None:
        self._control = control
        self._lang = lang
        self._t = translator(lang)
        self._origin = f"http://127.0.0.1:{port}"
        self._cookie_name = f"paadje_projector_{port}"
        self._token = secrets.token_urlsafe(24)
        self._sessions: set[str] = set()
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.fronts = Starlette(
            routes=[
                Route("/sharing", self.look, methods=["GET"]),
                Route("/sharing", self.want, methods=["POST"]),
                Route("/sharing/openapi.json", self.describe, methods=["GET"]),
            ]
        )
        self.browser = Starlette(
            routes=[
                Route("/projector/open", self.open, methods=["GET"]),
                Route("/projector/session", self.enter, methods=["POST"]),
                Route("/projector", self.page, methods=["GET"]),
                Route("/projector/state", self.state, methods=["GET"]),
                Route("/projector/do", self.act, methods=["POST"]),
                Route("/projector/join.svg", self.join_qr, methods=["GET"]),
                Route("/projector/wifi.svg", self.wifi_qr, methods=["GET"]),
                Mount("/projector/static", StaticFiles(directory=HERE / "static")),
            ]
        )

    async def look(self, _: Request) -> Response:
        return JSONResponse(self._view())

    async def want(self, request: Request) -> Response:
        return await self._do(await _json_object(request))

    async def describe(self, _: Request) -> Response:
        view = self._control.view()
        return JSONResponse(
            {"student": student_api(view["url"]), "teacher": teacher_api(self._origin)}
        )

    async def open(self, _: Request) -> Response:
        return self._render("open")

    async def enter(self, request: Request) -> Response:
        given = (await _json_object(request)).get("token")
        if not isinstance(given, str) or not hmac.compare_digest(
            given.encode("utf-8", "surrogatepass"), self._token.encode()
        ):
            return PlainTextResponse("forbidden", 403)
        session = secrets.token_urlsafe(32)
        self._sessions.add(session)
        answer = Response(status_code=204)
        answer.set_cookie(
            self._cookie_name, session, path="/projector", httponly=True, samesite="strict"
        )
        return answer

    async def page(self, request: Request) -> Response:
        if not self._is_in(request):
            return self._render("open")
        return self._render("projector")

    async def state(self, request: Request) -> Response:
        if not self._is_in(request):
            return PlainTextResponse("unauthorized", 401)
        view = self._control.view()
        t = self._t
        left_s = view["seconds_left"]
        shown = [each["code"] for each in view["alarms"] if each["code"] in ALARMS_FOR_THE_CLASS]
        alarm = t(f"host.notice.{shown[0].removeprefix('host.')}") if shown else None
        minutes = None if left_s is None else minutes_left(left_s)
        hotspot = self._control.hotspot
        return JSONResponse(
            {
                "url": view["url"].removeprefix("http://"),
                "code": show_code(view["code"]),
                "joined": t.plural("host.projector.joined", view["joined"] or 0),
                "waiting": t.plural("host.projector.waiting", len(view["waiting"]))
                if view["waiting"]
                else None,
                "locked": view["locked"],
                "left": None if minutes is None else t.plural("host.projector.left", minutes),
                "alarm": alarm,
                # Another picture has another name, so that the page fetches it once.
                "version": _fingerprint(view["join_url"]),
                "wifi": hotspot.name if hotspot else None,
            }
        )

    async def act(self, request: Request) -> Response:
        if not self._is_in(request):
            return PlainTextResponse("unauthorized", 401)
        wanted = await _json_object(request)
        if wanted.get("do") not in ALLOWED_ON_THE_PAGE:
            return PlainTextResponse("forbidden", 403)
        return await self._do({"do": wanted["do"]})

    async def join_qr(self, request: Request) -> Response:
        return self._picture(request, self._control.view()["join_url"])

    async def wifi_qr(self, request: Request) -> Response:
        hotspot = self._control.hotspot
        return self._picture(request, wifi_text(hotspot) if hotspot else None)

    def _picture(self, request: Request, text: str | None) -> Response:
        if not self._is_in(request):
            return PlainTextResponse("unauthorized", 401)
        if text is None:
            return PlainTextResponse("nothing here", 404)
        return Response(svg_qr(text, title="QR"), media_type="image/svg+xml")

    async def _do(self, wanted: dict[str, Any]) -> Response:
        try:
            await self._control.do(wanted)
        except PaadjeError as error:
            text = describe_error(error, self._lang)
            return JSONResponse(
                {"code": error.code, "message": text.message, "params": _plain(error.params)}, 422
            )
        return JSONResponse(self._view())

    def _view(self) -> dict[str, Any]:
        return self._control.view() | {
            "projector_url": f"{self._origin}/projector/open#{self._token}"
        }

    def _is_in(self, request: Request) -> bool:
        return request.cookies.get(self._cookie_name, "") in self._sessions

    def _render(self, name: str) -> Response:
        page = self._templates.get_template(f"{name}.html").render(t=self._t, lang=self._lang)
        return HTMLResponse(page)


def with_sharing(control_api: ASGIApp, pages: SharingPages, *, port: int, token: str) -> ASGIApp:
    """The control API of the host, and beside it what this module serves."""
    fronts = ControlAccess(pages.fronts, port=port, token=token)
    browser = OwnBrowser(pages.browser, port=port)

    async def by_path(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path == "/sharing" or path.startswith("/sharing/"):
            await fronts(scope, receive, send)
        elif path.startswith("/projector"):
            await browser(scope, receive, send)
        else:
            await control_api(scope, receive, send)

    return by_path


class OwnBrowser:
    """Lets in what a page of ours asks: this very Host, and for a change this very Origin.

    A name of somebody else that points to 127.0.0.1 has another Host; a page of somebody else has
    another Origin. ``localhost`` is not answered: its cookies are shared with every other port.
    """

    def __init__(self, app: ASGIApp, *, port: int) -> None:
        self._app = app
        self._host = f"127.0.0.1:{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refusal: Response | None = None
        if headers.getlist("host") != [self._host]:
            refusal = PlainTextResponse("bad host", 400)
        elif scope["method"] not in ("GET", "HEAD") and (
            headers.getlist("origin") != [f"http://{self._host}"]
        ):
            refusal = PlainTextResponse("foreign origin", 403)

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        await (refusal or self._app)(scope, receive, secured)


async def _json_object(request: Request) -> dict[str, Any]:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(params: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}

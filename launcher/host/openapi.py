"""The student's and the teacher's HTTP API as OpenAPI, for IT and for tests.

It is published on the teacher's own loopback address only. The apps' pages below ``/a/<id>/`` are
their own; here is how one gets to them.
"""

from typing import Any

from launcher import __version__

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_REFUSED = {"description": "Refused; `error` holds `code`, `message` and `advice`."}


def student_api(url: str) -> dict[str, Any]:
    """What answers on the network of the class: the gateway."""
    cookie: list[dict[str, list[str]]] = [{"session": []}]
    paths: dict[str, Any] = {
        "/": {"get": _page("The start page: type the code, or choose an app.")},
        "/j": {"get": _page("Where the QR code leads; posts the token of the fragment.")},
        "/join": {
            "post": {
                "summary": "Join with the token of the QR code or with the typed code.",
                "requestBody": _body({"token": "string", "code": "string"}, forms=True),
                "responses": {
                    "200": {"description": "In: `next` says where to go. Sets the session cookie."},
                    **_refusals("400", "403", "413", "415", "429"),
                },
            }
        },
        "/wait": {"get": _page("For who waits until the teacher lets them in.", cookie)},
        "/works": {"get": _page("What a phone shows that tried whether it gets here.")},
        "/leave": {"post": {**_page("Leave the lesson.", cookie)}},
        "/language": {
            "post": {
                "summary": "Choose the language of the pages.",
                "requestBody": _body({"lang": "string", "back": "string"}, forms=True),
                "responses": {"303": {"description": "Back."}, **_refusals("400", "403")},
            }
        },
        "/a/{app}": {"get": _page("Leads to the app.", parameters=("app",))},
        "/a/{app}/{rest}": {
            method: {
                "summary": "Forwarded to the app; also the beginning of a WebSocket (GET).",
                "security": cookie,
                "parameters": _parameters("app", "rest"),
                "responses": {
                    "200": {"description": "The app's own answer, possibly a stream."},
                    **_refusals("400", "401", "403", "404", "410", "413", "429", "502", "504"),
                },
            }
            for method in ("get", "head", "post", "put", "patch", "delete")
        },
        "/health": {"get": _page("For this computer only; 404 for all others.")},
        "/static/{file}": {"get": _page("Styles and scripts.", parameters=("file",))},
    }
    schemes = {"session": {"type": "apiKey", "in": "cookie", "name": "paadje_<port>"}}
    return _document("Students", url, paths, schemes)


def teacher_api(url: str) -> dict[str, Any]:
    """What answers on loopback: the control of the lesson and the projector page."""
    token: list[dict[str, list[str]]] = [{"control": []}]
    cookie: list[dict[str, list[str]]] = [{"projector": []}]
    look = {"200": {"description": "As it is now."}, **_refusals("400", "401")}
    paths: dict[str, Any] = {
        "/state": {"get": {"summary": "The lesson.", "security": token, "responses": look}},
        "/events": {"get": {"summary": "Every change.", "security": token, "responses": look}},
        "/stop": {"post": {"summary": "End it.", "security": token, "responses": look}},
        "/sharing": {
            "get": {"summary": "How it is shared.", "security": token, "responses": look},
            "post": {
                "summary": "Change how it is shared.",
                "security": token,
                "requestBody": _body({"do": "string"}),
                "responses": {**look, **_refusals("422")},
            },
        },
        "/sharing/openapi.json": {
            "get": {"summary": "This, for both sides.", "security": token, "responses": look}
        },
        "/projector": {"get": _page("The page for the projector.", cookie)},
        "/projector/open": {"get": _page("The way in; posts the token of the fragment.")},
        "/projector/session": {
            "post": {
                "summary": "Get the cookie of the projector page.",
                "requestBody": _body({"token": "string"}),
                "responses": {"204": {"description": "In."}, **_refusals("403")},
            }
        },
        "/projector/state": {"get": _page("What the page shows, as JSON.", cookie)},
        "/projector/do": {
            "post": {
                "summary": "new-code, lock, unlock or admit.",
                "security": cookie,
                "requestBody": _body({"do": "string"}),
                "responses": {**look, **_refusals("403", "422")},
            }
        },
        "/projector/join.svg": {"get": _page("The QR code of the lesson.", cookie)},
        "/projector/wifi.svg": {"get": _page("The QR code of the hotspot.", cookie)},
        "/projector/static/{file}": {"get": _page("Styles and scripts.", parameters=("file",))},
    }
    schemes = {
        "control": {"type": "http", "scheme": "bearer"},
        "projector": {"type": "apiKey", "in": "cookie", "name": "paadje_projector_<port>"},
    }
    return _document("Teacher", url, paths, schemes)


def _document(
    title: str, url: str, paths: dict[str, Any], schemes: dict[str, Any]
) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Paadje: {title}", "version": __version__},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }


def _page(
    summary: str,
    security: list[dict[str, list[str]]] | None = None,
    parameters: tuple[str, ...] = (),
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": {"description": "The page."}, **_refusals("400")},
    }
    if security:
        found["security"] = security
    if parameters:
        found["parameters"] = _parameters(*parameters)
    return found


def _parameters(*names: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _refusals(*statuses: str) -> dict[str, Any]:
    return dict.fromkeys(statuses, _REFUSED)


def _body(fields: dict[str, str], *, forms: bool = False) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in fields.items()},
    }
    kinds = (_JSON, _FORM) if forms else (_JSON,)
    return {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}

"""A whole lesson with an app of others, at the root of a port of its own."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from launcher import catalog, lesson
from launcher.catalog.schema import Expose, Recipe, Service
from launcher.events import Cancel, ignore
from launcher.i18n import translator
from launcher.lesson.types import Context, LessonSnapshot, ShareWishes
from launcher.services.process import wait_for
from launcher.units import KIB, MIB
from tests.browser import chromium
from tests.services.lessons import give_practice_model, listens

pytestmark = [pytest.mark.engine, pytest.mark.browser]

APP = "made-elsewhere"
FORM = {"content-type": "multipart/form-data; boundary=x"}


@pytest.fixture
def context(home: Path, starter_model: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A Paadje with the practice model, and with a recipe for an app of others."""
    monkeypatch.setenv("PAADJE_OFFLINE", "true")
    context = lesson.open_context(os.environ, lang="nl")
    give_practice_model(context.models_dir, starter_model)
    argv = ("tests.services.own_port_app", "{port}")
    changes = {
        "id": APP,
        "services": (Service(id="app", runtime="builtin", argv=argv),),
        "expose": Expose(access="join", service="app", place="own-port"),
    }
    recipe: Recipe = catalog.load_recipe("feedback-companion").model_copy(update=changes)
    monkeypatch.setattr(catalog, "load_recipe", lambda _: recipe)
    return context


@pytest.fixture
def running(context: Context) -> Iterator[LessonSnapshot]:
    plans = [lesson.make_plan(context, APP)]
    share = ShareWishes(mode="local")
    yield lesson.start(context, plans, share, report=ignore, cancel=Cancel())
    lesson.stop(context, None, report=ignore)


def own_port(context: Context, running: LessonSnapshot) -> int:
    config = json.loads((context.paths.lessons / running.lesson / "gateway.json").read_text())
    return int(config["apps"][0]["own_port"])


def arrives(page: Page, root: str) -> None:
    expect(page.get_by_role("heading", name="Elders gemaakt")).to_be_visible()
    assert page.url == root


def test_a_class_uses_an_app_of_others(context: Context, running: LessonSnapshot) -> None:
    port = own_port(context, running)
    root = f"http://127.0.0.1:{port}/"
    assert port != running.share.port
    # It has no side for the teacher: the teacher looks at the app itself.
    (app,) = running.apps
    assert httpx.get(app.teacher_url, trust_env=False).status_code == 200
    assert app.teacher_url != root
    with chromium() as browser:
        scans, types = browser.new_context(locale="nl").new_page(), without_scripts(browser)
        scans.goto(running.share.join_url)
        arrives(scans, root)
        expect(scans.locator("#cookie")).to_have_text("theirs=1")
        colour = scans.eval_on_selector("h1", "each => getComputedStyle(each).color")
        assert colour == "rgb(1, 2, 3)"
        joined = lambda: lesson.read_sharing(context, running.lesson)["students"]  # noqa: E731
        assert wait_for(lambda: len(joined()) == 1, 20)
        (nickname,) = joined()

        types.goto(running.share.url)
        types.fill("#code", running.share.code)
        types.click("button.main")
        arrives(types, root)

        lesson.change_sharing(context, running.lesson, do="kick", nickname=nickname)
        expect(scans.locator("#stream")).to_have_text("over")
        scans.goto(root)
        kicked = translator("nl")("gateway.error.kicked.message")
        expect(scans.get_by_role("heading", name=kicked)).to_be_visible()
        assert scans.url.startswith(running.share.url)
        types.reload()
        arrives(types, root)
    check_limits(running, root)

    (receipt,) = lesson.stop(context, running.lesson, report=ignore)
    assert receipt.data_erased
    assert not listens(port)
    assert not listens(running.share.port)


def without_scripts(browser: Browser) -> Page:
    return browser.new_context(java_script_enabled=False).new_page()


def check_limits(running: LessonSnapshot, root: str) -> None:
    """Whoever did not join gets nothing, and who did cannot send without end."""

    def send(client: httpx.Client, path: str, size: int, headers: dict[str, str]) -> Any:
        own = {"origin": root.rstrip("/"), **headers}
        return client.post(f"{root}{path}", content=b"x" * size, headers=own).status_code

    base, _, token = running.share.join_url.partition("/j#")
    with httpx.Client(trust_env=False, timeout=30) as client:
        assert client.get(f"{root}me").status_code == 401
        assert send(client, "upload", 10, FORM) == 401
        joined = client.post(f"{base}/join", json={"token": token}, headers={"origin": base})
        assert joined.json()["next"] == root
        seen = client.get(f"{root}me").json()
        assert "paadje_" not in seen["cookie"]
        assert token not in json.dumps(seen)
        assert send(client, "upload", 10 * MIB, FORM) == 200
        assert send(client, "upload", 11 * MIB, FORM) == 413
        assert send(client, "upload", 64 * KIB + 1, {}) == 413

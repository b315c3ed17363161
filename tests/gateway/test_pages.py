"""The pages in a real browser, as a student meets them."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import require
from tests.gateway.conftest import StartGateway
from tests.gateway.harness import TOKEN, RunningGateway, free_port

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(CHROMIUM is not None, "Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, gateway: RunningGateway) -> Iterator[OpenPage]:
    """A phone; at the end nothing was blocked, and nothing was asked of anyone else."""
    contexts = []
    elsewhere: list[str] = []
    complaints: list[str] = []

    def open_one(width: int = 360, height: int = 740, **options: object) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            **{"locale": "nl-NL", **options},  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: elsewhere.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [url for url in elsewhere if not url.startswith("http://127.0.0.1:")] == []
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def test_scanning_leads_into_the_app_and_hides_the_token(
    gateway: RunningGateway, open_page: OpenPage
) -> None:
    page = open_page()
    page.goto(f"{gateway.url}/j#{TOKEN}")
    page.wait_for_url(f"{gateway.url}/a/demo/")
    assert TOKEN not in page.evaluate("JSON.stringify([location.href, document.referrer])")
    page.go_back()
    assert TOKEN not in page.url


def test_a_code_can_be_typed_without_scripts_and_with_the_keyboard_only(
    gateway: RunningGateway, open_page: OpenPage
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{gateway.url}/j#{TOKEN}")
    page.keyboard.press("Tab")
    page.keyboard.type("bcdf-2345")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{gateway.url}/a/demo/")


def test_an_old_qr_code_offers_to_type(gateway: RunningGateway, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"{gateway.url}/j#{TOKEN[::-1]}")
    expect(page.get_by_role("alert")).to_contain_text("Deze code werkt niet.")
    expect(page.get_by_label("Code van het bord")).to_be_visible()


def test_a_phone_without_cookies_is_told_so_before_it_joins(
    gateway: RunningGateway, open_page: OpenPage
) -> None:
    page = open_page()
    page.add_init_script("Object.defineProperty(navigator, 'cookieEnabled', {get: () => false})")
    page.route("**/join", lambda route: route.abort())
    page.goto(f"{gateway.url}/j#{TOKEN}")
    expect(page.get_by_role("alert")).to_contain_text("Je browser bewaart geen cookies.")
    assert TOKEN not in page.url


def test_a_lost_connection_can_be_tried_again(gateway: RunningGateway, open_page: OpenPage) -> None:
    page = open_page()
    page.route("**/join", lambda route: route.abort())
    page.goto(f"{gateway.url}/j#{TOKEN}")
    expect(page.get_by_role("alert")).to_contain_text("niet te bereiken")
    page.unroute("**/join")
    page.get_by_role("button", name="Probeer opnieuw").click()
    page.wait_for_url(f"{gateway.url}/a/demo/")


def test_the_language_can_be_switched(gateway: RunningGateway, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"{gateway.url}/")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Join the lesson")
    page.get_by_role("button", name="Nederlands").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Doe mee met de les")


@pytest.mark.parametrize("locale", ["nl-NL", "en-GB"])
def test_pages_fit_the_smallest_phone(
    gateway: RunningGateway, open_page: OpenPage, locale: str
) -> None:
    page = open_page(320, 568, locale=locale)
    for path in ("/", "/j#wrong", "/nowhere"):
        page.goto(gateway.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is None or box["height"] >= 44


def test_the_menu_and_leaving(
    gateway: RunningGateway, start_gateway: StartGateway, open_page: OpenPage
) -> None:
    one = gateway.config["apps"][0]
    gone = {**one, "id": "gone", "upstream": f"http://127.0.0.1:{free_port()}"}
    several = start_gateway(apps=[one, gone])
    page = open_page()
    page.goto(f"{several.url}/j#{TOKEN}")
    page.wait_for_url(f"{several.url}/")
    page.get_by_role("link", name="Proef").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Even wachten")
    with page.expect_response(lambda answer: answer.url.endswith("/a/gone/")):
        pass  # The page tries again by itself.
    menu = page.context.new_page()
    page.close()
    menu.goto(several.url)
    menu.get_by_role("button", name="Stoppen met deze les").click()
    expect(menu.get_by_label("Code van het bord")).to_be_visible()

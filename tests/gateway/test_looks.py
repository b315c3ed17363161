"""Join, wait, error and projector pages: axe finds nothing serious, and cameras read the codes."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from launcher.sharing.join import new_token
from launcher.sharing.qr import svg_qr
from tests.browser import axe_script
from tests.conftest import require
from tests.gateway.conftest import StartGateway
from tests.gateway.harness import TOKEN, RunningGateway, UpstreamApp, free_port
from tests.gateway.lesson import RunningLesson
from tests.gateway.test_pages import browser

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORST = ("serious", "critical")
PHONE, PROJECTOR = (320, 640), (1280, 720)
ZOOMED = (640, 360)
"""200 % zoom of the projector: half as many CSS pixels, two device pixels each."""


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_script()


@pytest.fixture(scope="module")
def lesson(
    upstream: tuple[UpstreamApp, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningLesson]:
    with RunningLesson(tmp_path_factory.mktemp("lesson"), upstream[1]) as running:
        running.client.sharing({"do": "hotspot", "name": "Klas 2B", "password": "geheim; 123"})
        yield running


def open_page(
    browser: Browser, size: tuple[int, int], scheme: str, *, scale: float = 1
) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        device_scale_factor=scale,
        locale="nl-NL",
        # The checker is put in by the test; our own policy would rightly refuse it.
        bypass_csp=True,
    )
    yield context.new_page()
    context.close()


def findings(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("axe.run().then((result) => result.violations)")
    return [f"{each['id']}: {each['help']}" for each in found if each["impact"] in WORST]


def show(page: Page, name: str, gateway: RunningGateway, waits: RunningGateway) -> None:
    if name == "join":
        page.goto(f"{gateway.url}/")
    elif name == "wait for the teacher":
        page.goto(f"{waits.url}/j#{TOKEN}")
        page.wait_for_url("**/wait")
    elif name == "wait for the app":
        page.goto(f"{gateway.url}/j#{TOKEN}")
        page.wait_for_url("**/")
        page.goto(f"{gateway.url}/a/gone/")
    elif name == "wrong code":
        page.goto(f"{gateway.url}/j#{TOKEN[::-1]}")
        page.get_by_role("alert").wait_for()
    elif name == "error":
        page.goto(f"{gateway.url}/nowhere")
    else:
        page.goto(f"{gateway.url}/works")


@pytest.fixture(scope="module")
def two_gateways(
    start_gateway: StartGateway, gateway: RunningGateway
) -> tuple[RunningGateway, RunningGateway]:
    one = gateway.config["apps"][0]
    gone = {**one, "id": "gone", "upstream": f"http://127.0.0.1:{free_port()}"}
    return start_gateway(apps=[one, gone]), start_gateway(approve_each=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", ["join", "wait for the teacher", "wait for the app", "wrong code", "error", "works"]
)
def test_pages_for_students(
    browser: Browser,
    axe: str,
    two_gateways: tuple[RunningGateway, RunningGateway],
    name: str,
    scheme: str,
) -> None:
    for size, scale in ((PHONE, 1.0), (ZOOMED, 2.0)):
        for page in open_page(browser, size, scheme, scale=scale):
            show(page, name, *two_gateways)
            assert findings(page, axe) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def open_projector(page: Page, lesson: RunningLesson) -> None:
    page.goto(lesson.client.sharing()["projector_url"])
    page.wait_for_url("**/projector")
    page.locator("#code").filter(has_text="-").wait_for()
    page.wait_for_function("document.getElementById('qr').complete")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("size", "scale"), [(PHONE, 1.0), (PROJECTOR, 1.0), (ZOOMED, 2.0)], ids=["320", "wide", "200%"]
)
def test_the_projector_page(
    browser: Browser,
    axe: str,
    lesson: RunningLesson,
    tmp_path: Path,
    size: tuple[int, int],
    scale: float,
    scheme: str,
) -> None:
    require(shutil.which("zbarimg") is not None, "zbarimg is not installed")
    for page in open_page(browser, size, scheme, scale=scale):
        open_projector(page, lesson)
        assert findings(page, axe) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        picture = tmp_path / "projector.png"
        page.screenshot(path=picture, full_page=True)
        assert read_code(picture) == r"WIFI:T:WPA;S:Klas 2B;P:geheim\; 123;;"
        page.get_by_role("button", name="Verder naar de les").click()
        page.wait_for_function("document.getElementById('qr').src.includes('join.svg')")
        page.wait_for_function("document.getElementById('qr').complete")
        page.screenshot(path=picture, full_page=True)
        assert read_code(picture) == lesson.client.sharing()["join_url"]


def test_what_the_projector_does(browser: Browser, lesson: RunningLesson) -> None:
    for page in open_page(browser, PROJECTOR, "light"):
        open_projector(page, lesson)
        assert page.evaluate("location.hash + document.cookie") == ""
        before = page.locator("#code").inner_text()
        page.get_by_role("button", name="Nieuwe code").click()
        page.wait_for_function(f"document.getElementById('code').textContent !== '{before}'")
        page.get_by_role("button", name="Zet de les dicht").click()
        page.get_by_role("button", name="Zet de les open").wait_for()
        assert lesson.share()["locked"] is True
        page.get_by_role("button", name="Zet de les open").click()
        page.get_by_role("button", name="Zet de les dicht").wait_for()


def read_code(picture: Path) -> str:
    found = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", picture],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip()


PHOTOS = {
    "blur": "filter: blur(1.6px)",
    "skew": "transform: perspective(900px) rotateY(28deg) rotateX(12deg)",
    "turned": "transform: rotate(11deg)",
    "dim": "filter: brightness(0.55) contrast(0.6) blur(0.8px)",
    "all": "filter: blur(1.1px) contrast(0.7); "
    "transform: perspective(900px) rotateY(20deg) rotate(6deg)",
}


@pytest.mark.parametrize("how", PHOTOS)
def test_a_photo_of_the_code_can_be_read(browser: Browser, tmp_path: Path, how: str) -> None:
    require(shutil.which("zbarimg") is not None, "zbarimg is not installed")
    url = f"http://192.168.178.123:42000/j#{new_token()}"
    for page in open_page(browser, (640, 640), "light"):
        page.set_content(
            "<body style='background:#9a9a92'>"
            f"<div style='width:380px;margin:100px auto;{PHOTOS[how]}'>"
            f"{svg_qr(url)}</div>"
        )
        picture = tmp_path / "photo.png"
        page.screenshot(path=picture)
        assert read_code(picture) == url

"""From nothing to feedback on a phone, with the real engine, model, gateway, app and browser."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.e2e.conftest import Paadje
from tests.unit.sharing.test_qr import as_seen, read, write_pgm

pytestmark = [pytest.mark.engine, pytest.mark.browser]

START = ("start", "feedback-companion", "--yes", "--share", "local", "--detach", "--json")
SENTENCES = (
    "School uniforms should be compulsory at our school.",
    "Many students think uniforms are boring, but I believe they make mornings easier.",
    "When everyone wears the same clothes, nobody is bullied because of cheap shoes.",
    "Some people say that uniforms are expensive.",
    "My cousin goes to a school with uniforms and she likes it a lot.",
    "In conclusion, our school should try uniforms next year.",
)
MINUTE_MS = 60_000


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = 60) -> None:
    """Look again and again, and fail with ``what`` when it takes too long."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def only_lesson(paadje: Paadje) -> dict[str, Any]:
    lessons = paadje("status", "--json").data["lessons"]
    assert len(lessons) == 1
    return dict(lessons[0])


def program(paadje: Paadje, name: str) -> psutil.Process:
    """The running program whose command line holds ``name``."""
    found = [each for each in paadje.processes() if name in " ".join(each.cmdline())]
    assert len(found) == 1, found
    return found[0]


def join(browser: Browser, url: str) -> Page:
    """A student scans the code, on a phone."""
    page = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB").new_page()
    page.goto(url)
    expect(page.locator("#opt-in")).to_be_visible()
    expect(page.locator("#opt-in")).not_to_be_checked()
    return page


def hand_in(page: Page) -> None:
    page.check("#opt-in")
    page.click("#with-ai")
    page.fill("#text", " ".join(SENTENCES))
    page.click("#send")
    expect(page.locator("#wait")).to_be_visible()


def review_and_release(browser: Browser, teacher_url: str) -> int:
    """The teacher looks at the text and releases it; returns how many suggestions there were."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(teacher_url)
    page.locator("#texts-list button").first.click(timeout=MINUTE_MS)
    release = page.locator("#text-view #release")
    expect(release).to_be_visible(timeout=2 * MINUTE_MS)
    suggestions = page.locator("#text-view article.comment").count()
    page.locator("#text-view .sentence").nth(1).click()
    own = page.locator("#text-view .own-comment")
    own.locator("textarea").fill("Why does that make mornings easier?")
    own.locator("button").first.click()
    expect(page.locator("#text-view article.comment")).to_have_count(suggestions + 1)
    page.locator("#text-view #release").click()
    page.close()
    return suggestions


def check_feedback(page: Page, suggestions: int) -> None:
    """Every comment stands with a sentence that is really in the text."""
    expect(page.locator("#feedback")).to_be_visible(timeout=MINUTE_MS)
    comments = page.locator("#feedback article.comment")
    expect(comments).to_have_count(suggestions + 1)
    for mark in page.locator("#feedback mark").all_inner_texts():
        assert mark in SENTENCES
    expect(page.locator("#feedback")).to_contain_text("Why does that make mornings easier?")


def listening_ports(processes: list[psutil.Process]) -> set[tuple[str, int]]:
    return {
        (connection.laddr.ip, connection.laddr.port)
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def qr_text(printed: str, tmp_path: Path) -> str:
    """What a phone reads from the terminal."""
    rows = [line for line in printed.splitlines() if set(line) & set("▀▄█")]
    width = max(len(row) for row in rows)
    picture = "\n".join(row.ljust(width) for row in rows)
    return read(write_pgm(tmp_path / "qr.pgm", as_seen(picture, ink=255, paper=0)))


def test_from_nothing_to_feedback_on_a_phone(paadje: Paadje, tmp_path: Path) -> None:
    started = paadje(*START).data
    assert started["engine"].keys() >= {"url", "model", "slots", "context_tokens"}
    assert started["share"].keys() >= {
        "url", "join_url", "code", "address", "interface", "warnings",
    }  # fmt: skip
    lesson = only_lesson(paadje)
    assert lesson["lesson"] == started["lesson"]
    assert set(lesson["services"].values()) == {"ready"}
    assert {"engine", "gateway", "feedback-companion"} == lesson["services"].keys()

    ours = paadje.processes()
    open_ports = listening_ports(ours)
    assert open_ports
    assert {address for address, _ in open_ports} == {"127.0.0.1"}

    join_url = qr_text(paadje("share").out, tmp_path)
    assert join_url == started["share"]["join_url"]
    with chromium() as browser:
        phone = join(browser, join_url)
        hand_in(phone)
        suggestions = review_and_release(browser, started["apps"][0]["teacher_url"])
        check_feedback(phone, suggestions)
        assert suggestions >= 1
        assert only_lesson(paadje)["joined"] == 1

        stopped = paadje("stop", "--all", "--json").data["stopped"]
        expect(phone.locator("#offline")).to_contain_text("The lesson is over")
    assert [each["lesson"] for each in stopped] == [started["lesson"]]
    assert stopped[0]["data_erased"]
    assert not paadje.processes()
    assert not [each for each in ours if each.is_running() and each.status() != "zombie"]
    in_use = {
        connection.laddr.port
        for connection in psutil.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert not in_use & {port for _, port in open_ports}
    assert paadje("status", "--json").data == {"lessons": []}


def test_an_engine_that_is_killed_comes_back_and_the_student_gets_the_feedback(
    ready: Paadje,
) -> None:
    started = ready(*START).data
    with chromium() as browser:
        phone = join(browser, started["share"]["join_url"])
        hand_in(phone)
        engine = program(ready, "xllamacpp_server")
        wait_until(lambda: engine.cpu_percent(0.2) > 20, "the engine never began")
        engine.kill()
        suggestions = review_and_release(browser, started["apps"][0]["teacher_url"])
        check_feedback(phone, suggestions)
    lesson = only_lesson(ready)
    assert lesson["state"] == "ready"
    assert program(ready, "xllamacpp_server").pid != engine.pid


def test_a_host_that_is_killed_leaves_nothing_and_the_next_paadje_says_so(ready: Paadje) -> None:
    started = ready(*START).data
    host = program(ready, "launcher.host")
    assert len(ready.processes()) >= 4
    host.send_signal(signal.SIGKILL)
    wait_until(lambda: not ready.processes(), "a program outlived its host")
    assert only_lesson(ready)["state"] == "ended_uncleanly"
    dutch, english = ready("status", "--lang", "nl").out, ready("status", "--lang", "en").out
    assert "bewaard" in dutch
    assert "kept" in english
    tidied = ready("stop", "--all", "--json").data["stopped"]
    assert [each["lesson"] for each in tidied] == [started["lesson"]]
    assert not list(ready.lessons_dir.glob("2*"))
    assert ready("status", "--json").data == {"lessons": []}
    # What was kept is enough to begin again, with nothing fetched.
    assert ready(*START).data["state"] == "ready"


def test_the_lesson_outlives_its_terminal(ready: Paadje) -> None:
    import subprocess
    import sys

    front = subprocess.Popen(
        [sys.executable, "-m", "launcher", *START[:-2]],
        env=ready.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # Where the tests themselves ignore the end of a terminal, as below nohup.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    wait_until(
        lambda: [
            each["state"] for each in ready("status", "--json").data["lessons"]
        ] == ["ready"],
        "the lesson never became ready",
    )  # fmt: skip
    os.killpg(front.pid, signal.SIGHUP)
    front.wait(30)
    assert only_lesson(ready)["state"] == "ready"
    assert ready("share", "--json").data["join_url"].startswith("http://127.0.0.1:")


def test_ctrl_c_stops_the_lesson_and_no_file_of_it_stays(ready: Paadje, tmp_path: Path) -> None:
    """But logs, in which nothing of students stands, and what the next plan and lesson can use."""
    import subprocess
    import sys

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ready.environ |= {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
    before = ready.files()
    front = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-m", "launcher", *START[:-2], "--lang", "nl"],
        env=ready.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    wait_until(
        lambda: [
            each["state"] for each in ready("status", "--json").data["lessons"]
        ] == ["ready"],
        "the lesson never became ready",
    )  # fmt: skip
    lesson = only_lesson(ready)["lesson"]
    front.send_signal(signal.SIGINT)
    _, said = front.communicate(timeout=60)
    assert front.returncode == 0
    assert said.count("De les stopt…") == 1
    assert "De teksten van deze les zijn gewist." in said
    assert not ready.processes()
    assert not list(temporary.iterdir())
    of_the_computer = (
        r"data/primed/.+\.(bin|json)|data/(installed/.+|measured)\.json|cache/.+\.json"
    )
    kept = re.compile(rf"logs/{lesson}/[a-z-]+\.log|{of_the_computer}")
    assert [file for file in ready.files() - before if not kept.fullmatch(file)] == []
    receipt = ready("stop", "--all", "--json").data["stopped"]
    assert receipt == []


def test_nothing_of_a_student_is_in_any_file_or_log(ready: Paadje) -> None:
    started = ready(*START).data
    secrets = [
        started["share"]["code"].encode(),
        started["share"]["join_url"].rpartition("#")[2].encode(),
        b"bullied because of cheap shoes",
    ]
    with chromium() as browser:
        hand_in(join(browser, started["share"]["join_url"]))
        wait_until(
            lambda: program(ready, "xllamacpp_server").cpu_percent(0.2) < 5,
            "the engine never finished",
            timeout_s=120,
        )
        for file in ready.home.rglob("*"):
            # The keys of the lesson are in its own private files; texts may be in none.
            private = file.name in ("spec.json", "gateway.json") and "lessons" in file.parts
            if file.is_file() and "models" not in file.parts:
                content = file.read_bytes()
                for secret in secrets[2:] if private else secrets:
                    assert secret not in content, file
                assert not file.stat().st_mode & 0o077 or file.stat().st_size == 0, file

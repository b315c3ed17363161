"""Nothing of a student stays in a file that can be read: not during a lesson, not after it."""

import contextlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from docx import Document
from playwright.sync_api import Page, expect

from launcher.services.process import wait_for
from tests.browser import chromium
from tests.e2e.conftest import Paadje, paadje, ready
from tests.services.class_of import SENTENCES, Person, hand_in, student, teacher
from tests.web.support import hand_in as send

__all__ = ["paadje", "ready"]

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]

START = ("start", "feedback-companion", "--yes", "--share", "local", "--detach", "--json")
PATIENCE_S = 400.0
WRITTEN = {
    "text": "kanarietekstqx",
    "name": "Kanariaqx van Veldhuizen",
    "question": "kanarievraagqx",
    "reflection": "kanariereflectieqx",
    "version 2": "kanarieversieqx",
    "reason": "kanarieredenqx",
    "comment": "kanariedocentqx",
    "user agent": "KanarieBrowserQX/9.1",
    "file name": "kanariebestandqx",
    "file": "kanarieinhoudqx",
    "path": "kanariepadqx",
    "wrong body": "kanariefoutqx",
    "phone": "0612983477",
}


def forms(canary: str) -> Iterator[bytes]:
    for text in {canary, canary.lower(), canary.upper(), json.dumps(canary)[1:-1]}:
        yield text.encode()
        yield text.encode("utf-16-le")
        yield text.replace(" ", "%20").encode()


def found_in(folders: Iterable[Path], canaries: dict[str, str]) -> list[str]:
    """Where which canary stands; also inside files that are packed."""
    hits = []
    for folder in folders:
        for file in folder.rglob("*"):
            if not file.is_file() or file.suffix == ".gguf":
                continue
            try:
                content = file.read_bytes()
            except OSError:  # It went while we looked.
                continue
            if zipfile.is_zipfile(io.BytesIO(content)):
                with zipfile.ZipFile(io.BytesIO(content)) as packed:
                    content += b"".join(packed.read(name) for name in packed.namelist())
            for what, canary in canaries.items():
                if any(form in content for form in forms(canary)):
                    hits.append(f"{what} in {file.relative_to(folder)}")
    return hits


def test_the_search_itself_finds(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "app.log").write_bytes(b"\x00" + "kanarietekstqx".encode("utf-16-le"))
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inside", "KANARIEVRAAGQX" * 50)
    found = found_in([tmp_path], WRITTEN)
    assert sorted(found) == ["question in x.zip", "text in a/app.log"]


def upload(person: Person) -> None:
    document: Any = Document()
    document.add_paragraph(f"Dit is {WRITTEN['file']} over school.")
    out = io.BytesIO()
    document.save(out)
    answer = person.http.post(
        "api/upload", files={"file": (f"{WRITTEN['file name']}.docx", out.getvalue())}
    )
    assert WRITTEN["file"] in answer.json()["text"]
    broken = {"file": (f"{WRITTEN['file name']}.pdf", b"%PDF-1.7 " + WRITTEN["file"].encode())}
    assert person.http.post("api/upload", files=broken).status_code == 400


def misuse(person: Person) -> None:
    """What goes wrong is written down somewhere; these words may not be."""
    person.http.get(f"api/{WRITTEN['path']}?q={WRITTEN['path']}")
    person.http.post("api/submit", json={"text": 5, WRITTEN["wrong body"]: WRITTEN["wrong body"]})
    person.http.post("api/submit", content=WRITTEN["wrong body"].encode() * 5_000)
    person.http.post("api/react", json={"comment_id": WRITTEN["wrong body"], "rating": "10"})


def write_in_a_browser(page: Page, join_url: str) -> None:
    page.goto(join_url)
    page.check("#opt-in")
    page.click("#with-ai")
    page.fill("#question", WRITTEN["question"])
    page.fill("#text", f"{' '.join(SENTENCES)} My own word is {WRITTEN['text']}.")
    page.click("#send")
    expect(page.locator("#wait")).to_be_visible(timeout=60_000)


def stored(page: Page) -> str:
    """Everything that the page's origin keeps in the browser."""
    kept: str = page.evaluate(
        """async () => JSON.stringify([
            {...localStorage}, {...sessionStorage}, document.cookie,
            await indexedDB.databases(),
            await Promise.all((await (globalThis.caches?.keys() ?? [])).map(async (name) => [
                name, (await (await caches.open(name)).keys()).map((request) => request.url)])),
            (await navigator.serviceWorker?.getRegistrations() ?? []).length,
        ])"""
    )
    return kept


def test_no_canary_is_found_during_or_after_a_lesson(
    ready: Paadje,
    tmp_path: Path,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ready.environ |= {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
    started = ready(*START).data
    share = started["share"]
    person, other = student(share["join_url"]), student(share["join_url"])
    person.http.headers["user-agent"] = WRITTEN["user agent"]
    at_the_desk = teacher(started["apps"][0]["teacher_url"])
    page_text = person.http.get("").text
    nickname = re.search(r'id="nickname">([^<]+)<', page_text)
    assert nickname is not None
    secrets = {
        "token": share["join_url"].partition("/j#")[2],
        "code": share["code"],
        "code as typed": share["code"].replace("-", "").replace(" ", ""),
        "teacher's token": started["apps"][0]["teacher_url"].partition("#")[2],
        "nickname": nickname[1],
        **{f"cookie {n}": value for n, value in enumerate(person.http.cookies.values())},
    }
    assert all(len(secret) > 3 for secret in secrets.values()), secrets.keys()
    home = ready.home

    upload(person)
    misuse(person)
    private = {
        "text": f"Mijn vriendin {WRITTEN['name']} belde mij op {WRITTEN['phone']}.",
        "own_question": WRITTEN["question"],
        "lang": "nl",
    }
    assert person.post("api/private", private).json()["groups"]
    person.http.post("api/check", json=private)
    hand_in_with_canaries(person)
    with chromium() as browser:
        phone = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
        write_in_a_browser(phone, share["join_url"])
        assert not [c for c in WRITTEN.values() if c in stored(phone)]
        released = review(at_the_desk)
        after_the_feedback(person, released)
        hand_in(other, 7)  # And one that is still being read when the lesson ends.
        everything = [home, temporary]
        assert found_in(everything, WRITTEN) == []
        hits = found_in(everything, secrets)
        # What the lesson itself needs after a crash stands in its own folder until it ends.
        own = re.compile(
            r"in (data/lessons/[^/]+/(?:.+/)?(?:spec|state|gateway|gateway-status|sessions)\.json)$"
        )
        assert [hit for hit in hits if not own.search(hit)] == []
        files = {found[1] for hit in hits if (found := own.search(hit))}
        assert {(home / name).stat().st_mode & 0o077 for name in files} == {0}
        logs = ready("logs").out
        assert not [c for c in (*WRITTEN.values(), *secrets.values()) if c in logs]

        ready("stop", "--all")
        assert wait_for(lambda: not ours(ready), 60)
        assert found_in(everything, WRITTEN) == []
        assert found_in(everything, secrets) == []
        assert list(temporary.rglob("*")) == []
        assert list(home.rglob("*.db*")) == []
        kept = stored(phone)
        assert not [c for c in (*WRITTEN.values(), nickname[1]) if c in kept], kept
    for each in (person, other, at_the_desk):
        each.http.close()


def hand_in_with_canaries(person: Person) -> None:
    text = (
        f"{' '.join(SENTENCES)} My friend {WRITTEN['name']} likes {WRITTEN['text']}, and her"
        f" number is {WRITTEN['phone']}."
    )
    answer = send(person.http, text=text, own_question=WRITTEN["question"], lang="en")
    assert answer.status_code == 201


def ours(program: Paadje) -> list[str]:
    """What still runs of Paadje; the browser of this test works in the same home."""
    lines = []
    for each in program.processes():
        with contextlib.suppress(psutil.Error):  # It ended while we looked.
            lines.append(" ".join(each.cmdline()))
    return [line for line in lines if "launcher" in line or "xllamacpp" in line]


def review(at_the_desk: Person) -> str:
    """Release the text with the canaries; gives its id."""

    def waiting() -> list[dict[str, Any]]:
        texts = at_the_desk.get("/api/status")["texts"]
        return [text for text in texts if text["state"] == "review"]

    assert wait_for(lambda: len(waiting()) == 2, PATIENCE_S, interval_s=0.3)
    for row in waiting():
        own = {"sentence_id": "s1", "text": f"Why, {WRITTEN['comment']}?"}
        at_the_desk.post(f"/api/submissions/{row['id']}/comments", own)
    seen = {row["id"]: row["revision"] for row in waiting()}
    at_the_desk.post("/api/release", {"texts": seen, "approve_drafts": True})
    at_the_desk.http.get("/api/export.docx")
    at_the_desk.http.get("/api/export.csv")
    at_the_desk.http.get("/api/compliance.zip")
    return str(next(iter(seen)))


def after_the_feedback(person: Person, released: str) -> None:
    view = person.get("api/me")
    assert view["state"] == "released", released
    comment = view["feedback"]["comments"][0]["id"]
    body = {"comment_id": comment, "decision": "do_not", "because": WRITTEN["reason"]}
    person.post("api/react", body)
    own = {"version_2": f"{WRITTEN['version 2']}.", "reflection": f"{WRITTEN['reflection']}."}
    person.post("api/own-work", own)
    exported = person.http.get("api/export.md").text
    assert WRITTEN["reflection"] in exported
    person.http.get("api/export.docx")

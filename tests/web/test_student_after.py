"""From an uploaded file to the student's own file: what comes after the feedback."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from docx import Document

from launcher.i18n import translator
from tests.web.support import (
    DUTCH_TEXT,
    App,
    FakeEngine,
    hand_in,
    wait_for_state,
    wait_until,
)


def release_all(app: App) -> None:
    """Let the teacher release what is ready, as soon as something is."""
    with app.teacher() as teacher:

        def ready() -> dict[str, int]:
            texts = teacher.get("/api/status").json()["texts"]
            return {t["id"]: t["revision"] for t in texts if t["state"] == "review"}

        body = {"texts": wait_until(ready), "approve_drafts": True}
        assert teacher.post("/api/release", json=body).status_code == 200


def word_file(*paragraphs: str) -> bytes:
    document: Any = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("mijn tekst.docx", word_file("Eerste alinea van mij.", "Tweede alinea.")),
        ("tekst.txt", b"Eerste alinea van mij.\r\n\r\nTweede alinea."),
        ("tekst.md", b"# Eerste alinea van mij.\n\nTweede *alinea*."),
    ],
)
def test_a_file_becomes_text_and_nothing_is_stored(name: str, data: bytes, app: App) -> None:
    with app.student() as student:
        answer = student.post("/api/upload", files={"file": (name, data)})
        assert answer.status_code == 200, answer.text
        text = answer.json()["text"]
        assert "Eerste alinea van mij." in text
        assert "Tweede" in text
        assert student.get("/api/me").json()["state"] == "none"


@pytest.mark.parametrize("data", [b"PK\x03\x04 not a real one", b"", b"\x00" * 2000])
def test_a_file_that_is_not_what_it_says_is_refused_kindly(data: bytes, app: App) -> None:
    with app.student() as student:
        answer = student.post("/api/upload", files={"file": ("werk.docx", data)})
        assert answer.status_code == 400
        assert answer.json()["error"]["advice"]
        assert student.post("/api/upload", json={"file": "x"}).status_code == 400
        two = [("file", (each, b"Van A.", "text/plain")) for each in ("a.txt", "b.txt")]
        assert student.post("/api/upload", files=two).status_code == 400
        huge = {"file": ("werk.txt", b"a" * (11 * 2**20))}
        assert student.post("/api/upload", files=huge).status_code == 413


def test_choices_version_2_and_own_file(app: App) -> None:
    with app.student() as student:
        hand_in(student)
        wait_for_state(student, "review")
        early = student.post("/api/own-work", json={"version_2": "x", "reflection": ""})
        assert early.status_code == 409
        assert student.get("/api/export.md").status_code == 409
        release_all(app)
        view = wait_for_state(student, "released")
        first, second, _ = view["feedback"]["comments"]
        assert first["more"]["example"]
        assert all(first["more"]["ask"])
        body = {"comment_id": first["id"], "decision": "do_not", "because": "Mijn reden."}
        assert student.post("/api/react", json={**body, "rating": "wrong"}).status_code == 200
        assert student.post("/api/react", json={**body, "decision": "8"}).status_code == 400
        with app.student("student-2") as other:
            assert other.post("/api/react", json=body).status_code == 409
        student.post("/api/react", json={"comment_id": second["id"], "decision": "do"})
        new_text = DUTCH_TEXT.replace("nog moe", "nog erg slaperig")
        own = {"version_2": new_text, "reflection": "Ik schreef het preciezer."}
        changes = student.post("/api/own-work", json=own).json()["changes"]
        assert {"kind": "removed", "text": "moe"} in changes
        kept = "".join(c["text"] for c in changes if c["kind"] != "removed")
        assert kept == new_text
        saved = student.get("/api/me").json()["own"]
        assert saved["reflection"] == "Ik schreef het preciezer."
        assert saved["reactions"][first["id"]]["because"] == "Mijn reden."

        document = Document(io.BytesIO(student.get("/api/export.docx").content))
        cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
        words = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
        markdown = student.get("/api/export.md").text
        for part in ("ai_generated", translator("nl")("fc.purpose"), "slaperig", "Mijn reden"):
            assert part in words
            assert part in markdown.replace("\\", "")
        assert student.get("/api/export.exe").status_code == 404
        with app.teacher() as teacher:
            assert "Mijn reden" not in teacher.get("/api/status").text
            assert "preciezer" not in teacher.get("/api/export.md").text
        student.post("/api/withdraw", json={})
        assert student.get("/api/export.md").status_code == 409


def test_the_class_is_counted_from_five_texts_on_and_exported(app: App) -> None:
    for number in range(5):
        with app.teacher() as teacher:
            found = teacher.get("/api/status").json()["class"]
            assert (found["goals"], found["reactions"]) == ([], "")
        with app.student(f"student-{number}") as student:
            hand_in(student, text="=" + DUTCH_TEXT)
            wait_for_state(student, "review")
            release_all(app)
            comment = wait_for_state(student, "released")["feedback"]["comments"][0]
            student.post("/api/react", json={"comment_id": comment["id"], "rating": "useful"})
    with app.teacher() as teacher:
        found = teacher.get("/api/status").json()["class"]
        assert sum(sum(g[k] for k in ("strength", "improve", "question")) for g in found["goals"])
        assert "5 keer nuttig" in found["reactions"]
        assert "Otter" not in str(found)
        rows = list(
            csv.DictReader(
                io.StringIO(teacher.get("/api/export.csv").text.lstrip("\ufeff")), delimiter=";"
            )
        )
        assert len(rows) == 5 * (3 + 1)
        assert sum(row["sentence"] == "" for row in rows) == 5  # The next steps.
        assert {row["ai_generated"] for row in rows} == {"true"}
        assert {row["reviewed_by"] for row in rows} == {"teacher"}
        assert not any(value.startswith("=") for row in rows for value in row.values())
        for column in rows[0]:
            assert not any(bad in column for bad in ("grade", "score", "level", "cijfer"))
        assert Document(io.BytesIO(teacher.get("/api/export.docx").content)).paragraphs


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_ready_made_set_is_chosen_and_saved(lang: str, app: App) -> None:
    with app.teacher() as teacher:
        for name in ("product", "lab", "code", "peer", "retrospective", "reflection", "portfolio"):
            found = teacher.get(f"/api/sets/{name}", params={"lang": lang}).json()
            saved = teacher.put("/api/activity", json={**found, "wording": "vmbo"})
            assert saved.status_code == 200, saved.text
            assert saved.json()["criteria"] == found["criteria"]
        assert teacher.get("/api/sets/..%2f__init__").status_code == 404
        assert teacher.put("/api/activity", json={**found, "wording": "10"}).status_code == 400


def test_criteria_are_imported_and_vague_ones_get_advice(app: App) -> None:
    with app.teacher() as teacher:
        for pasted in (
            "Opbouw: Goed.\nBron: Bij elk argument staat een bron.",
            "naam;beschrijving\nOpbouw;Goed.",
        ):
            found = teacher.post("/api/import", json={"text": pasted}).json()
            assert found["criteria"][0]["name"] == "Opbouw"
            assert found["criteria"][0]["description"] == "Goed."
        activity = {"lang": "nl", "title": "T", "goal": "Doel.", "criteria": found["criteria"]}
        saved = teacher.put("/api/activity", json=activity).json()
        assert any("Opbouw" in sentence for sentence in saved["advice"])


def test_the_evaluation_counts_without_students_words(app: App) -> None:
    with app.student() as student, app.teacher() as teacher:
        hand_in(student)
        wait_for_state(student, "review")
        for kind in ("md", "html"):
            report = teacher.get(f"/api/evaluation.{kind}")
            assert report.status_code == 200
            assert "A model for the test" in report.text.replace("\\", "")
            assert "pubers" not in report.text
            assert "Otter" not in report.text
        archive = zipfile.ZipFile(io.BytesIO(teacher.get("/api/compliance.zip").content))
        assert {"nl/1-notice.md", "en/1-notice.docx"} <= set(archive.namelist())


PRIVATE = "Ik ben Sanne Bakker en mijn mail is sanne@xs4all.nl. " + DUTCH_TEXT + " Groet, Sanne."


def test_what_looks_private_is_shown_and_masked_only_when_confirmed(
    app: App, engine: FakeEngine
) -> None:
    with app.student() as student:
        form = {"text": PRIVATE, "own_question": "Klinkt Sanne boos?", "lang": "nl"}
        found = student.post("/api/private", json=form).json()
        assert {group["text"] for group in found["groups"]} >= {"Sanne Bakker", "sanne@xs4all.nl"}
        unchanged = student.post("/api/mask", json={**form, "groups": []}).json()
        expected = {"text": PRIVATE, "own_question": "Klinkt Sanne boos?", "own_aim": ""}
        assert unchanged == expected
        groups = [group["id"] for group in found["groups"]]
        masked = student.post("/api/mask", json={**form, "groups": groups}).json()
        assert "Sanne" not in masked["text"] + masked["own_question"]
        assert masked["text"].count("[naam 1]") == 2
        assert "[naam 1]" in masked["own_question"]
        assert student.get("/api/me").json()["state"] == "none"
        # A name that only the model knows does not pass; one that the student left in may.
        named = {
            "s": "s1",
            "k": "question",
            "o": "Je noemt Roos de Wit hier bij je mail.",
            "e": "",
            "q": "Wat wil je met je mail zeggen?",
        }
        engine.reply = lambda body: json.dumps(named)
        hand_in(student, text=masked["text"])
        wait_for_state(student, "review")
        with app.teacher() as teacher:
            status = teacher.get("/api/status").json()
            assert status["dropped_by_reason"].get("leaked_name")
            assert (
                "Roos de Wit"
                not in teacher.get(f"/api/submissions/{status['texts'][0]['id']}").text
            )

"""The five uses, what comes before a text, and what the teacher decides about a class."""

import json
from typing import Any

import httpx
import pytest

from launcher.apps.feedback_companion.values import USES
from tests.web.support import (
    DUTCH_TEXT,
    App,
    FakeEngine,
    choose,
    good_reply,
    hand_in,
    wait_for_state,
    wait_until,
)
from tests.web.test_feedback_companion import release, review


def use(teacher: httpx.Client, name: str, **changes: Any) -> None:
    """Make the first ready-made set of this use the assignment."""
    sets = {
        "sprint_review": "sprint_review",
        "peer_review": "peer",
        "retrospective": "retrospective",
        "coaching": "coaching",
        "teacher_first": "teacher_first",
    }
    ready = teacher.get(f"/api/sets/{sets[name]}", params={"lang": "nl"}).json()
    assert ready["use"] == name
    assert teacher.put("/api/activity", json={**ready, **changes}).status_code == 200


def code(answer: httpx.Response) -> str:
    found: str = answer.json()["error"]["code"]
    return found


# Before a text


def test_nothing_is_taken_in_before_the_notice_was_seen(app: App) -> None:
    body = {"text": DUTCH_TEXT, "lang": "nl", "with_ai": True, "consent": True}
    with app.student() as student, app.teacher() as teacher:
        refused = student.post("/api/submit", json=body)
        assert (refused.status_code, code(refused)) == (422, "fc.notice_first")
        guessed = {"notice": "0" * 24, "with_ai": True, "consent": True}
        assert code(student.post("/api/notice", json=guessed)) == "fc.notice_first"
        no_tick = {**guessed, "consent": False}
        assert code(student.post("/api/notice", json=no_tick)) == "fc.consent_missing"
        choose(student, with_ai=False)
        assert code(student.post("/api/submit", json=body)) == "fc.notice_first"
        assert teacher.get("/api/status").json()["texts"] == []
        choose(student)
        assert student.post("/api/submit", json=body).status_code == 201
        # Gone with the text: whoever withdraws is asked again.
        student.post("/api/withdraw", json={})
        assert code(student.post("/api/submit", json=body)) == "fc.notice_first"


def test_another_notice_asks_for_another_choice(app: App) -> None:
    body = {"text": DUTCH_TEXT, "lang": "nl", "with_ai": True, "consent": True}
    with app.student() as student, app.teacher() as teacher:
        choose(student)
        use(teacher, "coaching")
        assert code(student.post("/api/submit", json=body)) == "fc.notice_first"
        assert "portfolio" in student.get("/").text
        choose(student)
        use(teacher, "coaching", goal="Een ander doel, met dezelfde uitleg.")
        assert student.post("/api/submit", json=body).status_code == 201


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_use_has_its_page(lang: str, app: App) -> None:
    seen = set()
    with app.teacher() as teacher, app.student(lang=lang) as student:
        for name in USES:
            use(teacher, name)
            page = student.get("/")
            assert page.status_code == 200
            seen.add(page.text)
            assert teacher.get("/").status_code == 200
        about = student.get("/about").text, teacher.get("/about").text
    assert len(seen) == len(USES)
    assert all(
        "Annex III" in page or "hoog risico" in page or "high-risk" in page for page in about
    )


def test_about_says_that_texts_go_to_the_server_of_school(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("APP_SERVER", "ai.school.example")
    app: App = request.getfixturevalue("app")
    with app.student() as student, app.teacher() as teacher:
        for page in (student.get("/about").text, teacher.get("/about").text):
            assert "ai.school.example" in page
            assert "laptop" not in page.partition("Welk model?")[2].partition("</p>")[0]


# What is asked and shown


def test_own_aim_goal_and_next_steps_reach_the_student_after_the_teacher(
    app: App, engine: FakeEngine
) -> None:
    aim = "Ik wil dat mijn klas het snapt."
    with app.student() as student, app.teacher() as teacher:
        hand_in(student, own_aim=aim, own_question="Is het duidelijk?")
        wait_for_state(student, "review")
        asked = engine.requests[-1]["messages"][-1]["content"]
        assert aim in asked
        assert "<comments>" in asked
        assert engine.requests[-1]["messages"][:-1] == engine.requests[0]["messages"][:-1]
        text = review(teacher)
        assert text["own_aim"] == aim
        (step,) = text["steps"]
        assert step["state"] == "draft"
        url = f"/api/submissions/{text['id']}/comments"
        bad = {"state": "approved", "observation": "", "next_step": "Dit is een 8."}
        assert code(teacher.put(f"{url}/{step['id']}", json=bad)) == "fc.verdict_in_comment"
        empty = {"state": "approved", "observation": "", "next_step": " "}
        assert teacher.put(f"{url}/{step['id']}", json=empty).status_code == 400
        edited = {"state": "approved", "observation": "", "next_step": "Vraag iemand om raad."}
        assert teacher.put(f"{url}/{step['id']}", json=edited).status_code == 200
        own = teacher.post(url, json={"text": "Lees hem hardop voor."}).json()
        assert release(teacher, own, approve_drafts=True).status_code == 200
        shown = wait_for_state(student, "released")["feedback"]
        goal = teacher.get("/api/activity").json()["goal"]
        assert (shown["goal"], shown["own_aim"]) == (goal, aim)
        assert [(s["next_step"], s["ai_generated"]) for s in shown["steps"]] == [
            ("Vraag iemand om raad.", True),
            ("Lees hem hardop voor.", False),
        ]
        for kind in ("md", "docx"):
            assert student.get(f"/api/export.{kind}").status_code == 200
        assert aim in student.get("/api/export.md").text.replace("\\", "")
        rows = teacher.get("/api/export.csv").text
        assert "Lees hem hardop voor." in rows


def test_steps_that_do_not_pass_are_dropped_and_counted(app: App, engine: FakeEngine) -> None:
    def reply(body: dict[str, Any]) -> str:
        schema = body["response_format"]["json_schema"]["schema"]
        if "steps" in schema.get("properties", {}):
            return json.dumps({"steps": ["Dit is een dikke 8 voor je tekst."]})
        return good_reply(body)

    engine.reply = reply
    with app.student() as student, app.teacher() as teacher:
        hand_in(student)
        text = review(teacher)
        assert text["steps"] == []
        assert any("Volgende stappen" in note for note in text["notes"])
        assert teacher.get("/api/status").json()["dropped_by_reason"] == {"verdict": 1}


def test_looking_back_gives_questions_only(app: App, engine: FakeEngine) -> None:
    with app.student() as student, app.teacher() as teacher:
        use(teacher, "retrospective")
        hand_in(student)
        text = review(teacher)
        assert text["comments"]
        assert {comment["kind"] for comment in text["comments"]} == {"question"}
        schema = engine.requests[0]["response_format"]["json_schema"]["schema"]
        assert schema["anyOf"][0]["properties"]["k"]["enum"] == ["question"]
        assert "Geef geen advies" in engine.requests[0]["messages"][0]["content"]
        page = student.get("/").text
        assert 'id="reflect-1"' in page
        assert "Welk moment bedoel je?" in page


def test_a_talk_leaves_nothing_in_the_teachers_files(app: App) -> None:
    with app.student() as student, app.teacher() as teacher:
        use(teacher, "coaching")
        hand_in(student, own_aim="Ik wil leren plannen.")
        release(teacher, review(teacher), approve_drafts=True)
        first = wait_for_state(student, "released")["feedback"]["comments"][0]
        student.post("/api/react", json={"comment_id": first["id"], "decision": "do"})
        student.post("/api/own-work", json={"reflection": "Ik begin eerder."})
        for kind in ("md", "csv"):
            assert "pubers" not in teacher.get(f"/api/export.{kind}").text
        assert teacher.get("/api/status").json()["class"]["goals"] == []
        entry = student.get("/api/portfolio").json()
        assert entry["own_aim"] == "Ik wil leren plannen."
        assert entry["reflection"] == "Ik begin eerder."
        assert first["next_step"] in entry["chosen"][0]["comment"]
        assert entry["ai_generated"] is True
        assert entry["reviewed_by"] == "teacher"
        assert not {"grade", "score", "level"} & set(entry)


# Teacher first


def rough(teacher: httpx.Client, text: dict[str, Any], note: str) -> httpx.Response:
    body = {"sentence_id": "s2", "text": note}
    return teacher.post(f"/api/submissions/{text['id']}/notes", json=body)


def test_teacher_first_only_words_the_teachers_notes(app: App, engine: FakeEngine) -> None:
    with app.student() as student, app.teacher() as teacher:
        use(teacher, "teacher_first")
        hand_in(student)
        text = review(teacher)
        assert engine.requests == []  # The model does not read the text.
        assert text["comments"] == text["notes"] == []
        refused = rough(teacher, text, "geef een cijfer")
        assert (refused.status_code, code(refused)) == (422, "fc.grade_requested")
        engine.gate.clear()
        noted = rough(teacher, text, "waarom moe? bron mist").json()
        assert noted["rough_notes"][0]["waiting"]
        assert code(release(teacher, noted, approve_drafts=True)) == "fc.notes_open"
        assert student.get("/api/me").json()["feedback"] is None
        engine.gate.set()
        worded = wait_until(lambda: found if (found := review(teacher))["comments"] else None)
        (comment,) = worded["comments"]
        assert comment["observation"] == "Kijk hier nog eens naar: waarom moe? bron mist."
        assert (comment["origin"], comment["state"]) == ("reworded", "draft")
        assert comment["note"] == "waarom moe? bron mist"
        (request,) = engine.requests
        sent = json.dumps(request, ensure_ascii=False)
        assert "om acht uur nog moe" in sent
        assert "slaapritme" not in sent
        assert release(teacher, worded, approve_drafts=True).status_code == 200
        (shown,) = wait_for_state(student, "released")["feedback"]["comments"]
        assert shown["label"] == "Van je docent, door AI duidelijker opgeschreven"
        assert shown["ai_generated"]
        assert "bron mist" not in student.get("/api/me").json()["feedback"].get("note", "")
        assert "ai_generated: true" in student.get("/api/export.md").text


def test_a_wording_that_adds_something_is_dropped_and_the_note_stays(
    app: App, engine: FakeEngine
) -> None:
    engine.reply = lambda body: json.dumps(
        {"o": "De bron mist hier. Vertel over dokters, ziekenhuizen en Amerikaanse artsen."}
    )
    with app.student() as student, app.teacher() as teacher:
        use(teacher, "teacher_first")
        hand_in(student)
        text = rough(teacher, review(teacher), "de bron mist hier").json()

        def dropped() -> dict[str, Any] | None:
            found = review(teacher)
            return None if found["rough_notes"][0]["waiting"] else found

        text = wait_until(dropped)
        assert "voegde iets toe" in text["rough_notes"][0]["sentence"]
        assert text["comments"] == []
        assert len(engine.requests) == 2  # One retry.
        engine.reply = good_reply
        url = f"/api/submissions/{text['id']}/notes/{text['rough_notes'][0]['id']}"
        assert teacher.post(url, json={}).status_code == 200
        text = wait_until(lambda: found if (found := review(teacher))["comments"] else None)
        assert text["rough_notes"] == []
        assert teacher.delete(url).status_code == 404
        report = teacher.get("/api/evaluation.md").text
        assert "notities van de docent herschreven" in report


def test_without_ai_no_model_words_anything(app: App, engine: FakeEngine) -> None:
    with app.student() as student, app.teacher() as teacher:
        use(teacher, "teacher_first")
        hand_in(student, with_ai=False)
        text = review(teacher)
        assert code(rough(teacher, text, "bron mist hier")) == "fc.no_ai_chosen"
        own = {"sentence_id": "s1", "text": "Waarom vind je dat?"}
        url = f"/api/submissions/{text['id']}/comments"
        assert teacher.post(url, json=own).status_code == 201
        changed = teacher.post(url, json={"text": "Vraag het aan je klas."}).json()
        release(teacher, changed)
        shown = wait_for_state(student, "released")["feedback"]
        assert [c["observation"] for c in shown["comments"]] == ["Waarom vind je dat?"]
        assert [s["next_step"] for s in shown["steps"]] == ["Vraag het aan je klas."]
        assert student.post(
            "/api/react", json={"comment_id": shown["comments"][0]["id"], "decision": "do"}
        ).status_code == 200  # fmt: skip
        assert "ai_generated: false" in student.get("/api/export.md").text
        assert engine.requests == []


def test_the_comment_bank_holds_own_words_and_goes_with_the_text(app: App) -> None:
    with app.student() as student, app.teacher() as teacher:
        assert teacher.get("/api/bank").json() == {"texts": []}
        hand_in(student)
        text = review(teacher)
        url = f"/api/submissions/{text['id']}/comments"
        teacher.post(url, json={"sentence_id": "s1", "text": "Waarom vind je dat?"})
        edit = {"state": "approved", "observation": "Je zegt dat ze moe zijn.", "next_step": "Hoe?"}
        teacher.put(f"{url}/{text['comments'][0]['id']}", json=edit)
        bank = teacher.get("/api/bank").json()["texts"]
        assert set(bank) == {"Waarom vind je dat?", "Je zegt dat ze moe zijn. Hoe?"}
        student.post("/api/withdraw", json={})
        assert teacher.get("/api/bank").json() == {"texts": []}


# The class as a whole


def test_close_extend_and_open_again(app: App) -> None:
    with app.student() as student, app.teacher() as teacher:
        status = teacher.post("/api/close", json={"minutes": 0}).json()
        assert status["locked"]
        refused = hand_in(student)
        assert (refused.status_code, code(refused)) == (409, "fc.locked")
        view = student.get("/api/me").json()
        assert view["closed"]
        assert "gesloten" in view["closing"]
        app.kill()
        app.start()
        assert student.get("/api/me").json()["closed"]
        status = teacher.post("/api/extend", json={"minutes": 5}).json()
        assert not status["locked"]
        assert "5 minuten" in status["closing"]
        assert "10 minuten" in teacher.post("/api/extend", json={"minutes": 5}).json()["closing"]
        assert hand_in(student).status_code == 201
        status = teacher.post("/api/close", json={"minutes": None}).json()
        assert (status["locked"], status["closing"]) == (False, "")


def test_skip_and_stop_leave_the_texts_to_the_teacher(app: App, engine: FakeEngine) -> None:
    engine.gate.clear()
    with (
        app.student("one") as one,
        app.student("two") as two,
        app.student("three") as three,
        app.teacher() as teacher,
    ):
        for student in (one, two, three):
            hand_in(student)
        wait_until(lambda: len(engine.requests) == 2)  # Two slots.
        first = teacher.get("/api/status").json()["texts"][0]["id"]
        skipped = teacher.post(f"/api/submissions/{first}/skip", json={}).json()
        assert skipped["state"] == "review"
        assert skipped["notes"] == ["Het model heeft deze tekst niet gelezen."]
        assert "niet gelezen" in one.get("/api/me").json()["explanation"]
        wait_until(lambda: len(engine.requests) == 3)  # The next one starts.
        status = teacher.post("/api/stop", json={}).json()
        assert status["locked"]
        assert status["counts"]["review"] == 3
        engine.gate.set()
        assert teacher.get("/api/status").json()["counts"]["review"] == 3
        with app.student("late") as late:
            assert code(hand_in(late)) == "fc.locked"
        log = teacher.get("/api/audit.csv").text
        assert log.count(";skipped;") == 1
        assert log.count(";stopped;") == 2
        assert "pubers" not in log


def test_releasing_unseen_is_an_explicit_logged_choice_that_students_read(
    app: App, engine: FakeEngine
) -> None:
    with app.student("early") as early, app.student("late") as late, app.teacher() as teacher:
        on = {"on": True, "understood": True}
        assert code(teacher.post("/api/auto-release", json={"on": True})) == "fc.not_understood"
        engine.gate.clear()
        hand_in(early)
        assert teacher.post("/api/auto-release", json=on).json()["auto_release"]
        assert "kijkt je docent niet eerst" in late.get("/").text
        hand_in(late)
        engine.gate.set()
        view = wait_for_state(late, "released")
        assert {c["label"] for c in view["feedback"]["comments"]} == {
            "AI-suggestie, niet bekeken door je docent"
        }
        assert 'reviewed_by: "nobody"' in late.get("/api/export.md").text
        # Who read that a teacher looks first gets that.
        wait_for_state(early, "review")
        assert early.get("/api/me").json()["feedback"] is None
        log = teacher.get("/api/audit.csv").text
        assert ";setting_auto_release;1;" in log
        assert log.count(";released_unseen;") == 1


def test_where_the_model_was_unsure_a_teacher_looks_first(app: App, engine: FakeEngine) -> None:
    replies = iter(["garbage"])
    engine.reply = lambda body: next(replies, None) or good_reply(body)
    with app.student() as student, app.teacher() as teacher:
        teacher.post("/api/auto-release", json={"on": True, "understood": True})
        hand_in(student)
        wait_for_state(student, "review")
        assert student.get("/api/me").json()["feedback"] is None


def test_a_text_about_which_the_model_says_nothing_goes_to_the_teacher(
    app: App, engine: FakeEngine
) -> None:
    engine.reply = lambda body: json.dumps({"s": "none"})
    with app.student() as student, app.teacher() as teacher:
        teacher.post("/api/auto-release", json={"on": True, "understood": True})
        hand_in(student)
        wait_for_state(student, "review")
        text = review(teacher)
        step = {"text": "Vraag het aan je klas."}
        text = teacher.post(f"/api/submissions/{text['id']}/comments", json=step).json()
        release(teacher, text)
        view = wait_for_state(student, "released")
        assert "geen opmerkingen" not in view["explanation"]
        assert "volgende stappen" in view["explanation"]


def test_in_teacher_first_no_notice_speaks_of_what_nobody_looked_at(app: App) -> None:
    with app.student() as student, app.teacher() as teacher:
        teacher.post("/api/auto-release", json={"on": True, "understood": True})
        assert "kijkt je docent niet eerst" in student.get("/").text
        use(teacher, "teacher_first")
        assert "kijkt je docent niet eerst" not in student.get("/").text


def test_no_more_than_four_comments_whatever_the_number_of_criteria(
    app: App, engine: FakeEngine
) -> None:
    with app.student() as student, app.teacher() as teacher:
        now = teacher.get("/api/activity").json()
        more = [{**now["criteria"][0], "name": f"Punt {n}"} for n in range(6)]
        saved = teacher.put("/api/activity", json={**now, "criteria": more}).json()
        assert any("4 opmerkingen" in sentence for sentence in saved["advice"])
        hand_in(student)
        text = review(teacher)
        assert len(text["comments"]) == 4
        assert sum("niet naar gekeken" in note for note in text["notes"]) == 2

"""What holds whatever the model says: see `tests.web.hostile`."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.web.hostile import (
    ELSEWHERE,
    GOOD,
    NEVER,
    NO_KEY,
    NOTES,
    Lesson,
    almost_good,
    almost_steps,
    almost_wording,
    every_comment,
    good_wording,
)
from tests.web.support import GOOD_REPLY, App, FakeEngine


def run(app: App, engine: FakeEngine, examples: int) -> None:
    Lesson.app, Lesson.engine = app, engine
    run_state_machine_as_test(
        Lesson,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_the_model_says(app: App, engine: FakeEngine) -> None:
    run(app, engine, 6)


def test_each_of_what_must_never_pass_is_dropped(app: App, engine: FakeEngine) -> None:
    """One by one, beside a good comment: chance leaves none of them out."""
    Lesson.app, Lesson.engine = app, engine
    hostile = [almost_good(field, added, True) for added in NEVER for field in ("o", "q")]
    hostile += ELSEWHERE * 2
    lesson = Lesson()
    try:
        for turn in range(len(NEVER) // 2 + 2):
            # Two tries for each of the three criteria but the last one.
            batch = hostile[turn * 4 : turn * 4 + 4]
            steps = almost_steps(*NEVER[turn * 2 : turn * 2 + 2])
            lesson.hands_in(turn % 3, replies=[GOOD, *batch], steps=steps, with_ai=True)
            (text,) = lesson._texts()
            said = [comment["observation"] for comment in text["comments"]]
            assert said == [json.loads(GOOD_REPLY)["o"]], batch
            assert text["steps"] == [], steps
            lesson.nothing_unchecked_reaches_even_the_teacher()
            lesson.nobody_sees_half_an_answer()
            lesson.withdraws(turn % 3)
        assert not lesson.replies
    finally:
        lesson.teardown()


def test_each_wording_that_must_never_pass_is_dropped(app: App, engine: FakeEngine) -> None:
    """One by one, before and after a good wording; the teacher's note stays as it was."""
    Lesson.app, Lesson.engine = app, engine
    lesson, note = Lesson(), NOTES[0]
    hostile = [[almost_wording(note, one, before) for before in (True, False)] for one in NEVER]
    hostile += [["", "null"], ["[]", "{"], [json.dumps({"o": good_wording(note), "score": 8})] * 2]
    hostile += [[GOOD_REPLY, GOOD_REPLY[:40]], [json.dumps({"o": ""}), json.dumps({"o": [note]})]]
    try:
        lesson.hands_in(0, replies=[GOOD], steps=GOOD, with_ai=True)
        (text,) = lesson._texts()
        asked = len(engine.requests)
        for batch in hostile:
            lesson.wordings = list(batch)
            assert lesson.note(text, note).status_code == 201
            found = lesson.worded(text["id"])
            assert [c["origin"] for c in found["comments"] if c["origin"] != "ai"] == [], batch
            (left,) = found["rough_notes"]
            assert left["text"] == note
            assert left["sentence"]
            assert not lesson.wordings
            lesson.nothing_unchecked_reaches_even_the_teacher()
            lesson.nobody_sees_half_an_answer()
            body = {"texts": {text["id"]: found["revision"]}, "approve_drafts": True}
            assert lesson.teacher.post("/api/release", json=body).status_code == 409
            url = f"/api/submissions/{text['id']}/notes/{left['id']}"
            assert lesson.teacher.delete(url).status_code == 200
        assert len(engine.requests) == asked + 2 * len(hostile)
        lesson.note(text, note)
        (worded,) = [c for c in lesson.worded(text["id"])["comments"] if c["origin"] != "ai"]
        assert (worded["observation"], worded["state"]) == (good_wording(note), "draft")
        url = f"/api/submissions/{text['id']}/comments/{worded['id']}"
        assert lesson.teacher.put(url, json={"state": "rejected"}).status_code == 200
        lesson.releases(together=True, rejected=0)
        lesson.a_student_sees_only_what_was_released()
        shown = {comment["id"] for comment in every_comment(lesson._me(0)["feedback"])}
        assert shown
        assert worded["id"] not in shown
    finally:
        lesson.teardown()


def test_what_is_undecided_or_rejected_is_not_shown(app: App, engine: FakeEngine) -> None:
    Lesson.app, Lesson.engine = app, engine
    lesson = Lesson()
    try:
        lesson.hands_in(0, replies=[GOOD], steps=GOOD, with_ai=True)
        lesson.releases(together=False, rejected=0)
        lesson.a_student_sees_only_what_was_released()
        (text,) = lesson._texts()
        kept = text["comments"][1:]
        assert kept
        assert text["steps"]
        for comment in (text["comments"][0], *text["steps"]):
            url = f"/api/submissions/{text['id']}/comments/{comment['id']}"
            assert lesson.teacher.put(url, json={"state": "rejected"}).status_code == 200
        lesson.releases(together=True, rejected=0)
        shown = every_comment(lesson._me(0)["feedback"])
        assert [comment["id"] for comment in shown] == [comment["id"] for comment in kept]
        lesson.a_student_sees_only_what_was_released()
    finally:
        lesson.teardown()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_whatever_the_model_says_for_long(app: App, engine: FakeEngine) -> None:
    run(app, engine, 120)


def test_no_column_can_hold_a_judgement() -> None:
    schema = Path(__file__).resolve().parents[2] / "launcher/apps/feedback_companion/schema.sql"
    columns = re.findall(r"^  (\w+) ", schema.read_text(encoding="utf-8"), re.MULTILINE)
    assert columns
    assert [name for name in columns if NO_KEY.search(name)] == []

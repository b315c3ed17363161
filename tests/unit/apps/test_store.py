"""The database is encrypted, keeps promises, and has no place for a grade."""

import dataclasses
import re
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlite

from launcher.apps.feedback_companion.checks import Comment
from launcher.apps.feedback_companion.config import is_practice_model, read_config
from launcher.apps.feedback_companion.notes import Notes
from launcher.apps.feedback_companion.sets import load_set
from launcher.apps.feedback_companion.store import Store
from launcher.apps.feedback_companion.values import Submission
from launcher.errors import PaadjeError, UsageError

KEY = "0f" * 32
CANARY = "kanariepiet-in-de-tekst"
COMMENT = Comment(
    sentence_id="s1",
    kind="improve",
    observation=f"Je schrijft {CANARY}.",
    effect="",
    next_step="Waarom?",
)


def submission(student: str = "student-1") -> Submission:
    return Submission(
        id=f"sub-{student}",
        activity_id=1,
        student_id=student,
        nickname="Blije Otter",
        lang="nl",
        text=f"Dit is {CANARY}.",
        own_question="",
        with_ai=True,
        state="queued",
        revision=0,
        received_at=1.0,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.open(tmp_path, KEY)
    ready = load_set("argument", "nl")
    made.save_activity(lang="nl", title=ready.title, goal=ready.goal, criteria=ready.criteria)
    made.add_submission(submission())
    return made


def test_nothing_readable_is_on_disk_and_another_key_opens_nothing(
    store: Store, tmp_path: Path
) -> None:
    store.add_answer("sub-student-1", "c1", comment=COMMENT)
    files = [file for file in tmp_path.iterdir() if file.is_file()]
    assert any(file.name.endswith("-wal") for file in files)
    for file in files:
        found = file.read_bytes()
        assert CANARY.encode() not in found
        assert b"submission" not in found
        assert not found.startswith(b"SQLite format 3")
        assert file.stat().st_mode & 0o077 == 0
    store.close()
    with pytest.raises(PaadjeError) as refused:
        Store.open(tmp_path, "1e" * 32)
    assert refused.value.code == "fc.data_locked"
    again = Store.open(tmp_path, KEY)
    assert [s.text for s in again.submissions()] == [f"Dit is {CANARY}."]
    again.close()


def test_no_column_can_hold_a_judgement_or_a_history(store: Store) -> None:
    tables = [r[0] for r in store._db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    columns = [
        row["name"] for table in tables for row in store._db.execute(f"PRAGMA table_info({table})")
    ]
    assert "observation" in columns
    forbidden = re.compile(
        "grade|score|level|rank|mark|points|pass|percent|star|cijfer|niveau|risk|seconds|duration"
        "|ip|agent|browser|device"
    )
    assert [c for c in columns + tables if forbidden.search(c.replace("description", ""))] == []


def test_a_draft_is_never_what_a_student_may_see(store: Store) -> None:
    store.add_answer("sub-student-1", "c1", comment=COMMENT)
    store.to_review("sub-student-1")
    (draft,) = store.comments("sub-student-1")
    assert store.released_comments("sub-student-1") == []
    store.change_comment("sub-student-1", draft.id, state="approved")
    assert store.released_comments("sub-student-1") == []
    seen = store.submission("sub-student-1")
    assert seen is not None
    store.release({seen.id: seen.revision}, approve_drafts=False)
    assert [c.id for c in store.released_comments(seen.id)] == [draft.id]
    store._db.execute("UPDATE comment SET state = 'draft'")
    assert store.released_comments(seen.id) == []


def test_release_needs_decisions_and_exactly_what_was_seen(store: Store) -> None:
    store.add_answer("sub-student-1", "c1", comment=COMMENT)
    store.to_review("sub-student-1")
    with pytest.raises(PaadjeError) as undecided:
        store.release({"sub-student-1": 1}, approve_drafts=False)
    assert undecided.value.code == "fc.undecided"
    store.add_own_comment("sub-student-1", COMMENT)
    with pytest.raises(PaadjeError) as changed:
        store.release({"sub-student-1": 1}, approve_drafts=True)
    assert changed.value.code == "fc.changed_meanwhile"
    found = store.submission("sub-student-1")
    assert found is not None
    assert found.state == "review"


def test_withdrawing_deletes_the_text_its_comments_and_its_answers(store: Store) -> None:
    store.add_answer("sub-student-1", "c1", comment=COMMENT)
    store.withdraw("sub-student-1")
    assert store.submissions() == []
    assert store.comments("sub-student-1") == []
    assert store.answered("sub-student-1") == {}
    store.add_answer("sub-student-1", "c2", comment=COMMENT)
    assert store.comments("sub-student-1") == []


def test_one_text_for_each_student_and_one_answer_for_each_criterion(store: Store) -> None:
    with pytest.raises(PaadjeError) as twice:
        store.add_submission(submission())
    assert twice.value.code == "fc.already_sent"
    store.add_answer("sub-student-1", "c1", comment=COMMENT)
    store.add_answer("sub-student-1", "c1", dropped="verdict")
    assert store.answered("sub-student-1") == {"c1": ("comment", "")}
    assert store.tallies() == {"answer.comment": 1}


def test_the_database_refuses_an_unknown_state(store: Store) -> None:
    with pytest.raises(sqlite.IntegrityError):
        store._db.execute("UPDATE submission SET state = 'shown'")


ENVIRONMENT = {
    "APP_PORT": "1234",
    "APP_TEACHER_PORT": "1235",
    "APP_TEACHER_TOKEN": "teacher-token",
    "APP_GATEWAY_KEY": "gateway-key",
    "APP_ENGINE_URL": "http://127.0.0.1:1",
    "APP_ENGINE_KEY": "engine-key",
    "APP_MODEL": "SmolLM2 135M Instruct",
    "APP_SLOTS": "2",
    "APP_CONTEXT_TOKENS": "4096",
    "APP_DATA_DIR": "data",
    "APP_DATA_KEY": KEY,
}


def test_the_environment_is_read_and_secrets_are_not_shown() -> None:
    config = read_config(ENVIRONMENT)
    assert config.practice
    for secret in ("teacher-token", "gateway-key", "engine-key", KEY):
        assert secret not in repr(config)


@pytest.mark.parametrize(
    "name", sorted(set(ENVIRONMENT) - {"APP_ENGINE_KEY", "APP_CONTEXT_TOKENS"})
)
def test_a_wrong_setting_is_named_and_its_value_is_not(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_config({**ENVIRONMENT, name: "0" if name == "APP_SLOTS" else ""})
    assert refused.value.params == {"name": name}


def test_the_practice_model_is_known_by_any_spelling() -> None:
    assert is_practice_model("smollm2-135m-instruct-q4_1")
    assert is_practice_model("SmolLM2 135M (oefenmodel)")
    assert not is_practice_model("Gemma 3 4B")


def test_a_full_disk_is_said_and_what_was_received_stays(store: Store) -> None:
    pages = store.rows("PRAGMA page_count")[0][0]
    store.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(PaadjeError) as caught:
        store.add_submission(dataclasses.replace(submission("student-2"), text="woord " * 20_000))
    assert caught.value.code == "fc.not_saved"
    assert store.submission_of("student-2") is None
    assert store.submission_of("student-1") == submission()
    store.rows("PRAGMA max_page_count = 100000")
    store.add_submission(submission("student-2"))
    assert store.submission_of("student-2") is not None


def test_nothing_is_kept_longer_than_seven_days(store: Store) -> None:
    week_s = 7 * 24 * 3600
    assert store.too_old(1.0 + week_s) == []
    assert store.too_old(2.0 + week_s) == ["sub-student-1"]


def test_withdrawing_forgets_the_choice_and_the_notes_as_well(store: Store) -> None:
    notes = Notes(store)
    store.choose("student-1", "notice", with_ai=True)
    note = notes.add("sub-student-1", "s1", f"vaag {CANARY}")
    store.withdraw("sub-student-1")
    assert store.chosen("student-1") is None
    assert notes.get(note.id) is None
    notes.worded(note, COMMENT, "M")  # The model was still busy with it.
    assert store.comments("sub-student-1") == []


def test_the_log_holds_nothing_that_anybody_wrote(store: Store) -> None:
    notes = Notes(store)
    store.choose("student-1", "notice", with_ai=True)
    notes.worded(notes.add("sub-student-1", "s1", f"vaag {CANARY}"), COMMENT, "M")
    store.add_own_comment("sub-student-1", COMMENT)
    store.to_review("sub-student-1", event="skipped")
    assert CANARY not in str(store.audit())
    assert {event["event"] for event in store.audit()} >= {"note", "comment_own", "skipped"}


def test_only_who_was_told_gets_suggestions_that_nobody_looked_at(store: Store) -> None:
    store.add_answer("sub-student-1", "c1", comment=COMMENT)
    store.to_review("sub-student-1")
    store.release_unseen("sub-student-1")
    assert store.released_comments("sub-student-1") == []
    told = dataclasses.replace(submission("student-2"), auto=True, state="review")
    store.add_submission(told)
    store.add_answer(told.id, "c1", comment=COMMENT)
    store.release_unseen(told.id)
    assert len(store.released_comments(told.id)) == 1
    found = store.submission(told.id)
    assert found is not None
    assert not found.reviewed

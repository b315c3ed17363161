"""The lesson's data: one SQLCipher database, encrypted with a key that is only in memory.

Every change is on disk before its function returns. Calls take about a millisecond and are made
from the event loop's own thread.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlcipher3 import dbapi2 as sqlite

from launcher.apps.classroom.web import new_id
from launcher.apps.feedback_companion.checks import Comment, Kind
from launcher.apps.feedback_companion.prompts import PROMPT_VERSION, Criterion
from launcher.errors import PaadjeError

State = Literal["queued", "review", "released"]
CommentState = Literal["draft", "approved", "rejected"]
Outcome = Literal["comment", "none", "dropped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One version of an assignment; a change makes a new one, so that its texts keep theirs."""

    id: int
    lang: str
    title: str
    goal: str
    criteria: tuple[Criterion, ...]
    wording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A student's text. ``revision`` counts the changes that a teacher must have seen."""

    id: str
    activity_id: int
    student_id: str
    nickname: str
    lang: str
    text: str
    own_question: str
    with_ai: bool
    state: State
    revision: int
    received_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredComment:
    """A comment under review, or released. ``criterion_id`` is empty for the teacher's own."""

    id: str
    criterion_id: str
    sentence_id: str
    kind: Kind
    observation: str
    effect: str
    next_step: str
    origin: Literal["ai", "teacher"]
    state: CommentState
    edited: bool
    model: str = ""
    prompt_version: str = ""


class Store:
    """Open with :meth:`open`. One for each program."""

    def __init__(self, connection: Any) -> None:
        self._db = connection

    @classmethod
    def open(cls, folder: Path, key: str) -> "Store":
        """Open or make the database; raises `PaadjeError` ``fc.data_locked`` for another key."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / "feedback-companion.db"
        file.touch(mode=0o600)
        connection = sqlite.connect(file, isolation_level=None)
        connection.row_factory = sqlite.Row
        try:
            connection.execute(f"PRAGMA key = \"x'{key}'\"")
            connection.execute("PRAGMA cipher_memory_security = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(
                Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
            )
        except sqlite.DatabaseError as error:
            connection.close()
            raise PaadjeError("fc.data_locked", detail=type(error).__name__) from error
        return cls(connection)

    def close(self) -> None:
        self._db.close()

    def rows(self, query: str, *values: object) -> list[Any]:
        found: list[Any] = self._db.execute(query, values).fetchall()
        return found

    @contextmanager
    def change(self) -> Iterator[Any]:
        """All or nothing; raises `PaadjeError` ``fc.not_saved`` when the disk is full."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self._db
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:  # A full disk ends it by itself.
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite.OperationalError):
                raise PaadjeError("fc.not_saved", detail=type(error).__name__) from error
            raise

    # The activity

    def current_activity(self) -> Activity | None:
        row = self._db.execute("SELECT * FROM activity ORDER BY id DESC LIMIT 1").fetchone()
        return _activity(row) if row else None

    def activity(self, activity_id: int) -> Activity:
        return _activity(
            self._db.execute("SELECT * FROM activity WHERE id = ?", (activity_id,)).fetchone()
        )

    def save_activity(
        self,
        *,
        lang: str,
        title: str,
        goal: str,
        criteria: tuple[Criterion, ...],
        wording: str = "",
    ) -> Activity:
        """Make this the current activity for texts that come in from now on."""
        written = json.dumps(
            [
                {
                    "id": c.id,
                    "name": c.name,
                    "description": c.description,
                    "questions": c.questions,
                    "example": c.example,
                }
                for c in criteria
            ],
            ensure_ascii=False,
        )
        with self.change() as db:
            new = db.execute(
                "INSERT INTO activity (lang, title, goal, criteria, wording)"
                " VALUES (?, ?, ?, ?, ?)",
                (lang, title, goal, written, wording),
            ).lastrowid
            _log(db, "activity_saved", str(len(criteria)))
        return self.activity(new)

    # Texts

    def add_submission(self, submission: Submission) -> None:
        """Raises `PaadjeError` ``fc.already_sent`` when this student has a text here."""
        try:
            with self.change() as db:
                db.execute(
                    "INSERT INTO submission VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        submission.id,
                        submission.activity_id,
                        submission.student_id,
                        submission.nickname,
                        submission.lang,
                        submission.text,
                        submission.own_question,
                        submission.with_ai,
                        submission.state,
                        submission.revision,
                        submission.received_at,
                    ),
                )
                _log(db, "received", "ai" if submission.with_ai else "no_ai")
        except sqlite.IntegrityError as error:
            raise PaadjeError("fc.already_sent") from error

    def submission(self, submission_id: str) -> Submission | None:
        return self._one("SELECT * FROM submission WHERE id = ?", submission_id)

    def submission_of(self, student_id: str) -> Submission | None:
        return self._one("SELECT * FROM submission WHERE student_id = ?", student_id)

    def submissions(self) -> list[Submission]:
        rows = self._db.execute("SELECT * FROM submission ORDER BY received_at").fetchall()
        return [_submission(row) for row in rows]

    def withdraw(self, submission_id: str) -> None:
        """Delete a text and everything about it, also from the write-ahead log."""
        with self.change() as db:
            db.execute("DELETE FROM submission WHERE id = ?", (submission_id,))
            _log(db, "withdrawn")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _one(self, query: str, value: str) -> Submission | None:
        row = self._db.execute(query, (value,)).fetchone()
        return _submission(row) if row else None

    # What the model said

    def answered(self, submission_id: str) -> dict[str, tuple[Outcome, str]]:
        """The criteria that are done, each with its outcome and the reason of a dropped one."""
        rows = self._db.execute(
            "SELECT criterion_id, outcome, reason FROM answer WHERE submission_id = ?",
            (submission_id,),
        )
        return {row["criterion_id"]: (row["outcome"], row["reason"]) for row in rows.fetchall()}

    def add_answer(
        self,
        submission_id: str,
        criterion_id: str,
        *,
        comment: Comment | None = None,
        dropped: str = "",
        model: str = "",
        retried: bool = False,
    ) -> None:
        """Store the outcome of one criterion, with its comment as a draft. Twice does nothing."""
        outcome = "comment" if comment else "dropped" if dropped else "none"
        with self.change() as db:
            if not db.execute("SELECT 1 FROM submission WHERE id = ?", (submission_id,)).fetchone():
                return  # Withdrawn meanwhile.
            new = db.execute(
                "INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?, ?)",
                (submission_id, criterion_id, outcome, dropped, retried),
            ).rowcount
            if not new:
                return
            if comment is not None:
                _insert(db, submission_id, criterion_id, comment, "ai", "draft", model)
            db.execute(
                "INSERT INTO tally VALUES (?, 1)"
                " ON CONFLICT (name) DO UPDATE SET count = count + 1",
                (f"dropped.{dropped}" if dropped else f"answer.{outcome}",),
            )

    def to_review(self, submission_id: str) -> None:
        with self.change() as db:
            db.execute(
                "UPDATE submission SET state = 'review', revision = revision + 1"
                " WHERE id = ? AND state = 'queued'",
                (submission_id,),
            )

    def unsure(self) -> dict[str, int]:
        """For each text, how often the model needed a second try or its reply was dropped."""
        rows = self._db.execute(
            "SELECT submission_id, count(*) AS count FROM answer"
            " WHERE retried OR outcome = 'dropped' GROUP BY submission_id"
        ).fetchall()
        return {row["submission_id"]: row["count"] for row in rows}

    def tallies(self) -> dict[str, int]:
        rows = self._db.execute("SELECT name, count FROM tally").fetchall()
        return {row["name"]: row["count"] for row in rows}

    # Review

    def comments(self, submission_id: str) -> list[StoredComment]:
        rows = self._db.execute(
            "SELECT * FROM comment WHERE submission_id = ? ORDER BY rowid", (submission_id,)
        ).fetchall()
        return [_comment(row) for row in rows]

    def released_comments(self, submission_id: str) -> list[StoredComment]:
        """What the student may see: approved comments of a released text, and nothing else."""
        rows = self._db.execute(
            "SELECT comment.* FROM comment JOIN submission ON submission.id = submission_id"
            " WHERE submission_id = ? AND comment.state = 'approved'"
            " AND submission.state = 'released' ORDER BY comment.rowid",
            (submission_id,),
        ).fetchall()
        return [_comment(row) for row in rows]

    def add_own_comment(self, submission_id: str, comment: Comment) -> str:
        """The teacher's own comment; it is approved by being written."""
        with self.change() as db:
            _bump(db, submission_id)
            return _insert(db, submission_id, "", comment, "teacher", "approved", "")

    def change_comment(
        self,
        submission_id: str,
        comment_id: str,
        *,
        state: CommentState,
        texts: tuple[str, str, str] | None = None,
    ) -> None:
        """Approve or reject; ``texts`` are (observation, effect, next step) when edited."""
        with self.change() as db:
            if texts is not None:
                db.execute(
                    "UPDATE comment SET observation = ?, effect = ?, next_step = ?,"
                    " edited = 1 WHERE id = ? AND submission_id = ?",
                    (*texts, comment_id, submission_id),
                )
            db.execute(
                "UPDATE comment SET state = ? WHERE id = ? AND submission_id = ?",
                (state, comment_id, submission_id),
            )
            _bump(db, submission_id)
            _log(db, "comment_" + ("edited" if texts is not None else state))

    def release(self, seen: dict[str, int], *, approve_drafts: bool) -> None:
        """Release texts together; ``seen`` is the revision of each that the teacher looked at.

        Raises `PaadjeError` ``fc.changed_meanwhile`` or ``fc.undecided``; then nothing is released.
        """
        with self.change() as db:
            for submission_id, revision in seen.items():
                row = db.execute(
                    "SELECT revision, state FROM submission WHERE id = ?", (submission_id,)
                ).fetchone()
                if row is None or row["revision"] != revision or row["state"] != "review":
                    raise PaadjeError("fc.changed_meanwhile")
                drafts = "FROM comment WHERE submission_id = ? AND state = 'draft'"
                count = db.execute(f"SELECT count(*) {drafts}", (submission_id,)).fetchone()[0]
                if count and not approve_drafts:
                    raise PaadjeError("fc.undecided")
                db.execute(
                    "UPDATE comment SET state = 'approved'"
                    " WHERE submission_id = ? AND state = 'draft'",
                    (submission_id,),
                )
                db.execute(
                    "UPDATE submission SET state = 'released', revision = revision + 1"
                    " WHERE id = ?",
                    (submission_id,),
                )
                _log(db, "released", f"{count} approved together")

    # Settings of the running lesson

    def setting(self, name: str, default: str = "") -> str:
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row["value"]) if row else default

    def set_setting(self, name: str, value: str) -> None:
        with self.change() as db:
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))
            _log(db, f"setting_{name}", value)


def _log(db: Any, event: str, detail: str = "") -> None:
    db.execute("INSERT INTO audit VALUES (?, ?, ?)", (time.time(), event, detail))


def _bump(db: Any, submission_id: str) -> None:
    db.execute("UPDATE submission SET revision = revision + 1 WHERE id = ?", (submission_id,))


def _insert(
    db: Any,
    submission_id: str,
    criterion_id: str,
    comment: Comment,
    origin: str,
    state: str,
    model: str,
) -> str:
    comment_id = new_id()
    db.execute(
        "INSERT INTO comment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
        (
            comment_id,
            submission_id,
            criterion_id,
            comment.sentence_id,
            comment.kind,
            comment.observation,
            comment.effect,
            comment.next_step,
            origin,
            state,
            model,
            PROMPT_VERSION if origin == "ai" else "",
        ),
    )
    return comment_id


def _activity(row: Any) -> Activity:
    criteria = tuple(
        Criterion(**{**entry, "questions": tuple(entry["questions"])})
        for entry in json.loads(row["criteria"])
    )
    return Activity(
        id=row["id"],
        lang=row["lang"],
        title=row["title"],
        goal=row["goal"],
        criteria=criteria,
        wording=row["wording"],
    )


def _submission(row: Any) -> Submission:
    return Submission(**{**dict(row), "with_ai": bool(row["with_ai"])})


def _comment(row: Any) -> StoredComment:
    values = {name: row[name] for name in StoredComment.__dataclass_fields__}
    return StoredComment(**{**values, "edited": bool(row["edited"])})

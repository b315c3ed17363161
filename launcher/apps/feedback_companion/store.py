"""The lesson's data: one SQLCipher database, encrypted with a key that is only in memory.

Every change is on disk before its function returns. Calls take about a millisecond and are made
from the event loop's own thread.
"""

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from launcher.apps.classroom.web import new_id
from launcher.apps.feedback_companion.checks import Comment
from launcher.apps.feedback_companion.prompts import PROMPT_VERSION, Criterion
from launcher.apps.feedback_companion.values import (
    STEPS,
    Activity,
    CommentState,
    Origin,
    Outcome,
    StoredComment,
    Submission,
    Use,
    criteria_json,
    read_activity,
    read_comment,
    read_submission,
)
from launcher.errors import PaadjeError

DAY_S = 24 * 3600
LONGEST_DAYS = 7
"""A lesson that nobody ends keeps no text longer than this."""

_APPROVE_DRAFTS = (
    "UPDATE comment SET state = 'approved' WHERE submission_id = ? AND state = 'draft'"
)


class Store:
    """Open with :meth:`open`. One for each program."""

    def __init__(self, connection: Any) -> None:
        self._db = connection
        self.model = ""
        """Stands beside every event in the audit log: the hash of the model, or its name."""

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
        found = self.rows("SELECT * FROM activity ORDER BY id DESC LIMIT 1")
        return read_activity(found[0]) if found else None

    def activity(self, activity_id: int) -> Activity:
        return read_activity(self.rows("SELECT * FROM activity WHERE id = ?", activity_id)[0])

    def save_activity(
        self,
        *,
        lang: str,
        title: str,
        goal: str,
        criteria: tuple[Criterion, ...],
        wording: str = "",
        use: Use = "sprint_review",
    ) -> Activity:
        """Make this the current activity for texts that come in from now on."""
        with self.change() as db:
            new = db.execute(
                "INSERT INTO activity (lang, title, goal, criteria, wording, use)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (lang, title, goal, criteria_json(criteria), wording, use),
            ).lastrowid
            self.log("activity_saved", use)
        return self.activity(new)

    # Texts

    def add_submission(self, submission: Submission) -> None:
        """Raises `PaadjeError` ``fc.already_sent`` when this student has a text here."""
        try:
            with self.change() as db:
                values = dataclasses.asdict(submission)
                db.execute(
                    f"INSERT INTO submission ({', '.join(values)})"  # noqa: S608 - our names
                    f" VALUES ({', '.join('?' * len(values))})",
                    tuple(values.values()),
                )
                self.log("received", "ai" if submission.with_ai else "no_ai")
        except sqlite.IntegrityError as error:
            raise PaadjeError("fc.already_sent") from error

    def submission(self, submission_id: str) -> Submission | None:
        return self._one("SELECT * FROM submission WHERE id = ?", submission_id)

    def submission_of(self, student_id: str) -> Submission | None:
        return self._one("SELECT * FROM submission WHERE student_id = ?", student_id)

    def submissions(self) -> list[Submission]:
        rows = self.rows("SELECT * FROM submission ORDER BY received_at")
        return [read_submission(row) for row in rows]

    def withdraw(self, submission_id: str, *, event: str = "withdrawn") -> None:
        """Delete a text and everything about it, also from the write-ahead log."""
        with self.change() as db:
            db.execute(
                "DELETE FROM choice WHERE student_id ="
                " (SELECT student_id FROM submission WHERE id = ?)",
                (submission_id,),
            )
            db.execute("DELETE FROM submission WHERE id = ?", (submission_id,))
            self.log(event)
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def too_old(self, now: float) -> list[str]:
        """The texts that a lesson may not keep any longer."""
        rows = self.rows(
            "SELECT id FROM submission WHERE received_at < ?", now - LONGEST_DAYS * DAY_S
        )
        return [row["id"] for row in rows]

    def _one(self, query: str, value: str) -> Submission | None:
        found = self.rows(query, value)
        return read_submission(found[0]) if found else None

    # What the model said

    def answered(self, submission_id: str) -> dict[str, tuple[Outcome, str]]:
        """The criteria that are done, each with its outcome and the reason of a dropped one."""
        rows = self.rows(
            "SELECT criterion_id, outcome, reason FROM answer WHERE submission_id = ?",
            submission_id,
        )
        return {row["criterion_id"]: (row["outcome"], row["reason"]) for row in rows}

    def add_answer(
        self,
        submission_id: str,
        criterion_id: str,
        *,
        comment: Comment | None = None,
        steps: Sequence[Comment] = (),
        dropped: str = "",
        model: str = "",
        retried: bool = False,
    ) -> None:
        """Store the outcome of one call, with what it gave as drafts. Twice does nothing.

        A call about a criterion gives one comment, the call for next steps gives ``steps``.
        """
        found = [comment] if comment else list(steps)
        outcome = "comment" if found else "dropped" if dropped else "none"
        with self.change() as db:
            if not db.execute("SELECT 1 FROM submission WHERE id = ?", (submission_id,)).fetchone():
                return  # Withdrawn meanwhile.
            new = db.execute(
                "INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?, ?)",
                (submission_id, criterion_id, outcome, dropped, retried),
            ).rowcount
            if not new:
                return
            for each in found:
                self.insert(submission_id, criterion_id, each, "ai", "draft", model)
            self.count(f"dropped.{dropped}" if dropped else f"answer.{outcome}")

    def count(self, name: str) -> None:
        """Within a change: one more of ``name``."""
        self._db.execute(
            "INSERT INTO tally VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET count = count + 1",
            (name,),
        )

    def to_review(self, submission_id: str, *, event: str = "") -> None:
        """``event`` is for the log, when the model has not read the whole text."""
        with self.change() as db:
            changed = db.execute(
                "UPDATE submission SET state = 'review', revision = revision + 1"
                " WHERE id = ? AND state = 'queued'",
                (submission_id,),
            ).rowcount
            if event and changed:
                self.log(event)

    def release_unseen(self, submission_id: str) -> None:
        """Show what the checks let through, without a look of the teacher's."""
        with self.change() as db:
            if db.execute(
                "UPDATE submission SET state = 'released', revision = revision + 1"
                " WHERE id = ? AND state = 'review' AND auto",
                (submission_id,),
            ).rowcount:
                db.execute(_APPROVE_DRAFTS, (submission_id,))
                self.log("released_unseen")

    def unsure(self) -> dict[str, int]:
        """For each text, how often the model needed a second try or its reply was dropped."""
        rows = self.rows(
            "SELECT submission_id, count(*) AS count FROM answer"
            " WHERE retried OR outcome = 'dropped' GROUP BY submission_id"
        )
        return {row["submission_id"]: row["count"] for row in rows}

    def tallies(self) -> dict[str, int]:
        rows = self.rows("SELECT name, count FROM tally")
        return {row["name"]: row["count"] for row in rows}

    # Review

    def comments(self, submission_id: str) -> list[StoredComment]:
        rows = self.rows(
            "SELECT * FROM comment WHERE submission_id = ? ORDER BY rowid", submission_id
        )
        return [read_comment(row) for row in rows]

    def released_comments(self, submission_id: str) -> list[StoredComment]:
        """What the student may see: approved comments of a released text, and nothing else."""
        rows = self.rows(
            "SELECT comment.* FROM comment JOIN submission ON submission.id = submission_id"
            " WHERE submission_id = ? AND comment.state = 'approved'"
            " AND submission.state = 'released' ORDER BY comment.rowid",
            submission_id,
        )
        return [read_comment(row) for row in rows]

    def add_own_comment(self, submission_id: str, comment: Comment, *, step: bool = False) -> str:
        """The teacher's own comment or next step; it is approved by being written."""
        with self.change():
            self.bump(submission_id)
            self.log("comment_own")
            criterion = STEPS if step else ""
            return self.insert(submission_id, criterion, comment, "teacher", "approved", "")

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
            self.bump(submission_id)
            self.log("comment_" + ("edited" if texts is not None else state))

    def release(self, seen: dict[str, int], *, approve_drafts: bool) -> None:
        """Release texts together; ``seen`` is the revision of each that the teacher looked at.

        Raises `PaadjeError` ``fc.changed_meanwhile``, ``fc.undecided`` or ``fc.notes_open``; then
        nothing is released.
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
                notes = "SELECT 1 FROM note WHERE submission_id = ?"
                if db.execute(notes, (submission_id,)).fetchone():
                    raise PaadjeError("fc.notes_open")
                db.execute(_APPROVE_DRAFTS, (submission_id,))
                db.execute(
                    "UPDATE submission SET state = 'released', reviewed = 1,"
                    " revision = revision + 1 WHERE id = ?",
                    (submission_id,),
                )
                self.log("released", f"{count} approved together")

    # Settings of the running lesson

    def setting(self, name: str) -> str:
        """What was set; empty when nothing was."""
        found = self.rows("SELECT value FROM setting WHERE name = ?", name)
        return str(found[0]["value"]) if found else ""

    def set_setting(self, name: str, value: str) -> None:
        with self.change() as db:
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))
            self.log(f"setting_{name}", value)

    # What a student was told, and chose

    def chosen(self, student_id: str) -> tuple[str, bool] | None:
        """(the notice that was seen, whether with AI), or None before any choice."""
        rows = self.rows("SELECT notice, with_ai FROM choice WHERE student_id = ?", student_id)
        return (rows[0]["notice"], bool(rows[0]["with_ai"])) if rows else None

    def choose(self, student_id: str, notice: str, *, with_ai: bool) -> None:
        with self.change() as db:
            db.execute(
                "INSERT OR REPLACE INTO choice VALUES (?, ?, ?)", (student_id, notice, with_ai)
            )
            self.log("notice_seen", "ai" if with_ai else "no_ai")

    # The audit log, which holds nothing that anybody wrote

    def log(self, event: str, detail: str = "") -> None:
        """Within a change: an event. ``detail`` is one of our own words or a count."""
        self._db.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?)",
            (time.time(), event, detail, self.model, PROMPT_VERSION),
        )

    def audit(self) -> list[Mapping[str, Any]]:
        """Every event, oldest first: at (seconds since 1970), event, detail, model, version."""
        return [dict(row) for row in self.rows("SELECT * FROM audit ORDER BY rowid")]

    def bump(self, submission_id: str) -> None:
        """Within a change: what a teacher has seen of this text is no longer all of it."""
        self._db.execute(
            "UPDATE submission SET revision = revision + 1 WHERE id = ?", (submission_id,)
        )

    def insert(
        self,
        submission_id: str,
        criterion_id: str,
        comment: Comment,
        origin: Origin,
        state: CommentState,
        model: str,
        note: str = "",
    ) -> str:
        """Within a change: a comment; its new id."""
        comment_id = new_id()
        self._db.execute(
            "INSERT INTO comment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
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
                "" if origin == "teacher" else PROMPT_VERSION,
                note,
            ),
        )
        return comment_id

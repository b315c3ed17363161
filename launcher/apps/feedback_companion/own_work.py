"""What a student does with the feedback: choices, ratings, version 2 and a reflection.

All of it goes with the student's text when that is withdrawn. The teacher sees counts only.
"""

import difflib
import re
from dataclasses import dataclass
from typing import Literal, get_args

from launcher.apps.feedback_companion.store import Store
from launcher.apps.feedback_companion.values import STEPS, Submission
from launcher.errors import UsageError

Decision = Literal["", "do", "do_not"]
Rating = Literal["", "useful", "wrong", "unclear"]
RATINGS: tuple[Rating, ...] = get_args(Rating)[1:]

FEWEST_TEXTS = 5
"""Counts of a class are shown from this many texts on, so that they are about nobody."""

_PIECES = re.compile(r"\s+|\w+(?:['’-]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """``because`` is the student's own reason, for themselves."""

    decision: Decision = ""
    because: str = ""
    rating: Rating = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a student wrote for themselves; ``client_said`` is what they noted of a client's."""

    version_2: str = ""
    reflection: str = ""
    client_said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A piece of text that is in both versions, only in the first, or only in the second."""

    kind: Literal["same", "removed", "added"]
    text: str


class OwnWork:
    """The student's own part of the lesson's data."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def react(self, submission: Submission, comment_id: str, reaction: Reaction) -> None:
        """Raises `UsageError` ``classroom.not_found`` for a comment that this student cannot see.

        A second reaction replaces the first.
        """
        if comment_id not in {c.id for c in self._store.released_comments(submission.id)}:
            raise UsageError("classroom.not_found")
        with self._store.change() as db:
            db.execute(
                "INSERT OR REPLACE INTO reaction VALUES (?, ?, ?, ?)",
                (comment_id, reaction.decision, reaction.because, reaction.rating),
            )

    def reactions(self, submission_id: str) -> dict[str, Reaction]:
        rows = self._store.rows(
            "SELECT reaction.* FROM reaction JOIN comment ON comment.id = comment_id"
            " WHERE submission_id = ?",
            submission_id,
        )
        return {
            row["comment_id"]: Reaction(
                decision=row["decision"], because=row["because"], rating=row["rating"]
            )
            for row in rows
        }

    def save(
        self, submission: Submission, *, version_2: str, reflection: str, client_said: str = ""
    ) -> None:
        """Raises `UsageError` ``fc.not_released_yet`` before the feedback is there."""
        if submission.state != "released":
            raise UsageError("fc.not_released_yet")
        with self._store.change() as db:
            db.execute(
                "INSERT OR REPLACE INTO own_work VALUES (?, ?, ?, ?)",
                (submission.id, version_2, reflection, client_said),
            )

    def saved(self, submission_id: str) -> Saved:
        """Empty as long as there is nothing."""
        rows = self._store.rows(
            "SELECT version_2, reflection, client_said FROM own_work WHERE submission_id = ?",
            submission_id,
        )
        return Saved(**dict(rows[0])) if rows else Saved()

    def reaction_counts(self) -> tuple[int, dict[str, int]]:
        """How many texts have reactions, and how often each choice and rating was made."""
        texts = self._store.rows(
            "SELECT count(DISTINCT submission_id) AS count FROM reaction"
            " JOIN comment ON comment.id = comment_id"
        )[0]["count"]
        counts: dict[str, int] = {}
        for column in ("decision", "rating"):
            for row in self._store.rows(
                f"SELECT {column} AS name, count(*) AS count FROM reaction"  # noqa: S608 - fixed
                f" WHERE {column} <> '' GROUP BY {column}"
            ):
                counts[row["name"]] = row["count"]
        return texts, counts

    def goal_counts(self, activity_id: int) -> tuple[int, dict[tuple[str, str], int]]:
        """(released texts with AI, comments that were shown by criterion and kind)."""
        texts = self._store.rows(
            "SELECT count(*) AS count FROM submission"
            " WHERE activity_id = ? AND state = 'released' AND with_ai",
            activity_id,
        )[0]["count"]
        rows = self._store.rows(
            "SELECT criterion_id, kind, count(*) AS count FROM comment"
            " JOIN submission ON submission.id = submission_id"
            " WHERE activity_id = ? AND submission.state = 'released'"
            " AND comment.state = 'approved' AND criterion_id NOT IN ('', ?)"
            " GROUP BY criterion_id, kind",
            activity_id,
            STEPS,
        )
        return texts, {(row["criterion_id"], row["kind"]): row["count"] for row in rows}


def changes_between(first: str, second: str) -> list[Change]:
    """What a student changed, in whole words. Bounded: `SequenceMatcher` skips frequent words."""
    old, new = _PIECES.findall(first), _PIECES.findall(second)
    found: list[Change] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(a=old, b=new).get_opcodes():
        if kind == "equal":
            found.append(Change(kind="same", text="".join(old[a:b])))
            continue
        if b > a:
            found.append(Change(kind="removed", text="".join(old[a:b])))
        if d > c:
            found.append(Change(kind="added", text="".join(new[c:d])))
    return found

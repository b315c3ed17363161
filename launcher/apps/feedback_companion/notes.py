"""A teacher's own words: rough notes that the model makes clear and kind, and a comment bank."""

from dataclasses import dataclass

from launcher.apps.classroom.web import new_id
from launcher.apps.feedback_companion.checks import Comment
from launcher.apps.feedback_companion.store import Store

MOST_IN_BANK = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """``reason`` is empty as long as the model works on it, and why its wording was dropped."""

    id: str
    submission_id: str
    sentence_id: str
    text: str
    reason: str = ""


class Notes:
    """Notes that wait, and what the teacher wrote before. Both go with the student's text."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, submission_id: str, sentence_id: str, text: str) -> Note:
        note = Note(id=new_id(), submission_id=submission_id, sentence_id=sentence_id, text=text)
        with self._store.change() as db:
            db.execute(
                "INSERT INTO note VALUES (?, ?, ?, ?, '')",
                (note.id, submission_id, sentence_id, text),
            )
            self._store.bump(submission_id)
            self._store.log("note")
        return note

    def get(self, note_id: str) -> Note | None:
        rows = self._store.rows("SELECT * FROM note WHERE id = ?", note_id)
        return Note(**dict(rows[0])) if rows else None

    def of(self, submission_id: str) -> list[Note]:
        rows = self._store.rows(
            "SELECT * FROM note WHERE submission_id = ? ORDER BY rowid", submission_id
        )
        return [Note(**dict(row)) for row in rows]

    def waiting(self) -> list[Note]:
        """Those that the model has not worked on yet, as after a restart."""
        rows = self._store.rows("SELECT * FROM note WHERE reason = '' ORDER BY rowid")
        return [Note(**dict(row)) for row in rows]

    def remove(self, note: Note) -> None:
        with self._store.change() as db:
            db.execute("DELETE FROM note WHERE id = ?", (note.id,))
            self._store.bump(note.submission_id)

    def again(self, note: Note) -> None:
        """Have the model try once more."""
        self._set_reason(note, "")

    def dropped(self, note: Note, reason: str) -> None:
        self._set_reason(note, reason)

    def _set_reason(self, note: Note, reason: str) -> None:
        with self._store.change() as db:
            db.execute("UPDATE note SET reason = ? WHERE id = ?", (reason, note.id))
            self._store.bump(note.submission_id)
            if reason:
                self._store.count(f"wording_dropped.{reason}")

    def worded(self, note: Note, comment: Comment, model: str) -> None:
        """The wording becomes a draft that the teacher decides about, beside the note."""
        with self._store.change() as db:
            if db.execute("DELETE FROM note WHERE id = ?", (note.id,)).rowcount:
                self._store.insert(
                    note.submission_id, "", comment, "reworded", "draft", model, note.text
                )
                self._store.bump(note.submission_id)
                self._store.count("wording.comment")

    def bank(self) -> list[str]:
        """What the teacher wrote or changed in this lesson, each once, the newest first."""
        rows = self._store.rows(
            "SELECT observation, effect, next_step FROM comment"
            " WHERE (origin = 'teacher' OR edited) AND state <> 'rejected' ORDER BY rowid DESC"
        )
        texts = (" ".join(filter(None, tuple(row))) for row in rows)
        return list(dict.fromkeys(texts))[:MOST_IN_BANK]

"""Who has joined. Only hashes of the cookies are kept, in memory and in a private file.

The file lets joined students stay who they are when the gateway is restarted in the middle of a
lesson. It holds no address, no device and no name: nicknames are given.
"""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from launcher.files import read_json_object, write_private_json
from launcher.gateway.nicknames import new_nickname


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """``id`` is 22 base64url characters and is known to the apps only."""

    id: str
    nickname: str


class SeatsTaken(Exception):  # noqa: N818 - what happened
    """All seats of the lesson are taken."""


class Sessions:
    """The joined students of one lesson, by the hash of their cookie."""

    def __init__(self, file: Path, *, seats: int, lang: str) -> None:
        self._file = file
        self._seats = seats
        self._lang = lang
        self._students = _load(file)
        self._version = 0
        self._saved_version = 0
        self._saving = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._students)

    def find(self, cookie: str | None) -> Student | None:
        return self._students.get(_hash(cookie)) if cookie else None

    async def join(self, cookie: str | None) -> str:
        """A fresh cookie for the student who had ``cookie``, or for a new one.

        It is on disk before it is given. Raises `SeatsTaken`.
        """
        student = self._students.pop(_hash(cookie), None) if cookie else None
        if student is None:
            if len(self._students) >= self._seats:
                raise SeatsTaken
            taken = {one.nickname for one in self._students.values()}
            student = Student(
                id=secrets.token_urlsafe(16), nickname=new_nickname(self._lang, taken)
            )
        fresh = secrets.token_urlsafe(32)
        self._students[_hash(fresh)] = student
        await self._save()
        return fresh

    async def leave(self, cookie: str | None) -> None:
        if cookie and self._students.pop(_hash(cookie), None):
            await self._save()

    async def _save(self) -> None:
        self._version += 1
        wanted = self._version
        async with self._saving:
            # When a whole class joins at once, one write covers everyone who waited for it.
            if self._saved_version >= wanted:
                return
            version = self._version
            content = {
                hashed: {"id": student.id, "nickname": student.nickname}
                for hashed, student in self._students.items()
            }
            await asyncio.to_thread(write_private_json, self._file, {"students": content})
            self._saved_version = version


def _hash(cookie: str) -> str:
    # The cookie is 256 random bits: a plain hash cannot be turned back.
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


def _load(file: Path) -> dict[str, Student]:
    content = (read_json_object(file) or {}).get("students")
    if not isinstance(content, dict):
        return {}
    return {
        hashed: Student(id=str(entry["id"]), nickname=str(entry["nickname"]))
        for hashed, entry in content.items()
        if isinstance(entry, dict) and "id" in entry and "nickname" in entry
    }

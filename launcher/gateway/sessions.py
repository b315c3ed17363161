"""Who has joined. Only hashes of the cookies are kept, in memory and in a private file.

The file lets joined students stay who they are when the gateway is restarted in the middle of a
lesson. It holds no address, no device and no name: nicknames are given. From which device a student
came is kept in memory only, as a keyed hash, for the one moment that the laptop gets another
address: a browser does not bring its cookie to the new one.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from launcher.files import read_json_object, write_private_json
from launcher.gateway.nicknames import new_nickname

REMEMBERED_KICKS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """``id`` is 22 base64url characters and is known to the apps only.

    Who is not ``admitted`` waits for the teacher.
    """

    id: str
    nickname: str
    admitted: bool = True


class SeatsTaken(Exception):  # noqa: N818 - what happened
    """All seats of the lesson are taken."""


class Kicked(Exception):  # noqa: N818 - what happened
    """This browser was sent away by the teacher."""


class Locked(Exception):  # noqa: N818 - what happened
    """Nobody new gets in."""


class Sessions:
    """The joined students of one lesson, by the hash of their cookie."""

    def __init__(self, file: Path, *, lang: str) -> None:
        self._file = file
        self._lang = lang
        content = read_json_object(file) or {}
        self._students = _load(content)
        self._kicked = _load_kicked(content)
        self._version = 0
        self._saved_version = 0
        self._saving = asyncio.Lock()
        self._device_key = secrets.token_bytes(16)
        self._devices: dict[str, str] = {}
        self._to_return: set[str] = set()

    def __len__(self) -> int:
        return sum(student.admitted for student in self._students.values())

    def everyone(self) -> list[Student]:
        """Also who still waits for the teacher."""
        return list(self._students.values())

    def find(self, cookie: str | None) -> Student | None:
        return self._students.get(_hash(cookie)) if cookie else None

    def was_kicked(self, cookie: str | None) -> bool:
        return bool(cookie) and _hash(cookie or "") in self._kicked

    async def join(
        self,
        cookie: str | None,
        *,
        seats: int,
        device: str = "",
        locked: bool = False,
        approve_each: bool = False,
    ) -> str:
        """A fresh cookie for the student who had ``cookie``, or for a new one.

        ``device`` is whatever tells devices apart. It is on disk before it is given. Raises
        `SeatsTaken`, `Locked` and `Kicked`.
        """
        if self.was_kicked(cookie):
            raise Kicked
        device = self._device(device)
        hashed = _hash(cookie) if cookie else ""
        if hashed not in self._students:
            hashed = self._returning(device) or ""
        student = self._students.pop(hashed, None)
        if student is None:
            if locked:
                raise Locked
            if len(self._students) >= seats:
                raise SeatsTaken
            taken = {one.nickname for one in self._students.values()}
            student = Student(
                id=secrets.token_urlsafe(16),
                nickname=new_nickname(self._lang, taken),
                admitted=not approve_each,
            )
        fresh = secrets.token_urlsafe(32)
        self._students[_hash(fresh)] = student
        self._devices[student.id] = device
        self._to_return.discard(student.id)
        await self._save()
        return fresh

    def moved(self) -> None:
        """The address has changed: everyone may come back once without a cookie."""
        self._to_return = {student.id for student in self._students.values()}

    def seen(self, student: Student) -> None:
        """The student's browser still has its cookie."""
        self._to_return.discard(student.id)

    async def leave(self, cookie: str | None) -> None:
        student = self._students.pop(_hash(cookie), None) if cookie else None
        if student is not None:
            self._devices.pop(student.id, None)
            await self._save()

    async def kick(self, nickname: str) -> Student | None:
        """Send away who has that nickname: that browser does not get in again."""
        for hashed, student in self._students.items():
            if student.nickname == nickname:
                del self._students[hashed]
                self._devices.pop(student.id, None)
                self._kicked = [*self._kicked, hashed][-REMEMBERED_KICKS:]
                await self._save()
                return student
        return None

    async def admit(self, nickname: str | None) -> None:
        """Let in who waits with that nickname; everyone who waits when it is None."""
        for hashed, student in self._students.items():
            if not student.admitted and nickname in (None, student.nickname):
                self._students[hashed] = replace(student, admitted=True)
        await self._save()

    def _device(self, traits: str) -> str:
        content = traits.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, key=self._device_key, digest_size=16).hexdigest()

    def _returning(self, device: str) -> str | None:
        """Whose device this is, after the address changed. Between two we do not guess."""
        found = [
            hashed
            for hashed, student in self._students.items()
            if student.id in self._to_return and self._devices.get(student.id) == device
        ]
        others = [one for one in self._devices.values() if one == device]
        return found[0] if len(found) == 1 and len(others) == 1 else None

    async def _save(self) -> None:
        self._version += 1
        wanted = self._version
        async with self._saving:
            # When a whole class joins at once, one write covers everyone who waited for it.
            if self._saved_version >= wanted:
                return
            version = self._version
            content = {
                hashed: {
                    "id": student.id,
                    "nickname": student.nickname,
                    "admitted": student.admitted,
                }
                for hashed, student in self._students.items()
            }
            everything = {"students": content, "kicked": self._kicked}
            await asyncio.to_thread(write_private_json, self._file, everything)
            self._saved_version = version


def _hash(cookie: str) -> str:
    # The cookie is 256 random bits: a plain hash cannot be turned back.
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


def _load(content: Mapping[str, Any]) -> dict[str, Student]:
    students = content.get("students")
    if not isinstance(students, dict):
        return {}
    return {
        hashed: Student(
            id=str(entry["id"]),
            nickname=str(entry["nickname"]),
            admitted=entry.get("admitted") is not False,
        )
        for hashed, entry in students.items()
        if isinstance(entry, dict) and "id" in entry and "nickname" in entry
    }


def _load_kicked(content: Mapping[str, Any]) -> list[str]:
    kicked = content.get("kicked")
    return [str(each) for each in kicked] if isinstance(kicked, list) else []

"""Who has joined. Only hashes of the cookies are kept, in memory and in a private file.

The file lets joined students stay who they are when the gateway is restarted in the middle of a
lesson. It holds no address, no device and no name: nicknames are given. From which device a student
came is kept in memory only, as a keyed hash, for the one moment that the laptop gets another
address: a browser does not bring its cookie to the new one.

A seat is somebody's once the browser came back with its cookie. One that refuses cookies never
does, and would take a seat with each visit: those seats fall free again.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from launcher.files import read_json_object, write_private_json
from launcher.gateway.limits import Clock
from launcher.gateway.nicknames import new_nickname

REMEMBERED_KICKS = 200
KEPT_FOR_S = 120.0
"""For so long a seat is kept for a browser that has not come back with its cookie yet."""

GOES_FIRST_AFTER_S = 5.0
"""Such a seat goes to the next one who comes when all are taken. Coming back takes a second."""

QUIET_FOR_S = 120.0
"""Who never sent anything and was not heard for so long does not use the seat, as far as we see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """``id`` is 22 base64url characters and is known to the apps only.

    Who is not ``admitted`` waits for the teacher. Who ``works`` has sent something to an app.
    """

    id: str
    nickname: str
    admitted: bool = True
    works: bool = False


@dataclass(slots=True, kw_only=True)
class _Browser:
    """Where a student is. ``came_back`` is whether it has shown its cookie."""

    device: str
    heard_at: float
    came_back: bool


class SeatsTaken(Exception):  # noqa: N818 - what happened
    """All seats of the lesson are taken."""


class Kicked(Exception):  # noqa: N818 - what happened
    """This browser was sent away by the teacher."""


class Locked(Exception):  # noqa: N818 - what happened
    """Nobody new gets in."""


class Sessions:
    """The joined students of one lesson, by the hash of their cookie."""

    def __init__(self, file: Path, *, lang: str, clock: Clock = time.monotonic) -> None:
        self._file = file
        self._lang = lang
        self._clock = clock
        content = read_json_object(file) or {}
        self._students = _load(content)
        self._kicked = _load_kicked(content)
        self._version = 0
        self._saved_version = 0
        self._saving = asyncio.Lock()
        self._device_key = secrets.token_bytes(16)
        self._browsers = {
            student.id: _Browser(device="", heard_at=clock(), came_back=True)
            for student in self._students.values()
        }
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
        self._forget_who_never_came_back()
        device = self._device(device)
        hashed = _hash(cookie) if cookie else ""
        brought = hashed in self._students
        if not brought:
            hashed = self._returning(device) or ""
        student = self._students.pop(hashed, None)
        if student is None:
            if locked:
                raise Locked
            if len(self._students) >= seats and not self._give_one_away():
                raise SeatsTaken
            taken = {one.nickname for one in self._students.values()}
            student = Student(
                id=secrets.token_urlsafe(16),
                nickname=new_nickname(self._lang, taken),
                admitted=not approve_each,
            )
        fresh = secrets.token_urlsafe(32)
        self._students[_hash(fresh)] = student
        before = self._browsers.get(student.id)
        self._browsers[student.id] = _Browser(
            device=device,
            heard_at=self._clock(),
            came_back=brought or (before is not None and before.came_back),
        )
        self._to_return.discard(student.id)
        await self._save()
        return fresh

    def moved(self) -> None:
        """The address has changed: everyone may come back once without a cookie."""
        self._to_return = {student.id for student in self._students.values()}

    def seen(self, student: Student) -> None:
        """The student's browser still has its cookie."""
        self._to_return.discard(student.id)
        browser = self._browsers[student.id]
        browser.came_back = True
        browser.heard_at = self._clock()

    async def works(self, cookie: str | None) -> None:
        """Who has this cookie sends something to an app."""
        hashed = _hash(cookie or "")
        student = self._students.get(hashed)
        if student is not None and not student.works:
            self._students[hashed] = replace(student, works=True)
            await self._save()

    def unused(self) -> list[Student]:
        """Who never sent anything to an app and has been quiet for a while."""
        now = self._clock()
        return [
            student
            for student in self._students.values()
            if not student.works and now - self._browsers[student.id].heard_at >= QUIET_FOR_S
        ]

    async def tidy(self) -> None:
        """Free the seats of browsers that never came back with their cookie."""
        if self._forget_who_never_came_back():
            await self._save()

    async def free(self, students: Collection[Student]) -> None:
        """Free these seats. Unlike who is kicked, they may join again."""
        ids = {student.id for student in students}
        for hashed in [one for one, student in self._students.items() if student.id in ids]:
            self._forget(hashed)
        await self._save()

    async def leave(self, cookie: str | None) -> None:
        hashed = _hash(cookie or "")
        if hashed in self._students:
            self._forget(hashed)
            await self._save()

    def _forget(self, hashed: str) -> None:
        student = self._students.pop(hashed)
        self._browsers.pop(student.id, None)
        self._to_return.discard(student.id)

    def _never_came_back(self, for_s: float) -> list[str]:
        """Since so long, the oldest first."""
        until = self._clock() - for_s
        browsers = ((one, self._browsers[student.id]) for one, student in self._students.items())
        found = [(its.heard_at, one) for one, its in browsers if not its.came_back]
        return [one for since, one in sorted(found) if since <= until]

    def _forget_who_never_came_back(self) -> bool:
        found = self._never_came_back(KEPT_FOR_S)
        for hashed in found:
            self._forget(hashed)
        return bool(found)

    def _give_one_away(self) -> bool:
        found = self._never_came_back(GOES_FIRST_AFTER_S)
        if found:
            self._forget(found[0])
        return bool(found)

    async def kick(self, nickname: str) -> Student | None:
        """Send away who has that nickname: that browser does not get in again."""
        for hashed, student in self._students.items():
            if student.nickname == nickname:
                self._forget(hashed)
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
            if student.id in self._to_return and self._browsers[student.id].device == device
        ]
        others = [one for one in self._browsers.values() if one.device == device]
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
                    "works": student.works,
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
            works=entry.get("works") is not False,
        )
        for hashed, entry in students.items()
        if isinstance(entry, dict) and "id" in entry and "nickname" in entry
    }


def _load_kicked(content: Mapping[str, Any]) -> list[str]:
    kicked = content.get("kicked")
    return [str(each) for each in kicked] if isinstance(kicked, list) else []

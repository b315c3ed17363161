"""The part of a prompt that a class shares, kept ready in every slot of the engine.

Reading a prompt takes most of the time of a class. llama.cpp can save what it has read of a prompt
to a file and put it back in another slot: 15 ms instead of 12.5 s for 1,433 tokens (starter model,
2 cores). So the shared part is read once, by the first slot that needs it, and the file is there
for the next lesson too. It holds no student's text: it is saved before any is read.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from launcher.apps.classroom.engine import EngineClient, EngineRefused, Message

log = logging.getLogger(__name__)

_LEAST_TOKENS = 16
"""Fewer are read faster than a file is looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPart:
    """What two prompts of one activity have in common, as the model's tokens."""

    tokens: tuple[int, ...]
    file_name: str


class PrimedSlots:
    """Puts the shared part in a slot. Engines that cannot are left alone: they just read more."""

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine
        self._parts: dict[str, SharedPart | None] = {}
        self._reading = asyncio.Lock()

    async def prime(
        self, key: str, prompts: tuple[Sequence[Message], Sequence[Message]], slots: int
    ) -> bool:
        """Make every slot ready, as soon as an activity opens; whether that worked.

        ``prompts`` are two prompts of this activity that differ from the student's text on.
        """
        done = [await self.seat(key, prompts, slot) for slot in range(slots)]
        return all(done)

    async def seat(
        self, key: str, prompts: tuple[Sequence[Message], Sequence[Message]], slot: int
    ) -> bool:
        """Make ``slot`` ready for the next student's text; whether that worked.

        Raises `EngineLost`. Nobody else in the class may use the slot meanwhile. What was in it is
        gone, so a slot that other programs used, or an engine that was started again, makes no
        difference.
        """
        part = await self._part(key, prompts)
        if part is None:
            return False
        try:
            if await self._restore(part, slot):
                return True
            async with self._reading:
                # Another slot may have read and saved it while we waited.
                if await self._restore(part, slot):
                    return True
                await self._engine.read_prompt(part.tokens, slot)
                if await self._engine.save_slot(slot, part.file_name) != len(part.tokens):
                    # Another program used the slot in between, and its words do not belong here.
                    await self._engine.empty_slot_file(slot, part.file_name)
                    return False
                return True
        except EngineRefused as error:
            log.warning("the engine keeps no slots: %s", error.detail)
            self._parts[key] = None
            return False

    async def forget(self, key: str, slot: int) -> None:
        """Empty the file of an activity that is removed. Raises `EngineLost`."""
        part = self._parts.pop(key, None)
        if part is not None:
            try:
                await self._engine.empty_slot_file(slot, part.file_name)
            except EngineRefused as error:
                log.warning("cannot empty a slot file: %s", error.detail)

    async def _part(
        self, key: str, prompts: tuple[Sequence[Message], Sequence[Message]]
    ) -> SharedPart | None:
        if key not in self._parts:
            try:
                first, second = [await self._engine.tokens_of(prompt) for prompt in prompts]
            except EngineRefused:
                self._parts[key] = None
                return None
            shared = _common_start(first, second)
            self._parts[key] = _shared_part(shared) if len(shared) >= _LEAST_TOKENS else None
        return self._parts[key]

    async def _restore(self, part: SharedPart, slot: int) -> bool:
        return await self._engine.restore_slot(slot, part.file_name) == len(part.tokens)


def _common_start(first: Sequence[int], second: Sequence[int]) -> Sequence[int]:
    pairs = enumerate(zip(first, second, strict=False))
    length = next((i for i, (one, other) in pairs if one != other), min(len(first), len(second)))
    return first[:length]


def _shared_part(tokens: Sequence[int]) -> SharedPart:
    digest = hashlib.sha256(json.dumps(list(tokens)).encode()).hexdigest()
    return SharedPart(tokens=tuple(tokens), file_name=f"{digest[:32]}.bin")

"""What a class shares is read once, by the real engine, and is there for the next lesson."""

from pathlib import Path

import pytest

from launcher.apps.classroom.engine import EngineClient
from launcher.apps.classroom.engine_slots import PrimedSlots
from tests.services.lessons import engine_running

pytestmark = pytest.mark.engine

RULES = "You help a student. Look at one thing in the text. " * 12


def prompt(text: str, criterion: str = "Structure") -> list[dict[str, str]]:
    return [
        {"role": "system", "content": RULES},
        {"role": "user", "content": f"<text>{text}</text>\nCriterion: {criterion}"},
    ]


PROMPTS = (prompt("Aap."), prompt("Zon."))
TEXTS = ("Dogs walk with you every day.", "Cats sleep in the sun all day long.")


async def answer(client: EngineClient, slot: int, text: str, criterion: str) -> tuple[int, int]:
    reply = await client.complete(prompt(text, criterion), max_tokens=4, temperature=0, slot=slot)
    return reply.prompt_tokens, reply.cached_tokens


async def test_the_shared_part_is_read_once(starter_model: Path, tmp_path: Path) -> None:
    slots = tmp_path / "slots"
    with engine_running(starter_model, tmp_path, slots=3, slot_dir=slots) as started:
        client = EngineClient(started.url, started.key)
        primed = PrimedSlots(client)
        shared = len(await client.tokens_of(prompt(""))) - 10
        assert await primed.prime("a", PROMPTS, slots=3)
        read = started.prompt_tokens()
        assert shared - 10 < read < shared + 10
        for slot in (2, 0, 1):
            assert await primed.seat("a", PROMPTS, slot)
            new, cached = await answer(client, slot, TEXTS[slot % 2], "Structure")
            assert cached >= read
            assert new < 40
            # The second criterion finds the student's text there too.
            again, cached_again = await answer(client, slot, TEXTS[slot % 2], "Evidence")
            assert cached_again > cached
            assert again < 16
        await client.close()


async def test_the_next_lesson_starts_with_what_was_saved(
    starter_model: Path, tmp_path: Path
) -> None:
    slots = tmp_path / "slots"
    with engine_running(starter_model, tmp_path, slot_dir=slots) as started:
        client = EngineClient(started.url, started.key)
        assert await PrimedSlots(client).seat("a", PROMPTS, 0)
        await client.close()
    files = list(slots.iterdir())
    assert len(files) == 1
    assert files[0].stat().st_mode & 0o077 == 0

    with engine_running(starter_model, tmp_path, slot_dir=slots) as started:
        client = EngineClient(started.url, started.key)
        primed = PrimedSlots(client)
        assert await primed.prime("other name", PROMPTS, slots=2)
        assert started.prompt_tokens() == 0
        await primed.forget("other name", 0)
        assert files[0].stat().st_size < 100
        assert await primed.seat("a", PROMPTS, 1)
        assert started.prompt_tokens() > 100
        await client.close()


async def test_an_engine_that_keeps_no_slots_still_answers(
    starter_model: Path, tmp_path: Path
) -> None:
    with engine_running(starter_model, tmp_path, slots=1) as started:
        client = EngineClient(started.url, started.key)
        assert not await PrimedSlots(client).seat("a", PROMPTS, 0)
        assert sum(await answer(client, 0, TEXTS[0], "Structure")) > 100
        await client.close()


async def test_what_another_program_put_in_the_slot_is_not_kept(
    starter_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = tmp_path / "slots"
    with engine_running(starter_model, tmp_path, slot_dir=slots) as started:
        client = EngineClient(started.url, started.key)
        read_prompt = client.read_prompt

        async def read_and_be_disturbed(tokens: list[int], slot: int) -> None:
            await read_prompt(tokens, slot)
            await answer(client, slot, "A text that is somebody's own.", "Structure")

        monkeypatch.setattr(client, "read_prompt", read_and_be_disturbed)
        assert not await PrimedSlots(client).seat("a", PROMPTS, 0)
        await client.close()
    assert [file.stat().st_size < 100 for file in slots.iterdir()] == [True]

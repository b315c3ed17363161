"""The whole way: choose, get ready, start, look, stop. By keyboard, at both sizes."""

import errno
from dataclasses import replace

import pytest
from textual.worker import WorkerFailed

from launcher.events import Notice
from launcher.lesson.types import PlanWishes, ShareWishes, Why
from tests.tui.conftest import LARGE, SMALL, Start, flat, screen_name, shown, wait_until
from tests.tui.fakes import UNCLEAN, FakeUseCases, address, make_lesson, offline_error


def phase(pilot) -> str:
    return getattr(pilot.app.screen, "phase", "")


async def to_question(pilot) -> None:
    """Escape, while something is going on, asks whether to stop it."""
    await pilot.press("escape")
    await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")


async def to_download(pilot, usecases: FakeUseCases) -> None:
    """In the middle of it."""
    await to_plan(pilot, usecases)
    await pilot.press("enter")
    await wait_until(pilot, lambda: "1,8 GB van 4,9 GB" in flat(pilot))


async def to_plan(pilot, usecases: FakeUseCases) -> None:
    await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
    await pilot.press("enter")
    await wait_until(pilot, lambda: screen_name(pilot) == "PlanScreen")
    await wait_until(pilot, lambda: not pilot.app.screen.query_one("#go").disabled)
    # The button is there after planning; wait until the focus is on it too.
    await wait_until(pilot, lambda: pilot.app.screen.focused is not None)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(
    ("lang", "ready", "joined", "erased"),
    [
        ("nl", "staat klaar", "12 leerlingen doen mee", "is van deze laptop gewist"),
        ("en", "is ready", "12 students have joined", "has been erased from this laptop"),
    ],
)
async def test_whole_way_with_enter_and_a_few_keys(
    start_app: Start, size, lang, ready, joined, erased
) -> None:
    usecases = FakeUseCases()
    async with start_app(usecases, size=size, lang=lang) as pilot:
        await to_plan(pilot, usecases)
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "done" and ready in flat(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        assert "K7PM-3WXQ" in shown(pilot)
        assert "http://192.168.178.123:42000" in shown(pilot)
        usecases.lessons = (make_lesson(joined=12),)
        await wait_until(pilot, lambda: joined in flat(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: pilot.app.pages == ["http://127.0.0.1:5001/?t=x"])
        await pilot.press("s")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        await pilot.press("right", "enter")
        await wait_until(pilot, lambda: phase(pilot) == "done" and erased in flat(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "OverviewScreen")
    assert ("stop", make_lesson().lesson) in usecases.calls
    assert [name for name, _ in usecases.calls if name == "start"] == ["start"]


async def test_mouse_does_the_same(start_app: Start) -> None:
    usecases = FakeUseCases(fetch_bytes=0)
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#card-0"))
        await pilot.click("#card-0")
        await wait_until(pilot, lambda: screen_name(pilot) == "PlanScreen")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one("#go").disabled)
        await pilot.click("#local")
        await pilot.click("#go")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        assert "Alleen op deze laptop" in flat(pilot)
        assert not pilot.app.screen.query("#qr")
    assert ("start", ShareWishes(mode="local")) in usecases.calls


async def test_class_size_plans_again(start_app: Start) -> None:
    usecases = FakeUseCases()
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        pilot.app.screen.query_one("#students").focus()
        await pilot.press("up")
        await wait_until(pilot, lambda: ("make_plan", PlanWishes(students=29)) in usecases.calls)
        await pilot.press("backspace", "backspace")
        await pilot.press("1", "2")
        await wait_until(pilot, lambda: "laatste na 3 minuten" in flat(pilot))
        # A letter in the number field is still a key of the screen.
        await pilot.press("t")
        await wait_until(pilot, lambda: "How many students?" in flat(pilot))
        assert pilot.app.screen.query_one("#students").value == "12"
        await wait_until(pilot, lambda: "last after 3 minutes" in flat(pilot))


@pytest.mark.parametrize("keys", [("9", "9"), ("0",), ()])
async def test_impossible_class_size_plans_nothing(
    start_app: Start, wait_for_workers, keys
) -> None:
    usecases = FakeUseCases()
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        planned = len(usecases.calls)
        pilot.app.screen.query_one("#students").focus()
        await pilot.press("backspace", "backspace", *keys)
        await wait_for_workers(pilot)
        assert [call for call in usecases.calls[planned:] if call[1].students in (0, 99)] == []


async def test_a_class_is_never_larger_than_the_field_says(start_app: Start) -> None:
    usecases = FakeUseCases()
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        field = pilot.app.screen.query_one("#students")
        field.focus()
        await pilot.press("backspace", "backspace", "9", "9")
        await wait_until(pilot, lambda: ("make_plan", PlanWishes(students=40)) in usecases.calls)
        assert field.value == "40"
        await pilot.press("backspace", "backspace", "tab")
        await wait_until(pilot, lambda: field.value == "4")
        field.focus()
        await pilot.press("backspace", "tab")
        await wait_until(pilot, lambda: field.value == "4")


async def test_choose_practice_model(start_app: Start) -> None:
    usecases = FakeUseCases()
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        assert "oefenmodel" not in flat(pilot)
        await pilot.press("m")
        await wait_until(pilot, lambda: "nog niet te kiezen" in flat(pilot))
        assert "De licentie staat gebruik op school niet toe." in flat(pilot)
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: "Dit is een oefenmodel" in flat(pilot))
        assert ("make_plan", PlanWishes(students=28, model="smollm2")) in usecases.calls
        # The others can still be chosen, and Paadje's own choice plans freely again.
        await pilot.press("m")
        await wait_until(pilot, lambda: "Gemma 3 12B" in flat(pilot))
        await pilot.press("up", "enter")
        await wait_until(pilot, lambda: "oefenmodel" not in flat(pilot))


async def test_choice_of_address(start_app: Start) -> None:
    usecases = FakeUseCases(fetch_bytes=0)
    usecases.addresses = (
        address("192.168.178.123", "Wi-Fi"),
        address("172.17.0.1", "Ethernet [b]3[/b]", "virtual"),
    )
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        assert "192.168.178.123 (Wi-Fi)" in flat(pilot)
        pilot.app.screen.query_one("#address").focus()
        await pilot.press("enter", "down", "enter")
        await wait_until(pilot, lambda: "Dit adres hoort bij een programma" in flat(pilot))
        await pilot.click("#go")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
    assert ("start", ShareWishes(mode="lan", address="172.17.0.1")) in usecases.calls


async def test_without_network_only_this_laptop(start_app: Start) -> None:
    usecases = FakeUseCases(addresses=())
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
        await pilot.press("enter")
        await wait_until(pilot, lambda: "Zet wifi aan" in flat(pilot))
        assert pilot.app.screen.query_one("#go").disabled
        await pilot.click("#local")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one("#go").disabled)


async def test_licence_has_to_be_accepted(start_app: Start, monkeypatch) -> None:
    usecases = FakeUseCases()
    plain = usecases._plan
    monkeypatch.setattr(
        usecases,
        "_plan",
        lambda app, wishes: replace(plain(app, wishes), licence_needs_acceptance=True),
    )
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
        await pilot.press("enter")
        await wait_until(pilot, lambda: "Ik ga akkoord" in flat(pilot))
        assert pilot.app.screen.query_one("#go").disabled
        pilot.app.screen.query_one("#licence").focus()
        await pilot.press("space")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one("#go").disabled)
        assert not [name for name, _ in usecases.calls if name == "accept_licence"]
        await pilot.click("#go")
        await wait_until(pilot, lambda: phase(pilot) == "done")
    names = [name for name, _ in usecases.calls]
    assert names.index("accept_licence") < names.index("install")


# --- cancelling and errors ------------------------------------------------------------------------


async def test_cancel_keeps_what_was_fetched(start_app: Start) -> None:
    usecases = FakeUseCases(hold={"install"})
    async with start_app(usecases) as pilot:
        await to_download(pilot, usecases)
        assert "6 MB per seconde · nog ongeveer 8 minuten" in flat(pilot)
        await to_question(pilot)
        # Enter is the safe answer.
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "busy")
        await to_question(pilot)
        await pilot.press("right", "enter")
        await wait_until(pilot, lambda: phase(pilot) == "cancelled")
        await wait_until(pilot, lambda: "Wat al opgehaald was (1,8 GB), is bewaard." in flat(pilot))
        usecases.go.set()
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "done")
    assert [name for name, _ in usecases.calls].count("install") == 2


async def test_cancelling_and_cancelled_are_two_states(start_app: Start, monkeypatch) -> None:
    usecases = FakeUseCases(hold={"install"})
    # A computer that needs time to stop: it looks at the request only after ``go``.
    monkeypatch.setattr(
        usecases, "_wait", lambda name, cancel: usecases.go.wait() and cancel.check()
    )
    async with start_app(usecases) as pilot:
        await to_download(pilot, usecases)
        await to_question(pilot)
        await pilot.press("right", "enter")
        await wait_until(pilot, lambda: "Bezig met stoppen" in flat(pilot))
        assert phase(pilot) == "cancelling"
        usecases.go.set()
        await wait_until(pilot, lambda: phase(pilot) == "cancelled")


async def test_a_question_about_stopping_goes_when_there_is_nothing_to_stop(
    start_app: Start,
) -> None:
    usecases = FakeUseCases(hold={"install", "start"})
    async with start_app(usecases) as pilot:
        await to_download(pilot, usecases)
        await to_question(pilot)
        usecases.hold.remove("install")
        await wait_until(pilot, lambda: screen_name(pilot) == "WorkScreen")
        await wait_until(pilot, lambda: phase(pilot) == "done" and "Start de les" in flat(pilot))
        await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "busy")
        await to_question(pilot)
        usecases.go.set()
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        assert [type(one).__name__ for one in pilot.app.screen_stack] == [
            "OverviewScreen", "LessonScreen"
        ]  # fmt: skip


async def test_error_in_three_parts_and_again(start_app: Start) -> None:
    usecases = FakeUseCases(errors={"install_end": offline_error()})
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "failed")
        text = flat(pilot)
        assert "Er is geen model op deze computer" in text
        assert "Controleer of je internet hebt" in text
        assert "Voor ICT: HTTPSConnectionPool: [Errno 101]" in text
        assert "(1,8 GB), is bewaard" in text
        await pilot.press("t")
        await wait_until(pilot, lambda: "For IT: HTTPSConnectionPool" in flat(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "done")


async def test_error_while_looking_around(start_app: Start) -> None:
    usecases = FakeUseCases(errors={"make_plan": offline_error()})
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        assert "Controleer of je internet hebt" in flat(pilot)
        await pilot.press("escape")
        await wait_until(pilot, lambda: screen_name(pilot) == "PlanScreen")
        assert pilot.app.screen.query_one("#go").disabled


async def test_planning_can_be_tried_again(start_app: Start) -> None:
    usecases = FakeUseCases(errors={"make_plan": offline_error()})
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "PlanScreen")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one("#go").disabled)


async def test_a_full_disk_is_a_sentence_on_the_screen(start_app: Start) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    usecases = FakeUseCases(errors={"install_end": full})
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "failed")
        assert "De schijf is vol" in flat(pilot)


async def test_bug_closes_the_screen_and_comes_out(start_app: Start, capsys) -> None:
    bug = ZeroDivisionError("a bug")
    usecases = FakeUseCases(errors={"make_plan": bug})
    with pytest.raises(WorkerFailed, match="a bug"):  # noqa: PT012
        async with start_app(usecases) as pilot:
            await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
            await pilot.press("enter")
            await wait_until(pilot, lambda: pilot.app.failure is not None)
            assert pilot.app.failure is bug
            assert pilot.app.return_code == 1
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err


# --- what runs already ----------------------------------------------------------------------------


async def test_running_lesson_is_on_top(start_app: Start) -> None:
    usecases = FakeUseCases(lessons=(make_lesson(joined=1),))
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: "1 leerling doet mee" in flat(pilot))
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "lesson-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        await pilot.press("escape")
        await wait_until(pilot, lambda: screen_name(pilot) == "OverviewScreen")


async def test_unclean_end_is_told_and_tidied(start_app: Start) -> None:
    usecases = FakeUseCases(lessons=(UNCLEAN,))
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: "onverwacht gestopt" in flat(pilot))
        assert "je modellen blijven" in flat(pilot)
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "tidy-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: "Van die les is niets meer over" in flat(pilot))
    assert ("forget", UNCLEAN.lesson) in usecases.calls


async def test_failed_lesson_is_stopped_not_forgotten(start_app: Start) -> None:
    failed = make_lesson(state="failed", why=Why(code="no_such_reason"))
    usecases = FakeUseCases(lessons=(failed,))
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#tidy-0"))
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "tidy-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "done")
    assert ("stop", failed.lesson) in usecases.calls


@pytest.mark.parametrize("state", ["failed", "gone"])
async def test_a_lesson_that_is_over_stays_over_whatever_happens_then(
    start_app: Start, wait_for_workers, state
) -> None:
    usecases = FakeUseCases(lessons=(make_lesson(),))
    other = make_lesson(lesson="2026-01-13-b2c3")
    failed = make_lesson(state="failed", why=Why(code="no_such_reason"))
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#lesson-0"))
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "lesson-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        first, then = ((), (other,)) if state == "gone" else (
            (failed,), (replace(failed, services={"engine": "stopped"}, joined=None),)
        )  # fmt: skip
        usecases.lessons = first
        await wait_until(pilot, lambda: pilot.app.screen.query("#over"))
        usecases.lessons = then
        await wait_until(pilot, lambda: pilot.app.lessons == then)
        await wait_for_workers(pilot)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "OverviewScreen")
    assert pilot.app.failure is None


async def test_what_goes_on_in_a_lesson_is_on_its_screen(start_app: Start) -> None:
    usecases = FakeUseCases(lessons=(make_lesson(),))
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#lesson-0"))
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "lesson-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        assert "langzaam" not in flat(pilot)
        slow = Notice(code="host.slow", params={"times": 4})
        usecases.lessons = (make_lesson(notices=(slow,)),)
        await wait_until(pilot, lambda: "4 keer zo langzaam als verwacht" in flat(pilot))
        usecases.lessons = (make_lesson(),)
        await wait_until(pilot, lambda: "langzaam" not in flat(pilot))


async def test_lesson_that_ends_elsewhere_is_told(start_app: Start) -> None:
    usecases = FakeUseCases(lessons=(make_lesson(),))
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#lesson-0"))
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "lesson-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        usecases.lessons = ()
        await wait_until(pilot, lambda: "Deze les is afgelopen" in flat(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "OverviewScreen")


async def test_leaving_does_not_end_the_lesson(start_app: Start) -> None:
    usecases = FakeUseCases(lessons=(make_lesson(),))
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.lessons)
        await pilot.press("q")
        await wait_until(pilot, lambda: "De les loopt nog" in flat(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: not pilot.app.is_running)
    assert "stop" not in [name for name, _ in usecases.calls]
    assert pilot.app.return_code == 0


async def test_leaving_can_stop_the_lesson(start_app: Start) -> None:
    usecases = FakeUseCases(lessons=(make_lesson(),))
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: pilot.app.lessons)
        await pilot.press("ctrl+c")
        await wait_until(pilot, lambda: "De les loopt nog" in flat(pilot))
        await pilot.press("right", "enter")
        await wait_until(pilot, lambda: phase(pilot) == "done")
        await pilot.press("enter")
        await wait_until(pilot, lambda: not pilot.app.is_running)
    assert ("stop", None) in usecases.calls


async def test_leaving_while_fetching_asks_and_stops_it(start_app: Start) -> None:
    usecases = FakeUseCases(hold={"install"})
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        await pilot.press("enter")
        await wait_until(pilot, lambda: phase(pilot) == "busy")
        await pilot.press("q")
        await wait_until(pilot, lambda: "Stoppen met ophalen?" in flat(pilot))
        await pilot.press("right", "enter")
        await wait_until(pilot, lambda: not pilot.app.is_running)


async def test_no_browser_shows_the_address(start_app: Start) -> None:
    usecases = FakeUseCases(lessons=(make_lesson(),))
    async with start_app(usecases, browser=False) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#lesson-0"))
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "lesson-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        await pilot.press("o")
        await wait_until(pilot, lambda: "http://127.0.0.1:5001/?t=x" in flat(pilot))


async def test_starting_tells_what_is_ready(start_app: Start) -> None:
    usecases = FakeUseCases(fetch_bytes=0, hold={"start"}, practice=True)
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        await pilot.press("enter")
        await wait_until(pilot, lambda: "✓ Het model is klaar" in flat(pilot))
        await wait_until(pilot, lambda: "› Feedback Companion start op" in flat(pilot))
        await wait_until(pilot, lambda: "Let op: dit is een oefenmodel" in flat(pilot))
        usecases.go.set()
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")


async def test_plan_can_be_read_to_the_end(start_app: Start, monkeypatch) -> None:
    usecases = FakeUseCases()
    monkeypatch.setattr(usecases, "explain_plan", lambda *_, **__: ("Uitleg. " * 9,) * 9)
    async with start_app(usecases) as pilot:
        await to_plan(pilot, usecases)
        assert "Daarna is alles gewist" not in " ".join(shown(pilot).split())
        for _ in range(3):
            await pilot.press("pagedown")
        await wait_until(pilot, lambda: "alles gewist" in " ".join(shown(pilot).split()))

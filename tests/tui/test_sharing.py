"""Everything about sharing, from the screens: each control does what it says."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from launcher.errors import UsageError
from launcher.i18n import LANGUAGES
from launcher.tui.widgets.keybar import KeyBar
from tests.tui.conftest import LARGE, SMALL, Start, flat, screen_name, shown, wait_until
from tests.tui.fakes import FakeUseCases, address, make_lesson
from tests.tui.sharing_view import make_sharing
from tests.tui.test_looks import nothing_cut_off

NAMES = ["Blauwe Uil", "Rode Vos"]


def sharing_of(**changes: Any) -> FakeUseCases:
    usecases = FakeUseCases(lessons=(make_lesson(joined=2),))
    usecases.addresses = (address("192.168.178.123", "wlan0"), address("10.0.0.5", "tun0"))
    usecases.sharing = make_sharing(students=NAMES, **changes)
    return usecases


async def to_lesson(pilot) -> None:
    await wait_until(pilot, lambda: pilot.app.screen.query("#lesson-0"))
    await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
    await pilot.press("enter")
    await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
    await wait_until(pilot, lambda: pilot.app.screen.sharing is not None)


async def to_sharing(pilot, key: str = "", name: str = "") -> None:
    await to_lesson(pilot)
    await pilot.press("d")
    await wait_until(pilot, lambda: screen_name(pilot) == "SharingScreen")
    if key:
        await pilot.press(key)
        await wait_until(pilot, lambda: screen_name(pilot) == name)


async def choose(pilot, row: str) -> None:
    """Go to a row of the menu by its id and press Enter."""
    menu = pilot.app.screen.query_one("#menu")
    await wait_until(pilot, lambda: row in [one.id for one in menu.options])
    menu.highlighted = menu.get_option_index(row)
    menu.focus()
    await pilot.press("enter")


def wishes(usecases: FakeUseCases, do: str) -> list[dict[str, Any]]:
    return [wish for wish in usecases.wishes if wish["do"] == do]


# --- what the lesson screen tells -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ({"looks": 0}, "Paadje meet zo"),
        ({}, "0 bytes naar internet"),
        ({"method": "connections"}, "Niets naar internet gezien"),
        ({"bytes": 1234, "connections": 2, "clean": False}, "1.234 bytes naar internet"),
    ],
)
async def test_lesson_tells_what_went_to_the_internet(start_app: Start, reading, told) -> None:
    usecases = sharing_of()
    usecases.sharing["internet"] |= reading
    async with start_app(usecases) as pilot:
        await to_lesson(pilot)
        await wait_until(pilot, lambda: told in flat(pilot))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_alarms_come_and_go_and_leave_room_for_the_buttons(
    start_app: Start, size, lang
) -> None:
    usecases = sharing_of(waiting=["Wijze Mol"], seconds_left=250, kept_awake=False)
    rings = []
    async with start_app(usecases, size=size, lang=lang) as pilot:
        pilot.app.bell = lambda: rings.append(1)
        await to_lesson(pilot)
        assert not pilot.app.screen.query("#alarms .care")
        usecases.sharing = usecases.sharing | {
            "alarms": [
                {"code": "host.address_changed", "params": {}},
                {"code": "host.ends_soon", "params": {"minutes": 5}},
            ]
        }
        told = "De les stopt over 5 min" if lang == "nl" else "5 min"
        await wait_until(pilot, lambda: told in flat(pilot))
        assert len(rings) == 1, "a new alarm rings once"
        nothing_cut_off(pilot)
        stop = pilot.app.screen.query_one("#stop")
        assert stop.region.bottom <= pilot.app.screen.query_one(KeyBar).region.y
        usecases.sharing = usecases.sharing | {"alarms": []}
        await wait_until(pilot, lambda: not pilot.app.screen.query("#alarms .care"))


async def test_lesson_tells_the_time_left_and_who_waits(start_app: Start) -> None:
    usecases = sharing_of(seconds_left=25 * 60, ends_at=1e9, waiting=["Wijze Mol"])
    async with start_app(usecases) as pilot:
        await to_lesson(pilot)
        await wait_until(pilot, lambda: "Nog 25 minuten." in flat(pilot))
        assert "1 leerling wacht op jou." in flat(pilot)
        usecases.sharing = usecases.sharing | {"seconds_left": 24 * 60, "waiting": []}
        await wait_until(pilot, lambda: "Nog 24 minuten." in flat(pilot))
        assert "wacht op jou" not in flat(pilot)


# --- controls -------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_menu", [False, True])
async def test_lock_and_open(start_app: Start, by_menu) -> None:
    usecases = sharing_of()
    async with start_app(usecases) as pilot:
        await (to_sharing if by_menu else to_lesson)(pilot)
        for wish, told in (("lock", "niemand kan er nog bij"), ("unlock", "kan erin")):
            await (choose(pilot, "lock") if by_menu else pilot.press("l"))
            await wait_until(pilot, lambda wish=wish: wishes(usecases, wish))
            if by_menu or wish == "lock":
                await wait_until(pilot, lambda told=told: told in flat(pilot) + menu_text(pilot))


def menu_text(pilot) -> str:
    menus = pilot.app.screen.query("#menu")
    return " ".join(str(one.prompt) for menu in menus for one in menu.options)


async def test_new_code_asks_first(start_app: Start) -> None:
    usecases = sharing_of()
    async with start_app(usecases) as pilot:
        await to_lesson(pilot)
        await pilot.press("n")
        await wait_until(pilot, lambda: "Een nieuwe code nemen?" in flat(pilot))
        await pilot.press("escape")
        await pilot.press("n")
        await wait_until(pilot, lambda: "Een nieuwe code nemen?" in flat(pilot))
        assert not wishes(usecases, "new-code")
        await pilot.press("enter")
        await wait_until(pilot, lambda: wishes(usecases, "new-code") == [{"do": "new-code"}])


async def test_students_are_let_in_and_taken_out(start_app: Start) -> None:
    usecases = sharing_of(waiting=["Wijze Mol", "Gouden Vis", "Snelle Haas"])
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "w", "PeopleScreen")
        await choose(pilot, "admit Wijze Mol")
        await wait_until(pilot, lambda: "Wijze Mol" in usecases.sharing["students"])
        await choose(pilot, "all")
        await wait_until(pilot, lambda: not usecases.sharing["waiting"])
        await choose(pilot, "kick Rode Vos")
        await wait_until(pilot, lambda: "Rode Vos uit de les halen?" in flat(pilot))
        await pilot.press("enter")  # The obvious answer changes nothing.
        await wait_until(pilot, lambda: screen_name(pilot) == "PeopleScreen")
        assert not wishes(usecases, "kick")
        await choose(pilot, "kick Rode Vos")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        await pilot.press("right", "enter")
        await wait_until(pilot, lambda: "Rode Vos" not in menu_text(pilot))
        assert wishes(usecases, "kick") == [{"do": "kick", "nickname": "Rode Vos"}]


async def test_who_is_new_can_be_made_to_wait_and_there_can_be_more_seats(
    start_app: Start,
) -> None:
    usecases = sharing_of()
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "w", "PeopleScreen")
        await choose(pilot, "approve_on")
        await choose(pilot, "approve_off")
        await choose(pilot, "seats")
        await wait_until(pilot, lambda: "50 plaatsen" in menu_text(pilot))
    assert [wish["each"] for wish in wishes(usecases, "approve")] == [True, False]
    assert wishes(usecases, "seats") == [{"do": "seats", "seats": 50}]


async def test_seats_that_nobody_uses_are_freed_with_one_key(start_app: Start) -> None:
    usecases = sharing_of()
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "w", "PeopleScreen")
        assert "ongebruikte" not in menu_text(pilot)
        usecases.sharing = usecases.sharing | {"unused": 12}
        await wait_until(pilot, lambda: "Maak 12 ongebruikte plaatsen vrij" in menu_text(pilot))
        await choose(pilot, "free")
        await wait_until(pilot, lambda: wishes(usecases, "free") == [{"do": "free"}])


async def test_list_follows_the_class_and_stays_where_it_was(start_app: Start) -> None:
    usecases = sharing_of()
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "w", "PeopleScreen")
        menu = pilot.app.screen.query_one("#menu")
        menu.highlighted = menu.get_option_index("kick Rode Vos")
        usecases.sharing = usecases.sharing | {"students": ["Aardige Aap", *NAMES]}
        await wait_until(pilot, lambda: "Aardige Aap" in menu_text(pilot))
        assert menu.get_option_at_index(menu.highlighted).id == "kick Rode Vos"


async def test_board_opens_in_the_browser(start_app: Start) -> None:
    async with start_app(sharing_of()) as pilot:
        await to_lesson(pilot)
        await pilot.press("b")
        await wait_until(pilot, lambda: pilot.app.pages)
        assert pilot.app.pages == ["http://127.0.0.1:5002/projector/open#x"]


async def test_end_of_the_lesson(start_app: Start) -> None:
    usecases = sharing_of()
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "e", "EndScreen")
        await choose(pilot, "20")
        await wait_until(pilot, lambda: "Nog 20 minuten." in menu_text(pilot))
        await choose(pilot, "end_time")
        await wait_until(pilot, lambda: screen_name(pilot) == "EndScreen")
        await choose(pilot, "0")
        await wait_until(pilot, lambda: "pas als jij hem stopt" in menu_text(pilot))
    assert wishes(usecases, "end") == [{"do": "end", "minutes": 20}, {"do": "end"}]


async def test_another_address(start_app: Start) -> None:
    usecases = sharing_of()
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "a", "AddressScreen")
        await wait_until(pilot, lambda: "tun0" in menu_text(pilot))
        await choose(pilot, "10.0.0.5")
        await wait_until(pilot, lambda: wishes(usecases, "move"))
        await wait_until(pilot, lambda: "Nu 10.0.0.5" in menu_text(pilot))
    assert wishes(usecases, "move") == [{"do": "move", "address": "10.0.0.5"}]


async def test_what_the_host_refuses_is_told(start_app: Start) -> None:
    usecases = sharing_of()
    usecases.errors["change_sharing"] = UsageError("host.not_on_the_network")
    async with start_app(usecases) as pilot:
        await to_lesson(pilot)
        await pilot.press("l")
        await wait_until(pilot, lambda: "alleen op deze laptop" in flat(pilot))


async def test_lesson_for_this_laptop_only_has_nothing_to_share(start_app: Start) -> None:
    usecases = sharing_of(mode="local")
    lesson = usecases.lessons[0]
    usecases.lessons = (replace(lesson, share=replace(lesson.share, mode="local")),)
    async with start_app(usecases) as pilot:
        await to_lesson(pilot)
        await pilot.press("l", "n", "w", "b", "p", "a")
        assert screen_name(pilot) == "LessonScreen"
        await pilot.press("d")
        await wait_until(pilot, lambda: screen_name(pilot) == "SharingScreen")
        assert [one.id for one in pilot.app.screen.query_one("#menu").options] == ["end_time"]
    assert not usecases.wishes


# --- the test with a phone ------------------------------------------------------------------------


async def test_phone_gets_here(start_app: Start) -> None:
    usecases = sharing_of()
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "p", "ReachScreen")
        await wait_until(pilot, lambda: "nog 42 seconden" in flat(pilot))
        assert pilot.app.screen.query_one("#qr")
        usecases.findings = replace(usecases.findings, probe_seen=True)
        arrived = {"state": "reached", "testing": True}
        usecases.sharing = usecases.sharing | {"reach": usecases.sharing["reach"] | arrived}
        await wait_until(pilot, lambda: "je telefoon kan bij de laptop" in flat(pilot))
        await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "SharingScreen")
        assert "je telefoon kan bij de laptop" in menu_text(pilot)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_tree_asks_one_question_at_a_time_down_to_isolation(
    start_app: Start, tmp_path: Path, size, lang
) -> None:
    usecases = sharing_of()
    usecases.note = tmp_path / "ict.html"
    usecases.findings = replace(usecases.findings, waited_s=61.0, vpn="unknown", firewall="unknown")
    async with start_app(usecases, size=size, lang=lang) as pilot:
        await to_sharing(pilot, "p", "ReachScreen")
        for question, answer in (
            ("same_wifi", "yes"), ("vpn", "no"), ("phone_vpn", "no"), ("firewall", "no"),
        ):  # fmt: skip
            await wait_until(pilot, lambda q=question: usecases.sharing["reach"]["ask"] == q)
            told = pilot.app.t(f"sharing.reach.ask.{question}")
            await wait_until(pilot, lambda told=told: told in flat(pilot))
            nothing_cut_off(pilot)
            await pilot.click(f"#{answer}")
        await wait_until(pilot, lambda: pilot.app.screen.query("#note"))
        for key in ("cause.isolation", "step.ask_it", "step.router", "step.hotspot"):
            assert pilot.app.t(f"sharing.reach.{key}") in flat(pilot)
        again = pilot.app.screen.query_one("#again")
        assert again.region.bottom <= pilot.app.screen.query_one(KeyBar).region.y
        nothing_cut_off(pilot)
        await pilot.click("#note")
        await wait_until(pilot, lambda: pilot.app.pages == [usecases.note.as_uri()])
        await pilot.click("#again")
        await wait_until(pilot, lambda: len(wishes(usecases, "test")) == 2)


async def test_firewall_is_opened_only_when_asked(start_app: Start) -> None:
    usecases = sharing_of(firewall={"shut": "yes", "reasons": ["no_rule"], "rule_would_help": True})
    usecases.findings = replace(
        usecases.findings, waited_s=61.0, firewall="yes", same_wifi="unknown"
    )
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "p", "ReachScreen")
        for name in ("same_wifi", "phone_vpn"):
            await wait_until(pilot, lambda q=name: usecases.sharing["reach"]["ask"] == q)
            await wait_until(
                pilot, lambda q=name: pilot.app.t(f"sharing.reach.ask.{q}") in flat(pilot)
            )
            await pilot.click("#yes" if name == "same_wifi" else "#no")
        await wait_until(
            pilot, lambda: "Eén regel laat alleen het eigen netwerk toe" in flat(pilot)
        )
        assert not [call for call in usecases.calls if call[0] == "allow_in_firewall"]
        await pilot.click("#firewall")
        await wait_until(pilot, lambda: "je telefoon kan bij de laptop" in flat(pilot))


# --- hotspot --------------------------------------------------------------------------------------


async def test_hotspot_shows_its_wifi_first_and_the_lesson_second(start_app: Start) -> None:
    usecases = sharing_of(warnings=["hotspot"])
    lesson = usecases.lessons[0]
    usecases.lessons = (replace(lesson, share=replace(lesson.share, warnings=("hotspot",))),)
    async with start_app(usecases) as pilot:
        await to_lesson(pilot)
        await pilot.press("h")
        await wait_until(pilot, lambda: screen_name(pilot) == "HotspotScreen")
        await pilot.press(*"lesn", "enter", *"geheim", "enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        wish = {"do": "hotspot", "name": "lesn", "password": "geheim"}
        await wait_until(pilot, lambda: usecases.wishes == [wish])
        assert "geheim" not in flat(pilot)
        await pilot.press("g")
        await wait_until(pilot, lambda: "1. Scan eerst dit" in flat(pilot))
        assert "K7PM-3WXQ" not in shown(pilot)
        await pilot.press("w")
        await wait_until(pilot, lambda: "2. Scan daarna dit" in flat(pilot))
        assert "K7PM-3WXQ" in shown(pilot)


# --- the end --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("presses", "erase", "told"),
    [(1, False, "De logboeken zijn bewaard"), (2, True, "De logboeken zijn ook gewist")],
)
async def test_stop_gives_a_receipt(start_app: Start, presses, erase, told) -> None:
    async with start_app(sharing_of()) as pilot:
        await to_lesson(pilot)
        await pilot.press("s")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        await pilot.press(*["right"] * presses, "enter")
        await wait_until(pilot, lambda: "Gewist: 14 bestanden, 2.345.678 bytes." in flat(pilot))
        assert told in flat(pilot)


# --- looks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_is_cut_off(start_app: Start, size, lang) -> None:
    usecases = sharing_of(waiting=["Wijze Mol", "Gouden Vis"], seconds_left=1500, ends_at=1e9)
    async with start_app(usecases, size=size, lang=lang) as pilot:
        await to_sharing(pilot)
        nothing_cut_off(pilot)
        for key, name in (("w", "PeopleScreen"), ("e", "EndScreen"), ("a", "AddressScreen")):
            await pilot.press(key)
            await wait_until(pilot, lambda name=name: screen_name(pilot) == name)
            nothing_cut_off(pilot)
            widest = max(len(line) for line in menu_text(pilot).splitlines())
            assert widest > 10
            await pilot.press("escape")
        await pilot.press("n")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        nothing_cut_off(pilot)


async def test_names_are_only_text(start_app: Start) -> None:
    hostile = "[red]x[/] \x1b]0;evil\x07\u202e"
    usecases = sharing_of()
    usecases.sharing["students"] = [hostile]
    async with start_app(usecases) as pilot:
        await to_sharing(pilot, "w", "PeopleScreen")
        await wait_until(pilot, lambda: "[red]x[/]" in menu_text(pilot))
        assert not re.search("[\x1b\x07\u202e]", shown(pilot))

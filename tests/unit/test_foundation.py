"""Errors, events, settings, files and translations."""

import io
import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest

from launcher.errors import Cancelled, PaadjeError, UsageError
from launcher.events import Cancel, Progress, Throttle, event_to_dict
from launcher.files import read_json_object, write_private_json
from launcher.i18n import describe_error, pick_language, translator
from launcher.lifeline import follow
from launcher.logs import printable
from launcher.paths import find_paths
from launcher.settings import load_settings, save_setting


def test_paths_follow_paadje_home(tmp_path: Path) -> None:
    paths = find_paths({"PAADJE_HOME": str(tmp_path)})
    for folder in (paths.config, paths.data, paths.cache, paths.logs, paths.models, paths.lessons):
        assert folder.is_relative_to(tmp_path)


def test_paths_without_a_home_are_the_users_own() -> None:
    paths = find_paths({})
    assert "Paadje" in str(paths.data)


def test_settings_prefer_the_environment_over_the_file(tmp_path: Path) -> None:
    paths = find_paths({"PAADJE_HOME": str(tmp_path)})
    assert load_settings(paths, {}).students == 28
    save_setting(paths, "students", 24)
    save_setting(paths, "language", "en")
    assert load_settings(paths, {}).students == 24
    settings = load_settings(paths, {"PAADJE_STUDENTS": "12"})
    assert (settings.students, settings.language) == (12, "en")


@pytest.mark.parametrize(
    ("text", "code"),
    [("students = ", "core.settings_unreadable"), ("colour = 1", "core.setting_invalid")],
)
def test_broken_settings_are_a_clear_error(tmp_path: Path, text: str, code: str) -> None:
    paths = find_paths({"PAADJE_HOME": str(tmp_path)})
    paths.config.mkdir(parents=True)
    paths.settings_file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_settings(paths, {})
    assert caught.value.code == code
    assert "settings.toml" in describe_error(caught.value, "nl").message


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    paths = find_paths({"PAADJE_HOME": str(tmp_path)})
    with pytest.raises(UsageError) as caught:
        load_settings(paths, {"PAADJE_PORT": "80"})
    assert caught.value.params["place"] == "PAADJE_PORT"


def test_private_files_are_private_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "state.json"
    write_private_json(file, {"name": "Zoë"})
    assert read_json_object(file) == {"name": "Zoë"}
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["state.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"'])
def test_reading_a_broken_json_file_gives_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text, encoding="utf-8")
    assert read_json_object(file) is None


def test_an_error_has_three_parts_in_both_languages() -> None:
    error = UsageError("core.setting_invalid", name="port", place="PAADJE_PORT", detail="80")
    dutch, english = describe_error(error, "nl"), describe_error(error, "en")
    assert dutch.message != english.message
    assert dutch.advice
    assert dutch.detail == english.detail == "80"
    assert "PAADJE_PORT" in dutch.message


def test_an_error_without_text_still_helps() -> None:
    text = describe_error(PaadjeError("nowhere.nothing", amount=3), "en")
    assert "nowhere.nothing" in text.message
    assert text.advice


def test_cancel_is_seen_from_another_place() -> None:
    cancel = Cancel()
    cancel.check()
    assert not cancel.wait(0)
    cancel.request()
    assert cancel.wait(0)
    with pytest.raises(Cancelled) as caught:
        cancel.check()
    assert caught.value.exit_code == 130


def test_events_are_passed_on_ten_times_a_second_at_most() -> None:
    now = 0.0
    throttle = Throttle(clock=lambda: now)
    passed = 0
    for tick in range(1000):
        now = tick / 1000
        passed += throttle.ready()
    assert passed == 10


def test_progress_knows_the_time_left_only_when_it_can() -> None:
    assert Progress(step="a.b", done_bytes=5).seconds_left is None
    progress = Progress(step="a.b", done_bytes=5, total_bytes=20, bytes_per_s=5.0)
    assert progress.seconds_left == 3.0
    assert json.loads(json.dumps(event_to_dict(progress)))["event"] == "Progress"


def test_the_lifeline_passes_messages_and_sees_the_end() -> None:
    seen: list[object] = []
    stream = io.StringIO('{"a": 1}\nnot json\n[2]\n{"b": 2}\n')
    follow(on_message=seen.append, on_end=lambda: seen.append("end"), stream=stream).join(10)
    assert seen == [{"a": 1}, {"b": 2}, "end"]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\nb", "\u202eevil", "\x00", "\x9b31m"])
def test_nothing_printable_can_steer_a_terminal(hostile: str) -> None:
    assert printable(hostile).isprintable()


def test_languages() -> None:
    assert pick_language(None, {}) == "nl"
    assert pick_language(None, {"LANG": "en_GB.UTF-8"}) == "en"
    assert pick_language(None, {"LANG": "de_DE.UTF-8"}) == "nl"
    assert pick_language("nl", {"LANG": "en_GB.UTF-8"}) == "nl"


def test_numbers_and_times_are_written_as_people_say_them() -> None:
    dutch, english = translator("nl"), translator("en")
    assert dutch.size(5 * 2**30 + 2**29) == "5,5 GB"
    assert english.size(98_362_432) == "94 MB"
    assert dutch.day(date(2026, 11, 2)) == "2 november 2026"
    assert english.day(date(2026, 11, 2)) == "2 November 2026"
    assert [dutch.time_left(each) for each in (0, 61, 75 * 60, 379 * 60)] == [
        "1 minuut", "2 minuten", "75 minuten", "6 uur 19 minuten"
    ]  # fmt: skip
    assert dutch.rate(6_500_000) == "6 MB"
    assert dutch.rate(300_000) == "0,3 MB"
    assert english.rate(300) == "0.1 MB"
    assert dutch.duration(27) == "25 seconden"
    assert english.duration(1) == "1 second"
    assert dutch.duration(431) == "7 minuten"
    assert dutch.duration(3600) == "1 uur"
    assert english.duration(5400) == "1 hour 30 minutes"


@pytest.mark.parametrize(
    ("low_s", "high_s", "said"),
    [
        (15, 40, "15 tot 40 seconden"),
        (4, 4.2, "4 seconden"),
        (40, 120, "40 seconden tot 2 minuten"),
        (65, 125, "1 tot 2 minuten"),
        (300, 700, "5 tot 12 minuten"),
        (1800, 5400, "30 minuten tot 1 uur 30 minuten"),
        (3600, 7200, "1 uur tot 2 uur"),
    ],
)
def test_a_range_of_times_names_its_unit_once(low_s: float, high_s: float, said: str) -> None:
    assert translator("nl").span(low_s, high_s) == said


def test_a_part_of_a_size_names_its_unit_once() -> None:
    dutch, english = translator("nl"), translator("en")
    assert dutch.part(round(5.1 * 2**30), round(7.2 * 2**30)) == "5,1 van 7,2 GB"
    assert english.part(300 * 2**20, 2**30) == "300 MB of 1.0 GB"

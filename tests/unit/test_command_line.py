"""The command line where it is treated badly: shut streams, full disks, slips of typing."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from launcher.__main__ import main
from launcher.cli import ask, verb_start, verb_uninstall
from launcher.cli.render import Output
from launcher.errors import Cancelled, PaadjeError, known_failure
from launcher.i18n import translator
from launcher.lesson import open_context, specification
from launcher.lesson.types import ShareWishes
from launcher.paths import find_paths
from tests.conftest import require

POSIX = os.name == "posix"


def in_a_shell(line: str, *, lang: str = "en") -> subprocess.CompletedProcess[str]:
    """``line`` as a shell runs it; ``$PAADJE`` is the program."""
    program = f"{sys.executable} -X utf8 -m launcher"
    return subprocess.run(
        ["sh", "-c", line],
        env={**os.environ, "PAADJE": program, "PAADJE_LANGUAGE": lang},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("$PAADJE status >&-", 0),
        ("$PAADJE status --json >&-", 0),
        ("$PAADJE nothing --json >&-", 2),
        ("$PAADJE nothing 2>&-", 2),
        ("$PAADJE status --json <&-", 0),
        ("$PAADJE --version >/dev/full", 1),
        ("$PAADJE status >/dev/full", 1),
        ("$PAADJE status --json >/dev/full", 1),
        ("$PAADJE nothing --json >/dev/full", 2),
    ],
)
def test_streams_that_are_shut_or_full_are_no_bug(line: str, code: int, home: Path) -> None:
    require(POSIX, "a POSIX shell")
    require("full" not in line or Path("/dev/full").exists(), "/dev/full is of Linux")
    done = in_a_shell(line)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert not list(home.rglob("bug-*"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(28, "No space left on device"), "core.disk_full"),
        (PermissionError(13, "Permission denied", "/x"), "core.not_allowed"),
        (OSError(30, "Read-only file system", "/x"), "core.not_allowed"),
    ],
)
def test_a_full_disk_or_a_closed_folder_is_known_everywhere(error: OSError, code: str) -> None:
    known = known_failure(error)
    assert known is not None
    assert known.code == code


def test_what_is_a_bug_stays_a_bug() -> None:
    assert known_failure(ValueError("x")) is None
    assert known_failure(FileNotFoundError(2, "x")) is None


def test_a_full_disk_halfway_is_told_and_not_reported_as_a_bug(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("launcher.lesson.status", full)
    assert main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "core.disk_full"
    assert not list(home.rglob("bug-*"))


def test_an_interrupt_gives_the_one_json_object_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("launcher.lesson.status", interrupted)
    assert main(["status", "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "core.cancelled"


def test_the_saved_language_is_spoken(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = find_paths(os.environ).settings_file
    config.parent.mkdir(parents=True)
    for lang, said in (("en", "No lesson is running."), ("nl", "Er draait geen les.")):
        config.write_text(f'language = "{lang}"\n', encoding="utf-8")
        assert main(["status"]) == 0
        assert said in capsys.readouterr().out
        assert main(["nothing"]) == 2
        assert ("does not know" in capsys.readouterr().err) == (lang == "en")
    assert main(["status", "--lang", "en"]) == 0
    assert "No lesson" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["plan"], "cli.missing", "APP"),
        (["plan", "feedback-companion", "extra"], "cli.too_much", "extra"),
        (["plan", "feedback-companion", "--students", "0"], "cli.not_between", "--students"),
        (["plan", "feedback-companion", "--students", "many"], "cli.not_between", "many"),
        (["plan", "feedback-companion", "--minutes", "1.5"], "cli.not_between", "--minutes"),
        (["start", "feedback-companion", "--port", "99999"], "cli.not_between", "--port"),
        (["start", "feedback-companion", "--seats", "-3"], "cli.not_between", "--seats"),
        (["share", "--seats", "none"], "cli.not_between", "--seats"),
        (["models", "list", "extra"], "cli.too_much", "extra"),
        (["models", "add"], "cli.missing", "FILE"),
        (["models", "frob"], "cli.not_a_choice", "frob"),
        (["start", "feedback-companion", "--share", "wifi"], "cli.not_a_choice", "wifi"),
        (["start", "feedback-companion", "--until"], "cli.needs_value", "--until"),
        (["uninstall"], "cli.missing", "--everything"),
        (["uninstall", "x", "--everything"], "cli.too_much", "x"),
        (["plan", "x"], "catalog.no_such_app", "x"),
        (["plan", "feedback-companion", "--model", "zzz"], "catalog.no_such_model", "zzz"),
        (["plan", "feedback-companion", "--model", "qwen"], "catalog.unknown_model", "qwen"),
        (["plan", "feedback-companion", "--model", "gemma-9"], "catalog.unknown_model", "gemma"),
    ],
)
@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_slip_is_named(
    arguments: Sequence[str], code: str, word: str, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--json", "--lang", lang]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == code
    assert word in error["message"]


def test_a_stick_that_is_not_in_is_told_before_anything_else(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = str(home / "stick")
    assert main(["install", "feedback-companion", "--from", stick, "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "models.place_missing"
    assert stick in error["message"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--address", "203.0.113.9"], "sharing.address_unknown"),
        (["--share", "local", "--tls-cert", "x.pem"], "lesson.certificate_incomplete"),
    ],
)
def test_wishes_for_sharing_are_looked_at_before_anything_is_fetched(
    options: list[str],
    code: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    class AnyPlan:
        server = ""
        fetch_bytes = 1
        licence_needs_acceptance = False

    monkeypatch.setattr("launcher.lesson.make_plan", lambda *_: AnyPlan())
    monkeypatch.setattr("launcher.lesson.install", never)
    monkeypatch.setattr("launcher.lesson.addresses.read_default_source", lambda: None)
    assert main(["start", "feedback-companion", "--yes", "--json", *options]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_a_lesson_that_fails_later_adds_nothing_to_the_one_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class AnyPlan:
        server = ""
        fetch_bytes = 0
        licence_needs_acceptance = False

    def fails(*_: object, **__: object) -> int:
        raise PaadjeError("lesson.ended_uncleanly")

    monkeypatch.setattr("launcher.lesson.make_plan", lambda *_: AnyPlan())
    for name in ("check_share", "install", "start"):
        monkeypatch.setattr(f"launcher.lesson.{name}", lambda *_, **__: None)
    monkeypatch.setattr(verb_start, "_output", lambda *_, **__: Output(data={}, lines=()))
    monkeypatch.setattr(verb_start, "_stay", fails)
    assert main(["start", "feedback-companion", "--json", "--lang", "nl"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {"version": 1, "ok": True, "data": {}, "error": None}
    assert "plotseling" in said.err


class _Typed:
    def __init__(self, line: str) -> None:
        self.line = line

    def isatty(self) -> bool:
        return True

    def readline(self, *_: int) -> str:
        return self.line


@pytest.mark.parametrize("typed", ["", "n\n", "\n", "jawel\n"])
def test_everything_is_erased_only_after_a_clear_yes(
    typed: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = find_paths(os.environ).settings_file
    kept.parent.mkdir(parents=True)
    kept.write_text("students = 20\n", encoding="utf-8")
    monkeypatch.setattr(verb_uninstall.sys, "stdin", _Typed(typed))
    assert main(["uninstall", "--everything"]) == 130
    assert kept.exists()
    assert main(["uninstall", "--everything", "--yes"]) == 0
    assert not kept.exists()


def test_a_window_that_closes_is_no_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plan:
        fetch_bytes = 1

    class Settings:
        colleagues = offline = False

    class Context:
        settings = Settings()

    monkeypatch.setattr(ask, "plan_lines", lambda *_: ())
    for typed, agreed in (("", False), ("\n", True), ("j\n", True), ("nee\n", False)):
        monkeypatch.setattr(ask.sys, "stdin", _Typed(typed))
        try:
            ask.consent(Plan(), Context(), translator("nl"), yes=False, as_json=False)  # type: ignore[arg-type]
        except Cancelled:
            assert not agreed
        else:
            assert agreed


def test_settings_of_windows_notepad_are_read(home: Path) -> None:
    from launcher.settings import load_settings, save_setting

    paths = find_paths(os.environ)
    paths.config.mkdir(parents=True)
    paths.settings_file.write_bytes(b"\xef\xbb\xbfstudents = 12\r\n")
    assert load_settings(paths, {}).students == 12
    save_setting(paths, "language", "en")
    assert load_settings(paths, {}).students == 12


def test_settings_that_cannot_be_read_are_not_written_over(home: Path) -> None:
    from launcher.settings import save_setting

    paths = find_paths(os.environ)
    paths.config.mkdir(parents=True)
    for text in ("students = \n", 'students = "many"\n'):
        paths.settings_file.write_text(text, encoding="utf-8")
        with pytest.raises(PaadjeError):
            save_setting(paths, "language", "en")
        assert paths.settings_file.read_text(encoding="utf-8") == text


def test_a_home_that_is_a_file_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.write_text("x", encoding="utf-8")
    assert main(["status", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "core.home_not_a_folder"


def test_a_model_that_was_taken_away_is_not_half_a_download(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = find_paths(os.environ).models
    models.mkdir(parents=True)
    record = {"size_bytes": 9, "sha256": "a", "mtime_ns": 1, "origin": "added", "added_at": ""}
    index = {"version": 1, "files": {"gone.gguf": record}}
    (models / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (models / "half.gguf.part").write_bytes(b"G")
    assert main(["models", "--lang", "nl"]) == 0
    gone, half = capsys.readouterr().out.splitlines()
    assert gone.endswith("(het bestand is weg of veranderd)")
    assert half.endswith("(nog niet compleet)")


def test_a_lesson_that_could_not_be_written_leaves_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(specification, "_model_and_primed", lambda *_: (Path(), None))
    monkeypatch.setattr(specification, "share_entry", lambda *_: None)
    monkeypatch.setattr(specification, "prune", full)
    context = open_context(os.environ)
    context.paths.lessons.mkdir(parents=True)
    with pytest.raises(OSError, match="No space"):
        specification.write_specification(context, [None], ShareWishes())  # type: ignore[list-item]
    assert list(context.paths.lessons.iterdir()) == []

"""``paadje share``: what it asks of the lesson, and what it says."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from launcher.cli import verb_share
from launcher.errors import UsageError
from launcher.i18n import translator
from launcher.tui import sharing_words
from tests.tui.fakes import FakeUseCases, make_lesson
from tests.tui.sharing_view import REACH_BEFORE, make_sharing


@pytest.fixture
def usecases(monkeypatch: pytest.MonkeyPatch) -> FakeUseCases:
    fake = FakeUseCases()
    monkeypatch.setattr(verb_share, "read_sharing", fake.read_sharing)
    monkeypatch.setattr(verb_share, "change_sharing", fake.change_sharing)
    monkeypatch.setattr(verb_share.lesson, "running_lesson", lambda *_: make_lesson())
    return fake


def share(*arguments: str) -> int:
    t = translator("nl")
    return verb_share.run(verb_share.parser(t).parse_args(list(arguments)), None, t)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "wish"),
    [
        (("--lock",), {"do": "lock"}),
        (("--unlock",), {"do": "unlock"}),
        (("--new-code",), {"do": "new-code"}),
        (("--seats", "60"), {"do": "seats", "seats": 60}),
        (("--free-seats",), {"do": "free"}),
        (("--approve",), {"do": "approve", "each": True}),
        (("--no-approve",), {"do": "approve", "each": False}),
        (("--kick", "Rode Vos"), {"do": "kick", "nickname": "Rode Vos"}),
        (("--admit",), {"do": "admit", "nickname": None}),
        (("--admit", "Rode Vos"), {"do": "admit", "nickname": "Rode Vos"}),
        (("--address", "10.0.0.5"), {"do": "move", "address": "10.0.0.5"}),
    ],
)
def test_each_option_is_one_wish(
    usecases: FakeUseCases, arguments: tuple[str, ...], wish: dict[str, Any]
) -> None:
    assert share(*arguments) == 0
    assert usecases.wishes == [wish]


def test_what_contradicts_itself_is_refused(usecases: FakeUseCases) -> None:
    for arguments in (("--lock", "--unlock"), ("--approve", "--no-approve")):
        with pytest.raises(UsageError):
            share(*arguments)
    assert not usecases.wishes


def test_the_password_of_the_hotspot_is_for_phones_only(
    usecases: FakeUseCases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("heel-geheim\n"))
    assert share("--wifi", "Klas 2B", "--json") == 0
    out = capsys.readouterr().out
    assert json.loads(out)["data"]["hotspot"] == {"name": "Klas 2B"}
    assert "heel-geheim" not in out
    share()
    lines = capsys.readouterr().out
    assert lines.index("kom") < lines.index("Adres voor de klas")
    assert "wifi Klas 2B" in lines
    assert "heel-geheim" not in lines


def test_alarms_and_advice_are_told(
    usecases: FakeUseCases, capsys: pytest.CaptureFixture[str]
) -> None:
    usecases.sharing = make_sharing(
        alarms=[
            {"code": "host.address_changed", "params": {}},
            {"code": "host.ends_soon", "params": {"minutes": 4}},
        ],
        hotspot_advice="too_many",
        approve_each=True,
        locked=True,
    )
    share()
    out = capsys.readouterr().out
    for told in ("opnieuw scannen", "over 4 min", "te weinig voor deze klas", "--admit", "dicht"):
        assert told in out


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "Nog 1 minuut"), (60, "Nog 1 minuut"), (61, "Nog 2 minuten"), (1500, "Nog 25 minuten")],
)
def test_what_is_left_is_rounded_up_everywhere(
    usecases: FakeUseCases, capsys: pytest.CaptureFixture[str], seconds: int, told: str
) -> None:
    usecases.sharing = make_sharing(seconds_left=seconds, ends_at=1e9)
    share()
    assert told in capsys.readouterr().out.splitlines()
    assert sharing_words.left(translator("nl"), usecases.sharing) == f"{told}."


@pytest.mark.parametrize("cause", ["firewall", "isolation"])
def test_the_test_says_why(
    usecases: FakeUseCases, capsys: pytest.CaptureFixture[str], cause: str
) -> None:
    usecases.findings = replace(usecases.findings, waited_s=61.0)
    reach = {**REACH_BEFORE, "state": "unreached", "cause": cause, "steps": ["ask_it"]}
    lines = list(verb_share.reach_lines(reach, translator("nl"), ["no_rule"]))
    assert "De firewall kent Paadje nog niet." in " ".join(lines)
    share("--test")
    assert "Zit je telefoon op dezelfde wifi" in capsys.readouterr().out

"""Windows Defender Firewall, from answers as PowerShell gives them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from launcher.i18n import LANGUAGES, translator
from launcher.sharing.firewall import add_rule, allow_command, inspect, remove_command, remove_rule

PROGRAM = r"C:\Users\Juf O'Neil\Paadje\python.exe"


def answer(rules: Sequence[dict[str, str]] = (), category: str = "Private", **profile: str) -> str:
    value = {
        "rules": list(rules),
        "networks": [{"interface": "Wi-Fi", "category": category}],
        "profiles": [
            {
                "name": name,
                "enabled": "True",
                "inbound": "NotConfigured",
                "local_rules": "NotConfigured",
                "allow_inbound": "NotConfigured",
                **profile,
            }
            for name in ("Domain", "Private", "Public")
        ],
    }
    return json.dumps(value)


def rule(action: str = "Allow", **changes: str) -> dict[str, str]:
    whole = {"name": "x", "action": action, "enabled": "True", "profile": "Any", "source": "Local"}
    return {**whole, **changes}


@pytest.mark.parametrize(
    ("output", "shut", "reasons"),
    [
        (answer(), "yes", ("no_rule",)),
        (answer([rule()]), "no", ()),
        (answer([rule(profile="Domain, Private")]), "no", ()),
        (answer([rule(profile="Public")]), "yes", ("no_rule",)),
        (answer([rule(enabled="False")]), "yes", ("no_rule",)),
        (answer([rule(), rule("Block")]), "yes", ("block_rule",)),
        (answer([rule("Block", profile="Public")]), "yes", ("no_rule",)),
        (answer(category="Public"), "yes", ("public_network",)),
        (answer(category="DomainAuthenticated"), "yes", ("no_rule",)),
        (answer(enabled="False"), "no", ()),
        (answer(inbound="Allow"), "no", ()),
        (answer([rule()], local_rules="False"), "yes", ("policy",)),
        (answer([rule(source="GroupPolicy")], local_rules="False"), "no", ()),
        (answer([rule()], allow_inbound="False"), "yes", ("policy",)),
        ("", "unknown", ()),
        ("[]", "unknown", ()),
        ('{"rules": 1}', "unknown", ()),
        (answer(category="Weird"), "unknown", ()),
    ],
)
def test_what_the_firewall_does(output: str, shut: str, reasons: tuple[str, ...]) -> None:
    found = inspect(PROGRAM, "Wi-Fi", lambda argv: output)
    assert (found.shut, found.reasons) == (shut, reasons)
    assert found.rule_would_help == (reasons in (("no_rule",), ("block_rule",)))
    for lang in LANGUAGES:
        assert all(translator(lang).has(f"sharing.firewall.{reason}") for reason in reasons)


def test_the_program_is_asked_about_without_a_way_into_the_script() -> None:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> str:
        asked.append(argv)
        return ""

    inspect("x'; Remove-Item *; '", "Wi-Fi", run)
    assert "Remove-Item" not in asked[0][-1]


def test_the_rule_is_narrow() -> None:
    command = allow_command(PROGRAM)[-1]
    assert "-Verb RunAs" in command
    for part in (
        "dir=in action=allow", "protocol=TCP", "remoteip=LocalSubnet", "profile=private,domain",
        "O''Neil",
    ):  # fmt: skip
        assert part in command
    assert 'delete rule name="Paadje"' in remove_command()[-1]
    with pytest.raises(ValueError, match="path"):
        allow_command('x" action=block')


def test_only_a_yes_of_windows_counts() -> None:
    def says(text: str) -> Any:
        return lambda argv: text

    assert add_rule(PROGRAM, says("0\r\n"))
    assert remove_rule(says("0"))
    for text in ("refused", "1", ""):
        assert not add_rule(PROGRAM, says(text))
        assert not remove_rule(says(text))

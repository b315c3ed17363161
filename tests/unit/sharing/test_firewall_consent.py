"""The rule in the firewall: made after a yes, remembered, and taken away with Paadje."""

import sys
from pathlib import Path

import pytest

from launcher.errors import PaadjeError
from launcher.lesson import sharing
from launcher.lesson.context import open_context
from launcher.sharing import firewall


def test_the_rule_is_remembered_and_removed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = open_context({"PAADJE_HOME": str(home)})
    removed: list[bool] = []

    def remove_rule() -> bool:
        removed.append(True)
        return True

    monkeypatch.setattr(firewall, "remove_rule", remove_rule)
    assert sharing.remove_from_firewall(context)
    assert not removed  # Without a rule of ours nobody is asked for an administrator.
    monkeypatch.setattr(firewall, "add_rule", lambda program: False)
    with pytest.raises(PaadjeError, match="firewall_refused"):
        sharing.allow_in_firewall(context, system="win32")
    monkeypatch.setattr(firewall, "add_rule", lambda program: program == sys.executable)
    monkeypatch.setattr(sharing, "write_private_json", lambda path, value: path.touch())
    context.paths.data.mkdir(parents=True)
    sharing.allow_in_firewall(context, system="win32")
    assert sharing.remove_from_firewall(context)
    assert removed


def test_other_systems_say_so(home: Path) -> None:
    with pytest.raises(PaadjeError, match="no_firewall_here"):
        sharing.allow_in_firewall(open_context({"PAADJE_HOME": str(home)}), system="linux")

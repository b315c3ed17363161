"""The laptop is kept awake where the system can, and a lesson never fails over it."""

from types import SimpleNamespace

import pytest
from wakepy import keep

from launcher.host.awake import Awake


class Mode:
    """What wakepy gives: ``active`` says whether the system promised anything."""

    def __init__(self, active: bool) -> None:
        self.active = active
        self.left = False

    def __enter__(self) -> "Mode":
        return self

    def __exit__(self, *_: object) -> None:
        self.left = True


@pytest.mark.parametrize("promised", [True, False])
def test_it_is_what_the_system_promised_and_ends_with_the_lesson(
    monkeypatch: pytest.MonkeyPatch, promised: bool
) -> None:
    mode, asked = Mode(promised), []
    monkeypatch.setattr(keep, "running", lambda **how: asked.append(how) or mode)
    awake = Awake()
    awake.begin()
    # Without a desktop wakepy has nothing to ask: that may not warn in the log of every lesson.
    assert asked == [{"on_fail": "pass"}]
    assert awake.active is promised
    awake.end()
    assert mode.left
    assert not awake.active
    awake.end()  # Twice is no mistake.


def test_a_system_that_refuses_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> SimpleNamespace:
        raise OSError("no session bus")

    monkeypatch.setattr(keep, "running", refuse)
    awake = Awake()
    awake.begin()
    assert not awake.active
    awake.end()

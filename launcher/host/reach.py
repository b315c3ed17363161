"""The test whether a phone gets here: since when it runs, and what the teacher answered."""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from launcher.errors import UsageError
from launcher.services.spec import ShareEntry
from launcher.sharing.firewall import FirewallFindings
from launcher.sharing.reachability import WAIT_S, Findings, judge

QUESTIONS = ("same_wifi", "vpn", "phone_vpn", "firewall")
ANSWERS = ("yes", "no", "unknown")


class ReachTest:
    """``firewall`` is what this computer's own was found to do."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._answers: dict[str, str] = {}
        self.firewall = FirewallFindings(shut="unknown")

    def begin(self) -> None:
        """Begin, or begin again."""
        self._answers.clear()
        self._since = time.monotonic()

    def answer(self, question: str, answer: str) -> None:
        """What only the teacher can see. Raises `UsageError` ``host.unknown_wish``."""
        if question not in QUESTIONS or answer not in ANSWERS:
            raise UsageError("host.unknown_wish", detail="answer")
        self._answers[question] = answer

    def view(
        self, share: ShareEntry, status: Mapping[str, Any], *, has_address: bool
    ) -> dict[str, Any]:
        """The verdict, whether the test runs, and how long it still waits. ``status`` is what the
        gateway told last."""
        waited_s = 0.0 if self._since is None else time.monotonic() - self._since
        known: dict[str, Any] = {
            "vpn": "yes" if "vpn" in share.warnings else "no",
            "firewall": self.firewall.shut,
        }
        found = Findings(
            waited_s=waited_s,
            probe_seen=status.get("probe_seen") is True,
            heard=status.get("heard_from_outside") is True,
            has_address=has_address,
            hotspot="hotspot" in share.warnings,
            **(known | self._answers),
        )
        return dataclasses.asdict(judge(found)) | {
            "testing": self._since is not None,
            "seconds_left": None if self._since is None else max(0, round(WAIT_S - waited_s)),
        }

"""The decision tree: one question at a time, and isolation only on its exact signature."""

import dataclasses
import itertools

import pytest

from launcher.i18n import LANGUAGES, translator
from launcher.sharing.reachability import WAIT_S, Findings, hotspot_advice, judge

CLEAR = Findings(waited_s=WAIT_S, vpn="no", firewall="no", same_wifi="yes", phone_vpn="no")


def test_what_is_seen_wins() -> None:
    assert judge(Findings(waited_s=0, probe_seen=True)).state == "reached"
    assert judge(dataclasses.replace(CLEAR, probe_seen=True)).state == "reached"
    assert judge(Findings(waited_s=WAIT_S - 1)).state == "waiting"
    assert judge(Findings(waited_s=0, has_address=False)).cause == "no_address"
    assert judge(dataclasses.replace(CLEAR, heard=True)).cause == "something_else"


def test_isolation_is_suspected_only_when_everything_else_is_ruled_out() -> None:
    assert judge(CLEAR).cause == "isolation"
    suspected = []
    for vpn, firewall, wifi, phone, heard, hotspot in itertools.product(
        ("yes", "no", "unknown"),
        ("yes", "no", "unknown"),
        ("yes", "no", "unknown"),
        ("yes", "no", "unknown"),
        (False, True),
        (False, True),
    ):
        found = Findings(
            waited_s=WAIT_S,
            vpn=vpn,  # type: ignore[arg-type]
            firewall=firewall,  # type: ignore[arg-type]
            same_wifi=wifi,  # type: ignore[arg-type]
            phone_vpn=phone,  # type: ignore[arg-type]
            heard=heard,
            hotspot=hotspot,
        )
        verdict = judge(found)
        assert verdict.state == "unreached"
        assert (verdict.ask is None) != (verdict.cause is None)
        if verdict.cause == "isolation":
            suspected.append(found)
    assert suspected == [CLEAR]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"same_wifi": "no"}, "other_wifi"),
        ({"vpn": "yes"}, "vpn"),
        ({"phone_vpn": "yes"}, "vpn"),
        ({"firewall": "yes"}, "firewall"),
        ({"hotspot": True}, "something_else"),
    ],
)
def test_each_cause_has_its_steps(change: dict[str, object], cause: str) -> None:
    verdict = judge(dataclasses.replace(CLEAR, **change))  # type: ignore[arg-type]
    assert verdict.cause == cause
    assert verdict.steps
    for lang in LANGUAGES:
        t = translator(lang)
        for key in [f"cause.{cause}", *(f"step.{step}" for step in verdict.steps)]:
            assert t.has(f"sharing.reach.{key}")


def test_every_question_has_its_words() -> None:
    asked = set()
    for name in ("same_wifi", "vpn", "phone_vpn", "firewall"):
        asked.add(judge(dataclasses.replace(CLEAR, **{name: "unknown"})).ask)
    assert asked == {"same_wifi", "vpn", "phone_vpn", "firewall"}
    for lang in LANGUAGES:
        assert all(translator(lang).has(f"sharing.reach.ask.{ask}") for ask in asked)


def test_a_hotspot_carries_few() -> None:
    advice = [hotspot_advice(students) for students in (1, 8, 9, 10, 11, 30)]
    assert advice == ["enough", "enough", "tight", "tight", "too_many", "too_many"]

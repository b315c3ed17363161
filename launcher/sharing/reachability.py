"""Whether a phone can get here, and when not: why, in the order in which it is most often so.

That we can connect to ourselves proves nothing. What counts is a phone that scans the test code:
then a request with the probe comes in from another device.
"""

from dataclasses import dataclass
from typing import Literal

WAIT_S = 60.0
HOTSPOT_DEVICES = 8
"""What the hotspot of a laptop carries well; some carry ten."""

Answer = Literal["yes", "no", "unknown"]
Cause = Literal["other_wifi", "vpn", "firewall", "isolation", "something_else", "no_address"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is known. ``heard``: anything at all came in from another device.

    ``same_wifi`` and ``phone_vpn`` only the teacher can see; ``firewall`` is whether the computer's
    own firewall keeps us shut.
    """

    waited_s: float
    probe_seen: bool = False
    heard: bool = False
    has_address: bool = True
    hotspot: bool = False
    vpn: Answer = "unknown"
    firewall: Answer = "unknown"
    same_wifi: Answer = "unknown"
    phone_vpn: Answer = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``state`` is ``waiting``, ``reached`` or ``unreached``.

    ``cause`` is what is the matter as far as can be told; ``ask`` is the next question for the
    teacher (``sharing.reach.ask.<ask>``), ``steps`` what helps (``sharing.reach.step.<step>``).
    """

    state: Literal["waiting", "reached", "unreached"]
    cause: Cause | None = None
    ask: str | None = None
    steps: tuple[str, ...] = ()


def judge(found: Findings) -> Verdict:
    """Go down the tree: the first thing that is not known to be right is asked or named.

    Isolation by the network is suspected only on its exact signature: an address, both on one
    network, no VPN on either side, no firewall in the way, and still not a single request.
    """
    if found.probe_seen:
        return Verdict(state="reached")
    if not found.has_address:
        return Verdict(state="unreached", cause="no_address", steps=("wifi", "hotspot"))
    if found.waited_s < WAIT_S:
        return Verdict(state="waiting")
    if found.heard:
        # Others do get in, so the network is fine: this phone has the trouble.
        return Verdict(state="unreached", cause="something_else", steps=("scan_again", "code"))
    if found.same_wifi == "unknown":
        return Verdict(state="unreached", ask="same_wifi")
    if found.same_wifi == "no":
        return Verdict(state="unreached", cause="other_wifi", steps=("same_wifi", "mobile_off"))
    if found.vpn == "yes" or found.phone_vpn == "yes":
        return Verdict(state="unreached", cause="vpn", steps=("vpn_off",))
    if found.vpn == "unknown":
        return Verdict(state="unreached", ask="vpn")
    if found.phone_vpn == "unknown":
        return Verdict(state="unreached", ask="phone_vpn")
    if found.firewall == "yes":
        return Verdict(state="unreached", cause="firewall", steps=("firewall", "ask_it"))
    if found.firewall == "unknown":
        return Verdict(state="unreached", ask="firewall")
    if found.hotspot:
        return Verdict(state="unreached", cause="something_else", steps=("hotspot_again", "router"))
    return Verdict(state="unreached", cause="isolation", steps=("ask_it", "router", "hotspot"))


def hotspot_advice(students: int) -> str:
    """``enough``, ``tight`` or ``too_many``: whether a laptop's hotspot carries this class."""
    if students <= HOTSPOT_DEVICES:
        return "enough"
    return "tight" if students <= HOTSPOT_DEVICES + 2 else "too_many"

"""How a lesson is shared, as `lesson.read_sharing` tells it."""

from typing import Any

JOIN_URL = "http://192.168.178.123:42000/j#qGm3Zc1xYt7Lr9Vw0BnKdA"
PROBE_URL = "http://192.168.178.123:42000/j#probeprobeprobeprobe"


def make_sharing(**changes: object) -> dict[str, Any]:
    """What `lesson.read_sharing` gives, for :func:`make_lesson`."""
    view: dict[str, Any] = {
        "mode": "lan",
        "url": "http://192.168.178.123:42000",
        "join_url": JOIN_URL,
        "probe_url": None,
        "projector_url": "http://127.0.0.1:5002/projector/open#x",
        "local_name": None,
        "code": "K7PM3WXQ",
        "address": "192.168.178.123",
        "port": 42000,
        "interface": "wlan0",
        "warnings": [],
        "locked": False,
        "seats": 40,
        "approve_each": False,
        "joined": 0,
        "students": [],
        "waiting": [],
        "unused": 0,
        "typed_codes_paused": False,
        "ends_at": None,
        "seconds_left": None,
        "moved_seconds_ago": None,
        "no_address": False,
        "reach": REACH_BEFORE,
        "firewall": {"shut": "unknown", "reasons": [], "rule_would_help": False},
        "internet": {
            "method": "bytes", "looks": 314, "bytes": 0, "connections": 0, "clean": True,
        },
        "kept_awake": True,
        "hotspot": None,
        "hotspot_advice": None,
        "alarms": [],
    }  # fmt: skip
    assert set(changes) <= set(view)
    return view | changes


REACH_BEFORE = {
    "state": "waiting", "cause": None, "ask": None, "steps": [], "testing": False,
    "seconds_left": None,
}  # fmt: skip

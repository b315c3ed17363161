"""The Wi-Fi QR code, and which hotspot this computer opens right now."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Run = Callable[[Sequence[str]], str]
"""Run a program and return its output; an empty text when there is none, or it failed."""

_SPECIAL = str.maketrans({char: f"\\{char}" for char in '\\;,:"'})

_WINDOWS = (
    "$p=[Windows.Networking.Connectivity.NetworkInformation,Windows.Networking.Connectivity,"
    "ContentType=WindowsRuntime]::GetInternetConnectionProfile();"
    "$m=[Windows.Networking.NetworkOperators.NetworkOperatorTetheringManager,"
    "Windows.Networking.NetworkOperators,ContentType=WindowsRuntime]"
    "::CreateFromConnectionProfile($p);"
    "if($m.TetheringOperationalState -eq 1){$a=$m.GetCurrentAccessPointConfiguration();"
    "@{name=$a.Ssid;password=$a.Passphrase}|ConvertTo-Json -Compress}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """A Wi-Fi network that a phone can join. Without ``password`` it is open."""

    name: str
    password: str = field(default="", repr=False)
    hidden: bool = False


def wifi_text(hotspot: Hotspot) -> str:
    """What the Wi-Fi QR code carries: the format that the cameras of iOS and Android read.

    Every special character is escaped; a value that could be read as a hexadecimal number would
    need quotes, and gets them.
    """
    parts = [f"T:{'WPA' if hotspot.password else 'nopass'}", f"S:{_escaped(hotspot.name)}"]
    if hotspot.password:
        parts.append(f"P:{_escaped(hotspot.password)}")
    if hotspot.hidden:
        parts.append("H:true")
    return f"WIFI:{';'.join(parts)};;"


def read_hotspot(run: Run | None = None, platform: str = sys.platform) -> Hotspot | None:
    """The hotspot that this computer has open; None when there is none, or it does not say.

    macOS keeps its password to itself: there the teacher types it.
    """
    run = run or run_program
    if platform == "win32":
        return _from_windows(run(("powershell", "-NoProfile", "-Command", _WINDOWS)))
    if platform.startswith("linux"):
        return _from_network_manager(run)
    return None


def run_program(argv: Sequence[str]) -> str:
    """Output of a program of the system, at most ten seconds; empty when it failed."""
    try:
        done = subprocess.run(
            list(argv),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=10,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _escaped(value: str) -> str:
    if value and all(char in "0123456789abcdefABCDEF" for char in value) and len(value) % 2 == 0:
        return f'"{value}"'
    return value.translate(_SPECIAL)


def _from_windows(output: str) -> Hotspot | None:
    try:
        found = json.loads(output)
        return Hotspot(name=str(found["name"]), password=str(found["password"]))
    except (ValueError, KeyError, TypeError):
        return None


def _from_network_manager(run: Run) -> Hotspot | None:
    for line in run(("nmcli", "-t", "-f", "UUID,TYPE", "connection", "show", "--active")).split():
        uuid, _, kind = line.partition(":")
        if kind != "802-11-wireless":
            continue
        fields = (
            "802-11-wireless.mode,802-11-wireless.ssid,"
            "802-11-wireless.hidden,802-11-wireless-security.psk"
        )
        shown = run(("nmcli", "-s", "-e", "no", "-g", fields, "connection", "show", "uuid", uuid))
        values = [*shown.splitlines(), "", "", "", ""][:4]
        if values[0] == "ap" and values[1]:
            return Hotspot(name=values[1], password=values[3], hidden=values[2] == "yes")
    return None

"""Does this computer find its proxy by a script (a PAC file)? Browsers run it; Paadje does not.

It is looked for where each system keeps it, so that a teacher and IT hear why a browser gets
through and Paadje does not. Nothing is run and nothing is fetched.
"""

import configparser
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOOK_S = 3.0
WPAD = "wpad"
"""The name that a computer looks up when it finds its settings by itself."""

_SCUTIL = re.compile(r"^\s*(\w+)\s*:\s*(.+?)\s*$", re.MULTILINE)
_WINDOWS_KEY = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
_FLAGS_AT, _BY_SCRIPT, _BY_ITSELF = 8, 0x04, 0x08
"""Where Windows keeps the ticks of its own window in ``DefaultConnectionSettings``."""


def find_proxy_script(environ: Mapping[str, str], *, system: str = sys.platform) -> str | None:
    """The address of the script, ``wpad`` for one that the network announces, None for none."""
    if environ.get("auto_proxy"):
        return environ["auto_proxy"]
    if system == "win32":
        found = read_windows(_registry())
    elif system == "darwin":
        found = read_scutil(_output("scutil", "--proxy"))
    else:
        found = _gnome() or read_kde(_kde_file(environ))
    # By itself means: when the network knows that name. Windows looks for it by default.
    return None if found == WPAD and not _resolves(WPAD) else found


def read_windows(values: Mapping[str, Any]) -> str | None:
    """From ``AutoConfigURL`` and ``DefaultConnectionSettings``, as the registry has them."""
    flags: object = values.get("DefaultConnectionSettings")
    ticks = None
    if isinstance(flags, bytes) and len(flags) > _FLAGS_AT:
        ticks = flags[_FLAGS_AT]
    script = values.get("AutoConfigURL")
    if isinstance(script, str) and script and (ticks is None or ticks & _BY_SCRIPT):
        return script
    return WPAD if ticks is not None and ticks & _BY_ITSELF else None


def read_scutil(text: str) -> str | None:
    """From what ``scutil --proxy`` prints."""
    values: dict[str, str] = dict(_SCUTIL.findall(text))
    if values.get("ProxyAutoConfigEnable") == "1" and values.get("ProxyAutoConfigURLString"):
        return values["ProxyAutoConfigURLString"]
    return WPAD if values.get("ProxyAutoDiscoveryEnable") == "1" else None


def read_gnome(mode: str, script: str) -> str | None:
    """From the two settings as ``gsettings get`` prints them, in quotes."""
    if mode.strip().strip("'") != "auto":
        return None
    return script.strip().strip("'") or WPAD


def read_kde(text: str) -> str | None:
    """From ``kioslaverc``: type 2 is a script, type 3 finds one by itself."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    kind = parser.get("Proxy Settings", "ProxyType", fallback="0")
    if kind == "2":
        return parser.get("Proxy Settings", "Proxy Config Script", fallback="") or None
    return WPAD if kind == "3" else None


def _gnome() -> str | None:
    schema = "org.gnome.system.proxy"
    mode = _output("gsettings", "get", schema, "mode")
    return read_gnome(mode, _output("gsettings", "get", schema, "autoconfig-url")) if mode else None


def _kde_file(environ: Mapping[str, str]) -> str:
    folder = environ.get("XDG_CONFIG_HOME")
    config = Path(folder) if folder else Path(environ.get("HOME", "")) / ".config"
    try:
        return (config / "kioslaverc").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=LOOK_S, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _resolves(name: str) -> bool:
    found: list[bool] = []

    def look() -> None:
        try:
            found.append(bool(socket.getaddrinfo(name, 80)))
        except OSError:
            return

    # A look-up cannot be interrupted, and can take much longer than anybody waits.
    thread = threading.Thread(target=look, name="wpad", daemon=True)
    thread.start()
    thread.join(LOOK_S)
    return bool(found)


if sys.platform == "win32":
    import winreg

    def _registry() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for below, name in (("", "AutoConfigURL"), (r"\Connections", "DefaultConnectionSettings")):
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _WINDOWS_KEY + below) as key:
                    found[name] = winreg.QueryValueEx(key, name)[0]
            except OSError:
                continue
        return found

else:

    def _registry() -> dict[str, Any]:
        return {}

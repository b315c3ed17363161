"""Where each system says that its proxy is found by a script."""

import pytest

from launcher.downloads import proxy_script
from launcher.downloads.proxy_script import (
    WPAD,
    find_proxy_script,
    read_gnome,
    read_kde,
    read_scutil,
    read_windows,
)

PAC = "http://pac.school.example/proxy.pac"


def ticks(value: int) -> bytes:
    """DefaultConnectionSettings: four bytes each of a version, a counter and the ticks."""
    return bytes([70, 0, 0, 0, 9, 0, 0, 0, value, 0, 0, 0])


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, None),
        ({"AutoConfigURL": PAC}, PAC),
        ({"AutoConfigURL": PAC, "DefaultConnectionSettings": ticks(0x05)}, PAC),
        ({"AutoConfigURL": PAC, "DefaultConnectionSettings": ticks(0x01)}, None),
        ({"AutoConfigURL": PAC, "DefaultConnectionSettings": ticks(0x09)}, WPAD),
        ({"DefaultConnectionSettings": ticks(0x09)}, WPAD),
        ({"DefaultConnectionSettings": b"short"}, None),
        ({"DefaultConnectionSettings": "nonsense"}, None),
    ],
)
def test_windows(values, found):
    assert read_windows(values) == found


def test_macos():
    off = "<dictionary> {\n  HTTPEnable : 0\n  ProxyAutoConfigEnable : 0\n}\n"
    script = f"  ProxyAutoConfigEnable : 1\n  ProxyAutoConfigURLString : {PAC}\n"
    assert read_scutil(off) is None
    assert read_scutil(script) == PAC
    assert read_scutil("  ProxyAutoDiscoveryEnable : 1\n") == WPAD
    assert read_scutil("") is None


def test_linux_desktops():
    assert read_gnome("'none'\n", f"'{PAC}'\n") is None
    assert read_gnome("'auto'\n", f"'{PAC}'\n") == PAC
    assert read_gnome("'auto'\n", "''\n") == WPAD
    assert read_kde(f"[Proxy Settings]\nProxyType=2\nProxy Config Script={PAC}\n") == PAC
    assert read_kde("[Proxy Settings]\nProxyType=3\n") == WPAD
    assert read_kde("[Proxy Settings]\nProxyType=0\n") is None
    assert read_kde("[Proxy Settings\nProxyType=2") is None
    assert read_kde("") is None


@pytest.mark.parametrize("known", [True, False])
def test_what_is_announced_counts_only_where_the_network_knows_it(monkeypatch, known):
    monkeypatch.setattr(proxy_script, "_output", lambda *_: "ProxyAutoDiscoveryEnable : 1")
    monkeypatch.setattr(proxy_script, "_resolves", lambda name: known)
    assert find_proxy_script({}, system="darwin") == (WPAD if known else None)


def test_each_system_is_asked_in_its_own_way(monkeypatch, tmp_path):
    monkeypatch.setattr(proxy_script, "_output", lambda *command: "")
    assert find_proxy_script({"auto_proxy": PAC}, system="linux") == PAC
    assert find_proxy_script({"HOME": str(tmp_path)}, system="linux") is None
    (tmp_path / "kioslaverc").write_text(
        f"[Proxy Settings]\nProxyType=2\nProxy Config Script={PAC}\n"
    )
    assert find_proxy_script({"XDG_CONFIG_HOME": str(tmp_path)}, system="linux") == PAC
    monkeypatch.setattr(proxy_script, "_registry", lambda: {"AutoConfigURL": PAC})
    assert find_proxy_script({}, system="win32") == PAC

"""The Wi-Fi code, and reading the hotspot from the answers of each system."""

from collections.abc import Sequence

import pytest

from launcher.sharing.wifi import Hotspot, read_hotspot, wifi_text


@pytest.mark.parametrize(
    ("hotspot", "text"),
    [
        (Hotspot(name="Klas 2B", password="geheim-123"), "WIFI:T:WPA;S:Klas 2B;P:geheim-123;;"),
        (Hotspot(name="open"), "WIFI:T:nopass;S:open;;"),
        (Hotspot(name='a;b,c:"d\\', password=";"), r"WIFI:T:WPA;S:a\;b\,c\:\"d\\;P:\;;;"),
        (Hotspot(name="abcd", password="12345678"), 'WIFI:T:WPA;S:"abcd";P:"12345678";;'),
        (Hotspot(name="x", password="y", hidden=True), "WIFI:T:WPA;S:x;P:y;H:true;;"),
    ],
)
def test_the_code_says_how_to_join(hotspot: Hotspot, text: str) -> None:
    assert wifi_text(hotspot) == text


def test_the_password_is_not_shown_by_accident() -> None:
    assert "geheim" not in repr(Hotspot(name="x", password="geheim"))


def test_network_manager() -> None:
    def run(argv: Sequence[str]) -> str:
        if "--active" in argv:
            return "1-1:802-3-ethernet\n2-2:802-11-wireless\n3-3:802-11-wireless\n"
        if argv[-1] == "2-2":
            return "infrastructure\nSchool\nno\n\n"
        return "ap\nKlas\nno\nlang:wacht;woord\n"

    assert read_hotspot(run, "linux") == Hotspot(name="Klas", password="lang:wacht;woord")
    assert read_hotspot(lambda argv: "", "linux") is None


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (
            '{"name":"LAPTOP 1","password":"abc12345"}',
            Hotspot(name="LAPTOP 1", password="abc12345"),
        ),
        ("", None),
        ("[]", None),
        ('{"name":"x"}', None),
    ],
)
def test_windows(output: str, found: Hotspot | None) -> None:
    assert read_hotspot(lambda argv: output, "win32") == found


def test_macos_does_not_say() -> None:
    assert read_hotspot(lambda argv: "surprise", "darwin") is None

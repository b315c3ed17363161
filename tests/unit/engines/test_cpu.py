"""The check for AVX2 before the library is loaded."""

import platform
from pathlib import Path

import pytest

from launcher.engines import cpu, xllamacpp_server


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx avx2 bmi2\n", True),
        ("processor\t: 0\nflags\t\t: fpu avx avx2_not bmi2\n", False),
        ("processor\t: 0\nFeatures\t: asimd\n", None),
    ],
)
def test_the_flag_is_found_as_a_word(tmp_path: Path, text: str, found: bool | None) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(text)
    assert cpu.avx2_in_cpuinfo(file) is found


def test_no_list_of_flags_is_unknown(tmp_path: Path) -> None:
    assert cpu.avx2_in_cpuinfo(tmp_path / "none") is None


def test_other_processors_do_not_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert cpu.has_avx2() is None


def test_the_server_says_so_before_it_loads_the_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(xllamacpp_server.SETTINGS_VARIABLE, "{}")
    monkeypatch.setattr(xllamacpp_server, "has_avx2", lambda: False)
    assert xllamacpp_server.main() == 1
    assert xllamacpp_server.NO_AVX2_LINE in capsys.readouterr().err

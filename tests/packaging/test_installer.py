"""What the installers ask of the program: is it busy, take over a kit, make a receipt."""

import os
from pathlib import Path

import pytest

from launcher import installer
from launcher.paths import find_paths


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "file").write_bytes(bytes(1000))
    return folder


def put_data() -> list[Path]:
    paths = find_paths(os.environ)
    files = [paths.models / "model.gguf", paths.settings_file, paths.logs / "paadje.log"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return files


def test_nothing_runs(program: Path) -> None:
    assert installer.main(["busy", str(program)], os.environ) == 0


def test_a_program_that_runs_from_there_is_seen(
    program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    import subprocess

    sleep = program / "app" / "sleep"
    shutil.copy(shutil.which("sleep") or "sleep", sleep)
    monkeypatch.setenv("PAADJE_LANGUAGE", "en")
    running = subprocess.Popen([sleep, "60"])
    try:
        assert installer.main(["busy", str(program)], os.environ) == installer.PROGRAM_RUNS
        assert "still open" in capsys.readouterr().err
        away = ["uninstall", str(program), "--everything"]
        files = put_data()
        assert installer.main(away, os.environ) == installer.PROGRAM_RUNS
        assert all(file.exists() for file in files)
    finally:
        running.kill()
        running.wait()


def test_data_is_kept_when_nobody_said_otherwise(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = put_data()
    assert installer.main(["uninstall", str(program)], os.environ) == 0
    assert all(file.exists() for file in files)
    told = [line.strip() for line in capsys.readouterr().out.splitlines() if line[:2] == "  "]
    assert told
    assert all(any(Path(line) in file.parents for line in told) for file in files)


def test_everything_leaves_nothing(program: Path, home: Path, tmp_path: Path) -> None:
    files = put_data()
    receipt = tmp_path / "receipt.txt"
    command = ["uninstall", str(program), "--everything", "--receipt", str(receipt)]
    assert installer.main(command, os.environ) == 0
    assert not any(file.exists() for file in files)
    assert [path for path in home.rglob("*") if path.is_file()] == []
    assert str(program) in receipt.read_text(encoding="utf-8")


def test_a_kit_is_taken_over_and_checked(
    tmp_path: Path, starter_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / starter_model.name).write_bytes(starter_model.read_bytes())
    assert installer.main(["import-kit", str(models)], os.environ) == 0
    taken = find_paths(os.environ).models / starter_model.name
    assert taken.stat().st_size == starter_model.stat().st_size

    taken.unlink()
    with (models / starter_model.name).open("r+b") as file:
        file.seek(5000)
        file.write(b"changed on the way")
    assert installer.main(["import-kit", str(models)], os.environ) == 1
    assert not taken.exists()


def test_a_folder_with_other_files_is_told(program: Path, home: Path, tmp_path: Path) -> None:
    put_data()
    mine = find_paths(os.environ).data / "thesis.docx"
    mine.write_text("mine", encoding="utf-8")
    receipt = tmp_path / "receipt.txt"
    command = ["uninstall", str(program), "--everything", "--receipt", str(receipt)]
    assert installer.main(command, os.environ) == 0
    assert mine.exists()
    told = receipt.read_text(encoding="utf-8")
    assert str(mine.parent) in told
    assert "Er blijft niets over" not in told

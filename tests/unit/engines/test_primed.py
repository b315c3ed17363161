"""Saved prompts are used again only when they are what was saved."""

import os
from pathlib import Path

from launcher.engines.primed import NOTE, forget_model, primed_folder, seal, tidy


def save(folder: Path, name: str, byte: bytes = b"a", *, age: int = 0) -> Path:
    file = folder / name
    file.write_bytes(byte * 5000)
    os.utime(file, (1_700_000_000 - age, 1_700_000_000 - age))
    return file


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*.bin")}


def test_sealed_files_stay_and_others_go(tmp_path: Path) -> None:
    save(tmp_path, "good.bin")
    changed = save(tmp_path, "changed.bin")
    emptied = tmp_path / "emptied.bin"
    emptied.write_bytes(b"x" * 48)
    seal(tmp_path)
    changed.write_bytes(b"a" * 4999 + b"b")
    save(tmp_path, "after-a-crash.bin")
    tidy(tmp_path)
    assert names(tmp_path) == {"good.bin"}


def test_without_a_note_nothing_is_trusted(tmp_path: Path) -> None:
    save(tmp_path, "some.bin")
    (tmp_path / NOTE).write_text('{"files": ["some.bin"]}')
    tidy(tmp_path)
    assert names(tmp_path) == set()
    tidy(tmp_path / "none")
    seal(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_oldest_go_first(tmp_path: Path) -> None:
    for number in range(4):
        save(tmp_path, f"{number}.bin", age=number)
    seal(tmp_path)
    tidy(tmp_path, most_files=3)
    assert names(tmp_path) == {"0.bin", "1.bin", "2.bin"}
    tidy(tmp_path, most_bytes=10_000)
    assert names(tmp_path) == {"0.bin", "1.bin"}


def test_a_folder_belongs_to_one_model_and_one_build(tmp_path: Path) -> None:
    def folder(
        version: str = "1.0", sha256: str = "a" * 64, kv_type: str = "f16", adapter: str = ""
    ) -> Path:
        return primed_folder(
            tmp_path,
            engine_id="xllamacpp",
            engine_version=version,
            model_sha256=sha256,
            kv_type=kv_type,
            adapter_sha256=adapter,
        )

    others = [folder("1.1"), folder(sha256="b" * 64), folder(kv_type="q8_0"), folder("../../x")]
    others += [folder(adapter="c" * 64), folder(adapter="d" * 64)]
    assert len({folder(), *others}) == 7
    assert all(each.parent == tmp_path for each in others)
    folder().mkdir()
    folder(adapter="c" * 64).mkdir()
    others[1].mkdir()
    forget_model(tmp_path, "a" * 64)
    assert [each.name for each in tmp_path.iterdir()] == [others[1].name]

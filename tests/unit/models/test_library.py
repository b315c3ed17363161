"""The library on a real folder."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from launcher.catalog.schema import ModelFile, PypiSource
from launcher.downloads.locks import exclusive, lock_file_of
from launcher.errors import Cancelled, PaadjeError
from launcher.events import Cancel, ignore
from launcher.i18n import describe_error
from launcher.lesson import open_context, verify_models
from launcher.models.library import Library
from tests.unit.models import making

CONTENT = making.small_gguf()
SOURCE = PypiSource(
    package="p", version="1", wheel_size_bytes=1, wheel_sha256="0" * 64, member="m.gguf"
)
FILE = ModelFile(
    name="Klein-Q4_1.gguf",
    size_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    sources=(SOURCE,),
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "mijn modellen van Zoë")


@pytest.fixture
def filled(library: Library) -> Library:
    library.folder.mkdir()
    library.target(FILE).write_bytes(CONTENT)
    library.record(library.target(FILE), FILE.sha256, origin="catalog")
    return library


def code_of(function, *arguments) -> str:
    with pytest.raises(PaadjeError) as caught:
        function(*arguments)
    for lang in ("nl", "en"):
        assert caught.value.code not in describe_error(caught.value, lang).message
    return caught.value.code


def test_empty(library):
    assert library.find(FILE) is None
    assert library.entries() == ()
    assert library.partials() == ()
    assert library.missing_bytes(FILE) == len(CONTENT)
    assert library.adopt(FILE) is None
    assert code_of(library.check_quick, FILE) == "models.missing"
    assert not library.folder.exists()


def test_found_without_reading_it(filled, monkeypatch):
    monkeypatch.setattr("launcher.models.library.sha256_of", None)
    assert filled.find(FILE) == filled.target(FILE)
    assert filled.check_quick(FILE) == filled.target(FILE)
    assert filled.missing_bytes(FILE) == 0


def test_file_without_a_record_is_taken_in_after_reading_it(library):
    library.folder.mkdir()
    library.target(FILE).write_bytes(CONTENT)
    assert library.find(FILE) is None
    assert library.adopt(FILE) == library.target(FILE)
    assert library.find(FILE) == library.target(FILE)


def test_wrong_file_is_not_taken_in(library):
    library.folder.mkdir()
    library.target(FILE).write_bytes(CONTENT[:-1] + b"x")
    assert library.adopt(FILE) is None
    assert library.find(FILE) is None


def test_half_file_is_found_when_a_lesson_starts(filled):
    filled.target(FILE).write_bytes(CONTENT[:-10])
    assert filled.find(FILE) is None
    assert code_of(filled.check_quick, FILE) == "models.incomplete"


def test_longer_file(filled):
    filled.target(FILE).write_bytes(CONTENT + b"x")
    assert code_of(filled.check_quick, FILE) == "models.corrupt"


def test_part_only(library):
    library.folder.mkdir()
    (library.folder / f"{FILE.name}.part").write_bytes(CONTENT[:100])
    assert code_of(library.check_quick, FILE) == "models.incomplete"
    assert library.missing_bytes(FILE) == len(CONTENT) - 100
    (partial,) = library.partials()
    assert (partial.name, partial.kind, partial.size_bytes) == (f"{FILE.name}.part", "partial", 100)


def test_changed_byte_is_found_when_a_lesson_starts(filled):
    path = filled.target(FILE)
    before = path.stat()
    path.write_bytes(CONTENT[:-1] + b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))
    assert code_of(filled.check_quick, FILE) == "models.corrupt"
    assert filled.entries() == ()


def test_rot_without_a_new_time_is_found_by_verify(filled, tmp_path):
    path = filled.target(FILE)
    before = path.stat()
    path.write_bytes(CONTENT[:-1] + b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert filled.find(FILE) is not None
    places = {"PAADJE_HOME": str(tmp_path / "home"), "PAADJE_MODELS_DIR": str(filled.folder)}
    (found,) = verify_models(open_context(places), None, report=ignore, cancel=Cancel())
    assert (found.name, found.right) == (FILE.name, False)


def test_copied_folder_is_usable_after_reading(filled):
    os.utime(filled.target(FILE), ns=(1, 1))
    assert filled.find(FILE) is None
    assert filled.check_quick(FILE) == filled.target(FILE)
    assert filled.find(FILE) == filled.target(FILE)


def test_zeros_after_a_power_cut(filled):
    path = filled.target(FILE)
    before = path.stat()
    path.write_bytes(bytes(len(CONTENT)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert code_of(filled.check_quick, FILE) == "models.corrupt"


@pytest.mark.parametrize(
    "name", ["mijn modél – versie 2.gguf", "MODEL.GGUF", "a" * 200 + ".gguf", "é" * 120 + ".gguf"]
)
def test_add_keeps_the_name(library, tmp_path, name):
    source = tmp_path / name
    source.write_bytes(CONTENT)
    entry = library.add(source)
    assert entry.path.read_bytes() == CONTENT
    assert entry.present
    assert entry.name.endswith(".gguf")
    assert entry.name.startswith(name[:5])
    assert library.find(FILE) == entry.path
    assert not entry.path.is_symlink()
    assert source.exists()


def test_add_the_same_file_twice(library, tmp_path):
    (tmp_path / "a.gguf").write_bytes(CONTENT)
    (tmp_path / "b.gguf").write_bytes(CONTENT)
    assert library.add(tmp_path / "a.gguf") == library.add(tmp_path / "b.gguf")


def test_add_another_file_with_the_same_name(library, tmp_path):
    for folder, seed in (("x", 1), ("y", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.gguf").write_bytes(making.small_gguf(seed=seed))
    assert library.add(tmp_path / "x" / "model.gguf").name == "model.gguf"
    assert library.add(tmp_path / "y" / "model.gguf").name == "model-2.gguf"


def test_add_what_lies_in_the_folder_already(library):
    library.folder.mkdir()
    (library.folder / "los.gguf").write_bytes(CONTENT)
    assert library.add(library.folder / "los.gguf").name == "los.gguf"
    assert len(library.entries()) == 1


def test_add_copies_where_links_are_not_possible(library, tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError("other disk")

    monkeypatch.setattr("launcher.models.library.os.link", refuse)
    (tmp_path / "a.gguf").write_bytes(CONTENT)
    entry = library.add(tmp_path / "a.gguf")
    assert entry.path.stat().st_nlink == 1
    assert entry.path.read_bytes() == CONTENT
    assert library.partials() == ()


def test_add_a_link_gives_a_file(library, tmp_path):
    (tmp_path / "a.gguf").write_bytes(CONTENT)
    (tmp_path / "link.gguf").symlink_to(tmp_path / "a.gguf")
    assert not library.add(tmp_path / "link.gguf").path.is_symlink()


def test_add_refuses(library, tmp_path):
    (tmp_path / "a.gguf").write_bytes(b"PK not a model")
    assert code_of(library.add, tmp_path / "a.gguf") == "models.not_gguf"
    (tmp_path / "a.gguf").write_bytes(CONTENT[:-1])
    assert code_of(library.add, tmp_path / "a.gguf") == "models.gguf_broken"
    assert code_of(library.add, tmp_path / "none.gguf") == "models.unreadable"
    assert library.entries() == ()


def test_cancelled_add_leaves_nothing(library, tmp_path):
    (tmp_path / "a.gguf").write_bytes(CONTENT)
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        library.add(tmp_path / "a.gguf", cancel=cancel)
    assert library.entries() == ()


def test_remove(filled):
    assert filled.remove(FILE.name) == len(CONTENT)
    assert filled.entries() == ()
    assert not filled.target(FILE).exists()


def test_remove_partial(library):
    library.folder.mkdir()
    part = library.folder / f"{FILE.name}.part"
    part.write_bytes(b"x")
    assert library.remove(part.name) == 1
    assert library.partials() == ()


@pytest.mark.parametrize("name", ["../x", "index.json", "", "/etc/passwd", "none.gguf"])
def test_remove_only_what_is_in_the_library(filled, name):
    assert code_of(filled.remove, name) == "models.unknown_name"
    assert (filled.folder / "index.json").exists()


def test_remove_while_it_is_fetched(filled):
    with exclusive(lock_file_of(filled.target(FILE)), busy_name=FILE.name):
        assert code_of(filled.remove, FILE.name) == "models.busy"
    filled.remove(FILE.name)


@pytest.mark.parametrize(
    "index",
    [
        "",
        "[]",
        '{"version": 99, "files": {}}',
        '{"version": 1, "files": []}',
        '{"version": 1, "files": {"../../etc/passwd": {"size_bytes": 1}}}',
        '{"version": 1, "files": {"x.gguf": {"size_bytes": "1"}}}',
    ],
)
def test_index_that_is_no_index(filled, index):
    (filled.folder / "index.json").write_text(index)
    assert filled.entries() == ()
    assert filled.check_quick(FILE) == filled.target(FILE)
    assert len(filled.entries()) == 1


def test_two_at_once_lose_no_record(library):
    library.folder.mkdir()
    names = [f"m{number}.gguf" for number in range(12)]

    def work(mine: list[str]) -> None:
        for name in mine:
            (library.folder / name).write_bytes(CONTENT)
            Library(library.folder).record(library.folder / name, FILE.sha256, origin="added")

    threads = [threading.Thread(target=work, args=(names[half::2],)) for half in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entry.name for entry in library.entries()} == set(names)


def test_a_part_of_a_model_is_refused_in_words(library, tmp_path):
    """The engine would only say that tensors are missing."""
    keys = [making.string("general.architecture", "llama"), making.uint16("split.count", 3)]
    data = making.head(len(keys), 1) + b"".join(keys) + making.tensor("w", (64,), 3, 0)
    path = tmp_path / "groot-00001-of-00003.gguf"
    path.write_bytes(data + b"\0" * (-len(data) % 32) + bytes(40))
    with pytest.raises(PaadjeError) as caught:
        library.add(path)
    assert caught.value.code == "models.gguf_split"
    assert library.entries() == ()

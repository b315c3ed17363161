"""Models from a file, a folder or a stick: no network at all."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from launcher.catalog.schema import CatalogModel, HuggingFaceSource, ModelFile
from launcher.errors import Cancelled, PaadjeError
from launcher.events import Cancel, Event, Notice, Progress, StepFinished, StepStarted, ignore
from launcher.models.fetch import ensure_model, forget_reachable, reachable
from launcher.models.library import Library
from launcher.models.sources import Order
from launcher.models.sources.file import fetch_from_place
from tests.unit.models import making
from tests.unit.models.catalog_models import model_of

CONTENT = making.small_gguf()
FILE = ModelFile(
    name="Klein-Q4_1.gguf",
    size_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    sources=(HuggingFaceSource(repo="maker/klein", file="klein-q4.gguf"),),
)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    stick = tmp_path / "USB van Renée"
    (stick / "les" / "modellen").mkdir(parents=True)
    return stick


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(
        file=FILE,
        target=tmp_path / "library" / FILE.name,
        environ={},
        report=ignore,
        cancel=Cancel(),
    )


def code_of(place: Path, order: Order) -> str:
    with pytest.raises(PaadjeError) as caught:
        fetch_from_place(str(place), order)
    return caught.value.code


def ensure(library: Library, model: CatalogModel | None = None, **changes: Any) -> Path:
    """Without a Hub, and without anything else that is asked for by itself."""
    return ensure_model(
        model or model_of(FILE),
        library,
        **{
            "hf_endpoint": "http://127.0.0.1:9",
            "offline": True,
            "from_place": None,
            "environ": {},
            "report": ignore,
            "cancel": Cancel(),
            **changes,
        },
    )


def test_a_file_under_any_name(stick, order):
    (stick / "iets anders.bin").write_bytes(CONTENT)
    fetch_from_place(str(stick / "iets anders.bin"), order)
    assert order.target.read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["Klein-Q4_1.gguf", "klein-q4.gguf", "hernoemd.gguf"])
def test_deep_in_a_stick(stick, order, name):
    (stick / "les" / "modellen" / name).write_bytes(CONTENT)
    fetch_from_place(str(stick), order)
    assert order.target.read_bytes() == CONTENT


def test_wrong_file_of_the_same_size_is_passed_over(stick, order):
    (stick / FILE.name).write_bytes(bytes(len(CONTENT)))
    (stick / "les" / "goed.gguf").write_bytes(CONTENT)
    fetch_from_place(str(stick), order)
    assert order.target.read_bytes() == CONTENT


def test_half_copied_stick(stick, order):
    (stick / FILE.name).write_bytes(CONTENT[:-1])
    assert code_of(stick, order) == "models.not_in_place"
    assert code_of(stick / FILE.name, order) == "models.wrong_size"


def test_only_a_damaged_file(stick, order):
    (stick / FILE.name).write_bytes(bytes(len(CONTENT)))
    assert code_of(stick, order) == "models.hash_mismatch"
    assert not order.target.exists()


def test_stick_that_is_not_there(stick, order):
    assert code_of(stick / "none", order) == "models.place_missing"


def test_goes_on_with_a_part(stick, order, monkeypatch):
    (stick / FILE.name).write_bytes(CONTENT)
    from launcher.downloads.part import PartFile, PartNote

    part = PartFile(order.target, PartNote(size_bytes=FILE.size_bytes, sha256=FILE.sha256))
    part.open(cancel=Cancel(), report=ignore, step="models.recheck")
    part.append(CONTENT[:100])
    part.close()
    fetch_from_place(str(stick), order)
    assert order.target.read_bytes() == CONTENT


def test_ensure_from_a_stick_without_network(stick, tmp_path):
    (stick / FILE.name).write_bytes(CONTENT)
    events: list[Event] = []
    library = Library(tmp_path / "library")
    path = ensure(library, from_place=str(stick), report=events.append)
    assert path == library.find(FILE)
    kinds = [type(event) for event in events]
    assert kinds[0] is StepStarted
    assert kinds[-1] is StepFinished
    assert Progress in kinds
    assert Notice not in kinds


def test_a_stick_counts_without_a_network(stick):
    def ask(place: Path | str | None) -> bool:
        forget_reachable()
        return reachable(
            model_of(FILE),
            hf_endpoint="http://127.0.0.1:9",
            offline=True,
            environ={},
            from_place=None if place is None else str(place),
        )

    assert not ask(None)
    assert not ask(stick)
    assert not ask(stick / "none")
    assert not ask("http://127.0.0.1:9/model.gguf")
    (stick / "les" / "x.gguf").write_bytes(CONTENT)
    assert ask(stick)
    assert ask(stick / "les" / "x.gguf")


@pytest.mark.parametrize("place", [None, "http://127.0.0.1:9/model.gguf"])
def test_offline_without_a_place(tmp_path, place):
    with pytest.raises(PaadjeError) as caught:
        ensure(Library(tmp_path), from_place=place)
    assert caught.value.code == "models.offline"


def test_what_is_here_needs_no_source(tmp_path):
    (tmp_path / FILE.name).write_bytes(CONTENT)
    path = ensure(Library(tmp_path))
    assert path == tmp_path / FILE.name


def test_withheld_model(tmp_path):
    with pytest.raises(PaadjeError) as caught:
        ensure(Library(tmp_path), model_of(None), offline=False)
    assert caught.value.code == "models.withheld"


def test_cancelled(stick, order):
    (stick / FILE.name).write_bytes(CONTENT)
    order.cancel.request()
    with pytest.raises(Cancelled):
        fetch_from_place(str(stick), order)

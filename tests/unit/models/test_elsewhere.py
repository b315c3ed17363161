"""Models that other programs have: found, checked, taken over without a second copy."""

import hashlib
import json
from pathlib import Path

import pytest

from launcher import catalog, lesson
from launcher.catalog.schema import HuggingFaceSource, ModelFile
from launcher.cli.verb_plan import plan_lines
from launcher.errors import PaadjeError
from launcher.events import Cancel, Event, Notice
from launcher.i18n import translator
from launcher.lesson.types import PlanWishes
from launcher.models.elsewhere import find_elsewhere, list_elsewhere
from launcher.models.fetch import ensure_model, reachable
from launcher.models.library import Library
from tests.unit.models.catalog_models import model_of
from tests.unit.models.making import small_gguf

CONTENT = small_gguf()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = ModelFile(
    name="model-Q4.gguf",
    size_bytes=len(CONTENT),
    sha256=SHA256,
    sources=(HuggingFaceSource(repo="maker/model-GGUF", file="sub/model Q4.gguf"),),
)


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def in_hub_cache(home: Path) -> Path:
    repo = home / ".cache" / "huggingface" / "hub" / "models--maker--model-GGUF"
    blob = put(repo / "blobs" / SHA256)
    link = repo / "snapshots" / ("a" * 40) / "sub" / "model Q4.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    return blob


def in_hub_cache_without_links(home: Path) -> Path:
    repo = home / ".cache" / "huggingface" / "hub" / "models--maker--model-GGUF"
    return put(repo / "snapshots" / ("a" * 40) / "sub" / "model Q4.gguf")


def in_lm_studio(home: Path) -> Path:
    return put(home / ".lmstudio" / "models" / "maker" / "model-GGUF" / "model Q4.gguf")


def in_ollama(home: Path) -> Path:
    models = home / ".ollama" / "models"
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{SHA256}"}
    manifest = models / "manifests" / "registry.ollama.ai" / "library" / "klein" / "4b"
    put(manifest, json.dumps({"layers": [{"mediaType": "x", "digest": "y"}, layer]}).encode())
    return put(models / "blobs" / f"sha256-{SHA256}")


PLACES = [in_hub_cache, in_hub_cache_without_links, in_lm_studio, in_ollama]


@pytest.mark.parametrize("place", PLACES)
def test_taken_over_without_network_and_without_a_second_copy(tmp_path, place):
    home = tmp_path / "Zoë Müller"
    original = place(home)
    environ = {"HOME": str(home), "USERPROFILE": str(home)}
    events: list[Event] = []
    assert reachable(model_of(FILE), hf_endpoint="http://127.0.0.1:9", offline=True,
                     environ=environ)  # fmt: skip
    library = Library(tmp_path / "models")
    path = ensure_model(
        model_of(FILE), library, hf_endpoint="http://127.0.0.1:9", offline=True, from_place=None,
        environ=environ, report=events.append, cancel=Cancel(),
    )  # fmt: skip
    assert path == library.target(FILE)
    assert path.read_bytes() == CONTENT
    assert path.samefile(original)
    assert not path.is_symlink()
    assert "models.taken_over" in [e.code for e in events if isinstance(e, Notice)]
    found = list_elsewhere(environ)
    assert [(each.size_bytes, each.path.read_bytes()) for each in found] == [
        (len(CONTENT), CONTENT)
    ]


def test_copied_where_a_link_is_not_possible(tmp_path, monkeypatch):
    original = in_lm_studio(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "another disk")

    monkeypatch.setattr("os.link", refuse)
    library = Library(tmp_path / "models")
    path = ensure_model(
        model_of(FILE), library, hf_endpoint="x", offline=True, from_place=None,
        environ={"HOME": str(tmp_path)}, report=lambda event: None, cancel=Cancel(),
    )  # fmt: skip
    assert path.read_bytes() == CONTENT
    assert not path.samefile(original)


def test_another_file_of_the_same_size_is_left_alone(tmp_path):
    wrong = in_lm_studio(tmp_path)
    wrong.write_bytes(CONTENT[::-1])
    library = Library(tmp_path / "models")
    with pytest.raises(PaadjeError) as caught:
        ensure_model(
            model_of(FILE), library, hf_endpoint="x", offline=True, from_place=None,
            environ={"HOME": str(tmp_path)}, report=lambda event: None, cancel=Cancel(),
        )  # fmt: skip
    assert caught.value.code == "models.hash_mismatch"
    assert wrong.read_bytes() == CONTENT[::-1]
    assert not library.target(FILE).exists()


def test_folders_that_were_moved(tmp_path):
    hub, ollama = tmp_path / "hub", tmp_path / "ollama"
    put(hub / "models--maker--model-GGUF" / "blobs" / SHA256)
    put(ollama / "blobs" / f"sha256-{SHA256}")
    assert find_elsewhere(FILE, {"HF_HUB_CACHE": str(hub)})
    assert find_elsewhere(FILE, {"HF_HOME": str(tmp_path)})
    assert find_elsewhere(FILE, {"OLLAMA_MODELS": str(ollama)})
    assert find_elsewhere(FILE, {}) is None


@pytest.mark.parametrize(
    "text", ["", "[]", '{"layers": 1}', '{"layers": [1]}', '{"layers": [{"mediaType": '
             '"application/vnd.ollama.image.model", "digest": "sha256:../../x"}]}']
)  # fmt: skip
def test_manifests_that_are_none(tmp_path, text):
    put(tmp_path / "manifests" / "r" / "l" / "m" / "t", text.encode())
    assert list_elsewhere({"OLLAMA_MODELS": str(tmp_path)}) == ()


@pytest.mark.parametrize(("put_there", "program"), [
    (in_hub_cache, "Hugging Face"), (in_lm_studio, "LM Studio"), (in_ollama, "Ollama"),
])  # fmt: skip
def test_the_program_is_named(tmp_path, put_there, program):
    put_there(tmp_path)
    found = find_elsewhere(FILE, {"HOME": str(tmp_path)})
    assert found is not None
    assert (found.program, found.size_bytes) == (program, len(CONTENT))


def test_a_plan_says_that_another_program_has_it(home, tmp_path, starter_model):
    practice = catalog.load_catalog().practice_model()
    assert practice.file is not None
    blob = tmp_path / ".ollama" / "models" / "blobs" / f"sha256-{practice.file.sha256}"
    blob.parent.mkdir(parents=True)
    blob.symlink_to(starter_model)
    for environ, program in (({"HOME": str(tmp_path)}, "Ollama"), ({}, None)):
        context = lesson.open_context({"PAADJE_HOME": str(home), **environ}, lang="nl")
        plan = lesson.make_plan(context, "feedback-companion", PlanWishes(model=practice.id))
        assert plan.files[0].taken_from == program
        assert plan.fetch_bytes == practice.file.size_bytes
        lines = "\n".join(plan_lines(context, plan, translator("nl")))
        assert ("Niets op te halen" in lines) == (program is not None)

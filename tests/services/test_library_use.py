"""The library as a teacher sees it: who uses what, licences, long names, imports."""

import subprocess
import sys
from pathlib import Path

import pytest

from launcher import catalog, lesson
from launcher.catalog.schema import HuggingFaceSource, Licence
from launcher.cli.app import run_app
from launcher.errors import PaadjeError
from launcher.events import Cancel, ignore
from launcher.files import write_private_json
from launcher.i18n import translator
from launcher.lesson.library import require_licence
from launcher.lesson.types import Context, PlanWishes, ShareWishes
from launcher.models.fetch import ensure_model
from launcher.models.library import Library
from launcher.services import process
from tests.fake_hub import FakeHub
from tests.services.lessons import engine_settings
from tests.services.test_engine import start
from tests.unit.models.catalog_models import model_of
from tests.unit.models.making import small_gguf


@pytest.fixture
def context(home: Path) -> Context:
    return lesson.open_context({"PAADJE_HOME": str(home)}, lang="nl")


def test_licence_is_asked_once_and_remembered(context):
    model = next(m for m in catalog.load_catalog().models
                 if m.file and m.licence.needs_acceptance)  # fmt: skip
    with pytest.raises(PaadjeError) as caught:
        require_licence(context, model)
    assert caught.value.code == "lesson.licence_not_accepted"
    assert caught.value.params["page"] == model.licence.url
    assert not lesson.licence_accepted(context, model.id)
    lesson.accept_licence(context, model.id)
    require_licence(context, model)
    stored = (context.paths.data / "licences.json").read_text(encoding="utf-8")
    assert model.licence.name in stored
    assert model.id in stored
    # Other terms ask for a yes of their own.
    newer = Licence(name=model.licence.name, url="https://example.org/new", needs_acceptance=True)
    with pytest.raises(PaadjeError):
        require_licence(context, model.model_copy(update={"licence": newer}))


@pytest.fixture
def terms(home):
    """A model with terms whose maker keeps them on the fake Hub, and a context that asks there."""
    model = next(m for m in catalog.load_catalog().models
                 if m.file and m.licence.needs_acceptance)  # fmt: skip
    assert model.file is not None
    (source,) = model.file.sources
    assert isinstance(source, HuggingFaceSource)
    with FakeHub() as hub:
        environ = {"PAADJE_HOME": str(home), "PAADJE_HF_ENDPOINT": hub.endpoint}
        yield hub, source.repo, model, lesson.open_context(environ, lang="nl")


def test_terms_can_be_read_before_they_are_accepted(terms):
    hub, repo, model, context = terms
    hub.add(repo, "LICENSE.txt", "Voorwaarden\r\n\x1b[31mwees lief é".encode())
    card = lesson.read_licence(context, model.id)
    assert card.text == "Voorwaarden\n[31mwees lief é"
    assert (card.page, card.needs_acceptance) == (model.licence.url, True)
    assert card.accepted_at is None
    lesson.accept_licence(context, model.id)
    assert str(lesson.read_licence(context, model.id).accepted_at)[:2] == "20"


def test_terms_that_are_not_there_leave_the_page(terms):
    hub, repo, model, context = terms
    assert lesson.read_licence(context, model.id).text is None
    hub.add(repo, "LICENSE", bytes(range(256)))
    assert lesson.read_licence(context, model.id).text is None
    hub.web_page = True
    assert lesson.read_licence(context, model.id).text is None
    before = len(hub.requests)
    offline = lesson.open_context({**context.environ, "PAADJE_OFFLINE": "1"}, lang="nl")
    assert lesson.read_licence(offline, model.id).page == model.licence.url
    assert len(hub.requests) == before


def test_yes_is_no_yes_to_a_licence(home, starter_model):
    model = next(m for m in catalog.load_catalog().models
                 if m.file and m.role == "chat" and m.licence.needs_acceptance)  # fmt: skip
    command = [sys.executable, "-X", "utf8", "-m", "launcher", "install", "feedback-companion"]
    command += ["--model", model.id, "--yes", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "lesson.licence_not_accepted" in done.stdout
    assert not (home / "data" / "licences.json").exists()


def test_who_uses_it_and_when(context, tmp_path):
    path = tmp_path / "mijn model.gguf"
    path.write_bytes(small_gguf())
    lesson.add_model(context, path, report=ignore, cancel=Cancel())
    assert lesson.list_models(context)[0].used_by == ()
    write_private_json(context.paths.receipts / "een-app.json", {"files": ["mijn model.gguf"]})
    write_private_json(context.paths.receipts / "kapot.json", {"files": 3})
    entry = lesson.list_models(context)[0]
    assert entry.used_by == ("een-app",)
    assert entry.last_used_at is None
    assert (entry.model, entry.licence) == (None, None)
    facts = lesson.model_facts(context, "mijn model.gguf")
    assert facts.architecture
    assert facts.has_chat_template


@pytest.mark.parametrize(("template", "key"), [(True, "template"), (False, "no_template")])
@pytest.mark.parametrize("lang", ["nl", "en"])
def test_whether_a_file_can_talk_is_said(home, tmp_path, capsys, template, key, lang):
    path = tmp_path / "mijn model.gguf"
    path.write_bytes(small_gguf(template=template))
    environ = {"PAADJE_HOME": str(home)}
    assert run_app(["models", "add", str(path), "--lang", lang], environ) == 0
    assert translator(lang)(f"cli.models.{key}") in capsys.readouterr().out.splitlines()


def test_import_takes_the_catalog_and_names_the_rest(home, tmp_path, starter_model):
    other = tmp_path / ".lmstudio" / "models" / "maker" / "repo" / "eigen.gguf"
    other.parent.mkdir(parents=True)
    other.write_bytes(small_gguf())
    known = other.with_name("smollm.gguf")
    known.symlink_to(starter_model)
    context = lesson.open_context({"PAADJE_HOME": str(home), "HOME": str(tmp_path)}, lang="nl")
    result = lesson.import_models(context, report=ignore, cancel=Cancel())
    practice = catalog.load_catalog().practice_model()
    assert [entry.model for entry in result.taken] == [practice.id]
    assert result.others == (("LM Studio", str(other), other.stat().st_size),)
    again = lesson.import_models(context, report=ignore, cancel=Cancel())
    assert again.taken == ()
    assert len(lesson.list_models(context)) == 1


@pytest.mark.engine
def test_long_and_accented_folders_are_fetched_to_and_loaded_by_the_engine(tmp_path, starter_model):
    """Spaces, accents, and a path of more than 200 characters, from the Hub into the engine."""
    folder = tmp_path / "Zoë Müller" / "Mijn documenten (school)"
    while len(str(folder)) < 200:
        folder /= "een map met een lange naam én spaties"
    file = catalog.load_catalog().practice_model().file
    assert file is not None
    source = HuggingFaceSource(repo="maker/model", file="m.gguf")
    with FakeHub() as hub:
        hub.add("maker/model", "m.gguf", starter_model.read_bytes())
        library = Library(folder)
        path = ensure_model(
            model_of(file.model_copy(update={"sources": (source,)})),
            library, hf_endpoint=hub.endpoint, offline=False, from_place=None, environ={},
            report=ignore, cancel=Cancel(),
        )  # fmt: skip
        assert hub.bytes_served >= file.size_bytes
    assert len(str(path)) > 200
    running = start(engine_settings(path, slot_dir=folder / "slots"), folder / "engine.log")
    try:
        assert running.child.exit_code() is None, running.child.log_tail()
        assert running.ask().status_code == 200
    finally:
        process.stop(running.child, 5)


@pytest.mark.engine
def test_a_file_of_ones_own_gives_a_lesson_and_is_not_removed_meanwhile(
    context, tmp_path, starter_model
):
    """Another sha256 than the catalog's: the last weight is one off."""
    own = bytearray(starter_model.read_bytes())
    own[-1] ^= 1
    path = tmp_path / "Mijn eigen Zoë.gguf"
    path.write_bytes(own)

    lesson.add_model(context, path, report=ignore, cancel=Cancel())
    plan = lesson.make_plan(context, "feedback-companion", PlanWishes(model=path.name))
    running = lesson.start(
        context, [plan], ShareWishes(mode="local"), report=ignore, cancel=Cancel()
    )
    try:
        assert running.state == "ready"
        assert running.engine.model == path.name
        assert lesson.list_models(context)[0].in_use
        with pytest.raises(PaadjeError) as caught:
            lesson.remove_model(context, path.name)
        assert caught.value.code == "lesson.model_in_use"
    finally:
        lesson.stop(context, running.lesson, report=ignore)
    assert not lesson.list_models(context)[0].in_use
    lesson.remove_model(context, path.name)

"""A file that the user added, as a model that can be asked for by name."""

import struct
from pathlib import Path

import pytest

from launcher import catalog, lesson
from launcher.errors import PaadjeError, UsageError
from launcher.events import Cancel, ignore
from launcher.lesson.plan import plan_to_dict
from launcher.lesson.types import Context, PlanWishes
from launcher.models import fetch
from launcher.models.library import Library
from launcher.models.own import find_model
from tests.unit.models import making

APP = "feedback-companion"
NAME = "Mijn eigen Zoë.gguf"


@pytest.fixture
def context(home: Path) -> Context:
    return lesson.open_context({"PAADJE_HOME": str(home)}, lang="nl")


def add(context: Context, folder: Path, content: bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(content)
    lesson.add_model(context, path, report=ignore, cancel=Cancel())
    return context.models_dir / name


def of_architecture(name: str) -> bytes:
    keys = [making.string("general.architecture", name), making.uint32("general.alignment", 32)]
    data = making.head(len(keys), 1) + b"".join(keys) + making.tensor("w", (64,), 3, 0)
    return data + b"\0" * (-len(data) % 32) + bytes(40)


def test_it_is_planned_by_its_name_and_not_recommended(context, tmp_path):
    path = add(context, tmp_path, making.small_gguf())
    plan = lesson.make_plan(context, APP, PlanWishes(model=NAME, context_tokens=1024))
    assert (plan.model, plan.model_name) == (NAME, "Mijn eigen Zoë")
    assert plan.quantization == "Q4_1"
    assert plan.fetch_bytes == 0
    assert plan.files[0].size_bytes == path.stat().st_size
    assert not plan.licence_needs_acceptance
    codes = [reason.code for reason in plan.reasons]
    assert "own_model" in codes
    assert "dutch_unmeasured" not in codes
    said = lesson.explain_plan(context, plan)
    assert any("zelf toegevoegd" in sentence for sentence in said)
    plan_to_dict(plan)
    assert lesson.is_installed(context, plan)
    receipt = lesson.install(context, plan, report=ignore, cancel=Cancel())
    assert receipt.files == (NAME,)


def test_what_the_header_says_counts(context, tmp_path):
    add(context, tmp_path, making.small_gguf())
    plan = lesson.make_plan(context, APP, PlanWishes(model=NAME, context_tokens=4096))
    assert plan.verdict == "no"
    why = next(reason for reason in plan.reasons if reason.code == "context_beyond_model")
    assert why.params["most_tokens"] == 2048


def test_it_is_never_chosen_by_itself(context, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "reachable", lambda model, **_: True)
    add(context, tmp_path, making.small_gguf())
    asked = lesson.make_plan(context, APP, PlanWishes(model=NAME))
    assert NAME not in [other.model for other in asked.alternatives]
    itself = lesson.make_plan(context, APP, PlanWishes())
    assert NAME not in [itself.model, *(other.model for other in itself.alternatives)]


@pytest.mark.parametrize("architecture", ["bert", "nomic-bert", "gemma-embedding", "clip", "t5"])
def test_what_cannot_talk_is_refused(context, tmp_path, architecture):
    add(context, tmp_path, of_architecture(architecture))
    with pytest.raises(UsageError) as caught:
        lesson.make_plan(context, APP, PlanWishes(model=NAME))
    assert caught.value.code == "lesson.model_wrong_role"


def test_a_mistyped_name_gets_the_nearest_one(context, tmp_path):
    add(context, tmp_path, making.small_gguf())
    with pytest.raises(UsageError) as caught:
        lesson.make_plan(context, APP, PlanWishes(model="Mijn eigen Zoe.gguf"))
    assert caught.value.params["nearest"] == NAME


def test_a_file_that_was_broken_since_is_said(context, tmp_path):
    path = add(context, tmp_path, making.small_gguf())
    broken = making.small_gguf()[:100]
    path.unlink()  # It may be linked to the original.
    path.write_bytes(broken)
    library = Library(context.models_dir)
    with pytest.raises(UsageError):
        find_model(catalog.load_catalog(), library, NAME)
    library.record(path, "0" * 64, origin="added")
    with pytest.raises(PaadjeError) as caught:
        find_model(catalog.load_catalog(), library, NAME)
    assert caught.value.code == "models.gguf_broken"


def test_the_file_name_of_the_catalog_gives_the_catalog(context):
    practice = catalog.load_catalog().practice_model()
    library = Library(context.models_dir)
    assert practice.file is not None
    assert find_model(catalog.load_catalog(), library, practice.file.name) == practice
    assert find_model(catalog.load_catalog(), library, practice.id) == practice


def test_the_catalog_itself_has_no_own_models():
    known = catalog.load_catalog()
    own = known.models[0].model_copy(update={"status": "own"})
    with pytest.raises(ValueError, match="own"):
        known.model_validate({**known.model_dump(), "models": [own.model_dump()]})


def test_odd_licences_and_quantizations(context, tmp_path):
    keys = [
        making.string("general.architecture", "llama"),
        making.string("general.license", "apache\x1b[31m"),
        making.uint32("general.file_type", 9999),
    ]
    data = making.head(len(keys), 1) + b"".join(keys) + making.tensor("w", (64,), 3, 0)
    data += b"\0" * (-len(data) % 32) + struct.pack("<40x")
    add(context, tmp_path, data)
    model = find_model(catalog.load_catalog(), Library(context.models_dir), NAME)
    assert model.licence.name == ""
    assert model.quantization is None

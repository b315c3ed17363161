"""The plan around a fit: for this computer and for another one, with wishes, before a download."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from launcher import catalog, lesson
from launcher.__main__ import main
from launcher.catalog.schema import CatalogModel
from launcher.errors import PaadjeError
from launcher.hardware import profile_to_dict
from launcher.hardware.profile import MachineProfile, Probed
from launcher.lesson.here import Here
from launcher.lesson.plan import LaunchPlan
from launcher.lesson.types import Context, PlanWishes
from launcher.models import fetch, remote_header
from launcher.models.gguf import GgufHeader, read_header
from launcher.units import GIB
from tests.unit.fit.computers import A31B, CATALOG, E2B, E4B, MACHINES, PRACTICE, machine
from tests.unit.fit.headers import MODELS, write

APP = "feedback-companion"


@pytest.fixture
def context(home: Path) -> Context:
    return lesson.open_context({"PAADJE_HOME": str(home)}, lang="nl")


def elsewhere(context: Context, name: str, **wishes: Any) -> LaunchPlan:
    return lesson.make_plan(context, APP, PlanWishes(**wishes), machine=machine(name))


@pytest.fixture
def here(context: Context, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LaunchPlan]:
    """Plans for this computer as if it were another, with the given models in reach."""

    def plan(
        where: MachineProfile, reach: Callable[[CatalogModel], bool], **wishes: Any
    ) -> LaunchPlan:
        monkeypatch.setattr(Here, "machine", lambda self, engine: where)
        monkeypatch.setattr(fetch, "reachable", lambda model, **_: reach(model))
        return lesson.make_plan(context, APP, PlanWishes(**wishes))

    return plan


def codes(plan: LaunchPlan) -> list[str]:
    return [reason.code for reason in plan.reasons]


# --- another computer ---------------------------------------------------------------------------


def run(arguments: list[str], home: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = main(arguments)  # PAADJE_HOME is set for every test.
    return code, json.loads(capsys.readouterr().out)


def test_it_plans_for_another_computer_with_the_same_code(
    context: Context, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = MACHINES / "windows-32gb-rtx4090.json"
    code, answer = run(["plan", APP, "--machine", str(file), "--json"], home, capsys)
    assert code == 0
    same = elsewhere(context, "windows-32gb-rtx4090")
    assert answer["data"]["model"] == same.model == A31B
    assert answer["data"]["verdict"] == "full_gpu"
    assert answer["data"]["fetch_bytes"] == same.files[0].size_bytes
    assert answer["data"]["speed"]["basis"] == "estimate"


def test_what_doctor_prints_can_be_planned_for(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {"version": 1, "ok": True, "error": None}
    report["data"] = {"machine": profile_to_dict(machine("wsl-16gb"))}
    file = tmp_path / "doctor.json"
    file.write_text(json.dumps(report))
    code, answer = run(["plan", APP, "--machine", str(file), "--json"], home, capsys)
    assert code == 0
    assert answer["data"]["model"] == E2B


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "cli.no_such_file"),
        ("no json", "hardware.profile_invalid"),
        ("[1, 2]", "hardware.profile_invalid"),
        ('{"os": "linux"}', "hardware.profile_invalid"),
        ('{"data": {"machine": 3}}', "hardware.profile_invalid"),
    ],
)
def test_a_file_that_is_no_computer_is_said(
    content: str | None, code: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.json"
    if content is not None:
        file.write_text(content)
    exit_code, answer = run(["plan", APP, "--machine", str(file), "--json"], home, capsys)
    assert exit_code != 0
    assert answer["error"]["code"] == code


def test_a_computer_without_avx2_is_refused_before_anything_is_fetched(context: Context) -> None:
    with pytest.raises(PaadjeError, match="no_avx2"):
        elsewhere(context, "windows-4gb-celeron")


# --- this computer ------------------------------------------------------------------------------


def test_a_better_model_is_named_also_when_it_would_be_slow(
    here: Callable[..., LaunchPlan],
) -> None:
    def practice_only(model: CatalogModel) -> bool:
        return model.status == "practice"

    fast = here(machine("windows-32gb-rtx4090"), practice_only)
    assert fast.model == PRACTICE
    (notice,) = [r for r in fast.reasons if r.code == "better_model_unreachable"]
    assert notice.params["model"] == CATALOG.model(A31B).name
    slow = here(machine("linux-container-24gb"), practice_only)
    assert slow.model == PRACTICE
    assert "better_model_unreachable" in codes(slow)


def test_a_file_that_is_here_needs_no_room_on_the_disk(
    here: Callable[..., LaunchPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = replace(
        machine("windows-16gb-iris-xe"),
        disk_free_bytes=Probed(value=GIB, source="test", confidence="measured"),
    )
    monkeypatch.setattr(
        Here, "missing_bytes", lambda self, model: 0 if model.id == E2B else 10 * GIB
    )
    plan = here(full, lambda model: True)
    assert plan.model == E2B
    assert plan.verdict != "no"
    assert (plan.fetch_bytes, plan.disk_needed_bytes) == (0, 0)


def test_a_model_that_was_asked_for_and_does_not_do_names_one_that_does(context: Context) -> None:
    plan = elsewhere(context, "wsl-16gb", model=A31B)
    assert plan.verdict == "no"
    (instead,) = [reason for reason in plan.reasons if reason.code == "try_instead"]
    assert instead.params["model"] == CATALOG.model(E2B).name
    assert any(each.model == E2B for each in plan.alternatives)


def test_a_long_wait_is_told_with_a_smaller_models(context: Context) -> None:
    plan = elsewhere(context, "windows-16gb-rtx3060")
    (smaller,) = [reason for reason in plan.reasons if reason.code == "smaller_model"]
    last = plan.speed.class_last_s.likely
    assert last is not None
    assert float(smaller.params["last_s"]) <= 0.6 * last
    text = " ".join(lesson.explain_plan(context, plan))
    assert f"Met een kleiner model ({smaller.params['model']}) is de klas klaar na" in text


def test_wishes_reach_the_choice(context: Context) -> None:
    plain = elsewhere(context, "windows-16gb-cpu-build")
    hasty = elsewhere(context, "windows-16gb-cpu-build", class_minutes=8)
    waits = [plan.speed.class_last_s.likely for plan in (hasty, plain)]
    assert None not in waits
    assert waits == sorted(waits)  # type: ignore[type-var]
    european = elsewhere(context, "windows-64gb-rtx5000-16gb", prefer=("eu",))
    assert CATALOG.model(european.model).made_in_eu


def test_engines_that_run_already_take_room(
    here: Callable[..., LaunchPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = here(machine("wsl-16gb"), lambda model: True)
    monkeypatch.setattr(Here, "in_use_bytes", lambda self: 3 * GIB)
    beside = here(machine("wsl-16gb"), lambda model: True)
    assert alone.memory_free_bytes is not None
    assert beside.memory_free_bytes == alone.memory_free_bytes - 3 * GIB


def test_what_the_app_itself_needs_is_kept_free(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = catalog.load_recipe(APP)
    usual = elsewhere(context, "wsl-16gb")
    needs = recipe.needs.model_copy(update={"memory_bytes": recipe.needs.memory_bytes + 3 * GIB})
    monkeypatch.setattr(
        catalog, "load_recipe", lambda _: recipe.model_copy(update={"needs": needs})
    )
    hungry = elsewhere(context, "wsl-16gb")
    assert usual.memory_free_bytes is not None
    assert hungry.memory_free_bytes == usual.memory_free_bytes - 3 * GIB


# --- the header, before the download ------------------------------------------------------------


def test_the_header_is_read_when_asked_for_and_remembered(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = read_header(write(tmp_path, "e4b", MODELS["gemma-4-e4b"]))
    asked: list[str] = []

    def read(file: Any, **_: Any) -> GgufHeader:
        asked.append(file.name)
        return header

    monkeypatch.setattr("launcher.lesson.here.header_of_model", read)
    before = elsewhere(context, "windows-16gb-iris-xe", model=E4B)
    assert asked == []
    after = elsewhere(context, "windows-16gb-iris-xe", model=E4B, read_header=True)
    assert len(asked) == 1
    # The table of words of this header is kept twice, which the catalog cannot know.
    assert after.memory.weights_bytes > before.memory.weights_bytes
    again = elsewhere(context, "windows-16gb-iris-xe", model=E4B, read_header=True)
    assert (len(asked), again.memory) == (1, after.memory)
    chosen = elsewhere(context, "windows-16gb-iris-xe", read_header=True)
    assert chosen.model


def test_without_the_header_the_catalog_does(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(file: Any, **_: Any) -> GgufHeader:
        raise PaadjeError("models.unreachable", host="hub")

    monkeypatch.setattr("launcher.lesson.here.header_of_model", read)
    plan = elsewhere(context, "wsl-16gb", read_header=True)
    assert plan == elsewhere(context, "wsl-16gb")


def test_a_header_that_is_silent_leaves_the_catalogs_figures(
    context: Context, tmp_path: Path
) -> None:
    known = context.paths.cache / "headers"
    known.mkdir(parents=True)
    file = CATALOG.model(E4B).file
    assert file is not None
    (known / f"{file.sha256}.json").write_text('{"layers": 42}')
    assert elsewhere(context, "wsl-16gb", model=E4B) == elsewhere(context, "wsl-16gb", model=E4B)
    (known / f"{file.sha256}.json").write_text('{"layers": -1}')
    assert elsewhere(context, "wsl-16gb", model=E4B).memory.kv_cache_bytes > 0


def test_the_cap_is_the_specifications() -> None:
    assert (remote_header.FIRST_BYTES, remote_header.MOST_BYTES) == (2 << 20, 32 << 20)

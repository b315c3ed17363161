"""The project's wheel in environments that hold nothing else. Started by packaging/prove.sh."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from builder import common, tree

from tests.packaging.kitchen import copy_model, last_json


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = common.Options(
        out=folder, work=folder, cache=folder, proof=True, cpython=None, version="0", epoch=10**9
    )
    return tree.build_wheel(folder / "made", options)


def clean(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PAADJE_HOME": str(folder / "Paadje"), "PAADJE_LANGUAGE": "nl"}


def works(command: list[str | Path], folder: Path, starter_model: Path) -> None:
    environment = clean(folder)
    catalog = subprocess.run(
        [*command, "catalog", "--json"], env=environment, capture_output=True, text=True,
        check=True, cwd=folder,
    )  # fmt: skip
    assert "feedback-companion" in catalog.stdout
    models = copy_model(starter_model, folder / "models")
    done = subprocess.run(
        [*command, "--selftest", "--models", models, "--json"],
        env=environment, capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    failed = [c for c in last_json(done.stdout)["data"]["checks"] if not c["ok"]]
    assert failed == []
    assert done.returncode == 0


def test_pip_install(wheel: Path, tmp_path: Path, starter_model: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "pip", "install", "--quiet"]
    subprocess.run([*pip, wheel], check=True, env=clean(tmp_path))
    works([environment / "bin" / "paadje"], tmp_path, starter_model)


def test_uv_tool_install(wheel: Path, tmp_path: Path, starter_model: Path) -> None:
    environment = {
        **clean(tmp_path),
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    command = [sys.executable, "-m", "uv", "tool", "install", "--quiet", "--python"]
    subprocess.run([*command, sys.executable, wheel], check=True, env=environment)
    works([tmp_path / "bin" / "paadje"], tmp_path, starter_model)

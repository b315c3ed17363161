"""What is loaded, measured in a fresh interpreter: layers on paper are not enough."""

import json
import subprocess
import sys

import pytest

HEAVY = ("textual", "huggingface_hub", "starlette", "xllamacpp", "uvicorn", "keyring", "numpy")


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys, json; print('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "from launcher.__main__ import main; main(['--version'])",
        "from launcher.__main__ import main; main(['--help'])",
        "from launcher.__main__ import main; main(['plan', '--help'])",
        "import launcher.lesson",
    ],
)
def test_the_core_starts_light(code: str) -> None:
    assert not loaded_by(code).intersection(HEAVY)


def test_the_version_needs_nothing_else() -> None:
    loaded = loaded_by("from launcher.__main__ import main; main(['--version'])")
    ours = {name for name in loaded if name.startswith("launcher")}
    assert ours == {"launcher", "launcher.__main__", "launcher.errors"}


@pytest.mark.parametrize("program", ["launcher.gateway", "launcher.apps.feedback_companion"])
def test_programs_cannot_reach_the_machine(program: str) -> None:
    modules = loaded_by(
        f"import pkgutil, importlib, {program} as p\n"
        "for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.'):\n"
        "    if not m.name.endswith('__main__'): importlib.import_module(m.name)"
    )
    core = {
        f"launcher.{name}"
        for name in ("lesson", "host", "engines", "models", "services", "settings", "paths", "cli")
    }
    assert not modules.intersection(core)

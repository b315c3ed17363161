"""Whatever goes wrong: a clear answer in both languages, and the exit code of the contract."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import catalog
from tests.conftest import require
from tests.e2e.conftest import ROOT, Done, Paadje

START = ("start", "feedback-companion", "--yes", "--share", "local", "--detach", "--json")
NO_INDEX = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
    "PAADJE_HF_ENDPOINT": "http://127.0.0.1:9",
}


def practice_file(paadje: Paadje) -> Path:
    file = catalog.load_catalog().practice_model().file
    assert file is not None
    return paadje.models_dir / file.name


def refused(done: Done, exit_code: int, error_code: str) -> dict[str, str]:
    error = done.error
    assert (done.code, error["code"]) == (exit_code, error_code), error
    assert error["message"]
    assert error["advice"]
    return error


def in_both_languages(paadje: Paadje, *arguments: str) -> tuple[dict[str, str], dict[str, str]]:
    dutch = paadje(*arguments, "--json", "--lang", "nl").error
    english = paadje(*arguments, "--json", "--lang", "en").error
    assert dutch["code"] == english["code"]
    assert dutch["message"] != english["message"]
    assert dutch["advice"] != english["advice"]
    return dutch, english


def test_unknown_app(paadje: Paadje) -> None:
    dutch, _ = in_both_languages(paadje, "plan", "feedback-compagnon")
    assert dutch["code"] == "catalog.unknown_app"
    assert "feedback-companion" in dutch["advice"]
    assert paadje("plan", "feedback-compagnon", "--json").code == 2


def test_unknown_command_and_option(paadje: Paadje) -> None:
    error = refused(paadje("strat", "--json"), 2, "cli.unknown_command_near")
    assert "start" in error["advice"]
    refused(paadje("plan", "--json", "--student", "3", "x"), 2, "cli.too_much")
    refused(paadje("plan", "feedback-companion", "--json", "--students", "0"), 2, "cli.not_between")
    refused(
        paadje("plan", "feedback-companion", "--json", "--students", "NaN"), 2, "cli.not_between"
    )


def test_people_get_sentences_on_standard_error(paadje: Paadje) -> None:
    done = paadje("plan", "nothing", "--lang", "nl")
    assert done.out == ""
    assert "nothing" in done.err
    assert len(done.err.splitlines()) >= 2


def test_broken_recipe_gives_all_findings(paadje: Paadje, tmp_path: Path) -> None:
    recipe = tmp_path / "feedback-companion.toml"
    text = (ROOT / "recipes" / "feedback-companion.toml").read_text(encoding="utf-8")
    broken = text.replace('audience = "class"', 'audiance = "class"')
    broken = broken.replace("{gateway_key}", "{gatewaykey}")
    broken = broken.replace("context_tokens = 4096", 'context_tokens = "many"')
    recipe.write_text(broken, encoding="utf-8")
    done = paadje("recipe", "check", str(recipe), "--lang", "en")
    assert done.code == 2
    for word in ("audiance", "audience", "gatewaykey", "gateway_key", "context_tokens"):
        assert word in done.out
    error = refused(paadje("recipe", "check", str(recipe), "--json"), 2, "catalog.recipe_broken")
    assert "gatewaykey" in error["detail"]
    assert "audiance" in error["detail"]
    assert paadje("recipe", "check", str(ROOT / "recipes" / "feedback-companion.toml")).code == 0


def test_recipe_that_is_not_there(paadje: Paadje) -> None:
    refused(paadje("recipe", "check", "nowhere.toml", "--json"), 2, "cli.no_such_file")


def test_corrupt_model(ready: Paadje) -> None:
    model = practice_file(ready)
    broken = bytearray(model.read_bytes())
    broken[50_000_000] ^= 1
    model.unlink()
    model.write_bytes(broken)
    done = ready(*START)
    assert done.code == 1
    assert done.error["code"].startswith("models."), done.error
    assert done.error["advice"]
    assert not ready.processes()


def test_half_a_model(ready: Paadje) -> None:
    model = practice_file(ready)
    half = model.read_bytes()[:40_000_000]
    model.unlink()
    model.write_bytes(half)
    done = ready(*START)
    assert done.code == 1
    assert done.error["code"].startswith("models."), done.error


def test_wrong_hash(paadje: Paadje, starter_model: Path, tmp_path: Path) -> None:
    file = catalog.load_catalog().practice_model().file
    assert file is not None
    stick = tmp_path / "stick"
    stick.mkdir()
    wrong = bytearray(starter_model.read_bytes())
    wrong[-1] ^= 1
    (stick / file.name).write_bytes(wrong)
    paadje.environ |= NO_INDEX
    done = paadje(
        "install", "feedback-companion", "--model", "smollm2-135m-instruct-q4_1",
        "--from", str(stick), "--yes", "--json",
    )  # fmt: skip
    assert done.code == 1
    assert file.sha256 in done.error["detail"]
    assert not practice_file(paadje).exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    require(shutil.which("mount") is not None and os.geteuid() == 0, "a small disk needs root")
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_no_disk_space(paadje: Paadje, small_disk: Path) -> None:
    paadje.environ["PAADJE_MODELS_DIR"] = str(small_disk / "models")
    done = paadje(
        "install", "feedback-companion", "--model", "smollm2-135m-instruct-q4_1", "--yes", "--json"
    )
    error = refused(done, 1, "models.no_disk_space")
    assert "GB" in error["message"] + error["advice"]


def test_port_taken(ready: Paadje) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = ready(*START, "--port", str(port))
        error = refused(done, 1, "lesson.port_taken")
        assert str(port) in error["message"]
    assert not ready.processes()


def test_no_index_reachable(paadje: Paadje) -> None:
    paadje.environ |= NO_INDEX
    done = paadje(*START, "--model", "smollm2-135m-instruct-q4_1")
    error = refused(done, 1, "models.no_index")
    assert error["detail"]
    dutch, english = in_both_languages(
        paadje, "install", "feedback-companion", "--yes", "--model", "smollm2-135m-instruct-q4_1"
    )
    assert dutch["code"] == english["code"] == "models.no_index"


def test_nothing_is_fetched_without_consent(paadje: Paadje) -> None:
    refused(paadje("install", "feedback-companion", "--json"), 2, "cli.needs_yes")
    assert not paadje.models_dir.exists()


def test_unknown_model_engine_and_address(paadje: Paadje) -> None:
    refused(
        paadje("plan", "feedback-companion", "--json", "--model", "gemma-9"),
        2,
        "catalog.unknown_model",
    )
    refused(
        paadje("plan", "feedback-companion", "--json", "--model", "geitje-7b"),
        2,
        "lesson.model_withheld",
    )
    refused(
        paadje("plan", "feedback-companion", "--json", "--engine", "magic"),
        2,
        "engines.unknown",
    )


def test_unknown_lesson(paadje: Paadje) -> None:
    refused(paadje("stop", "yesterday", "--json"), 2, "lesson.unknown_lesson")
    refused(paadje("logs", "../..", "--json"), 2, "lesson.unknown_lesson")
    refused(paadje("share", "--json"), 1, "lesson.none_running")
    assert paadje("stop", "--all", "--json").data == {"stopped": []}


TOO_OLD = """
import sys
sys.path.insert(0, {packaging!r})
sys.version_info = (3, 8, 1, "final", 0)
sys.argv = ["paadje", "--lang", {lang!r}] + {more!r}
import bootstrap
bootstrap.KNOWN = []
bootstrap.run(["-m", "launcher"], "runtime.txt")
"""


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_python_too_old(lang: str, more: list[str]) -> None:
    script = TOO_OLD.format(packaging=str(ROOT / "packaging"), lang=lang, more=more)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = done.stdout if more else done.stderr
    assert "3.11" in said
    assert "3.8" in said
    if more:
        assert json.loads(done.stdout)["error"]["code"] == "core.python_too_old"
    else:
        assert ("te oud" if lang == "nl" else "too old") in said


HELD = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # Tests that run in the background ignore it.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
os.kill(os.getpid(), signal.SIGINT)
os.execv(sys.executable, [sys.executable, "-X", "utf8", "-m", "launcher", "doctor", *sys.argv[1:]])
"""
BEFORE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {packaging!r})
import bootstrap
bootstrap.hold_interrupts(True)
if {early}:
    os.kill(os.getpid(), signal.SIGINT)
bootstrap.prepare = lambda lock: sys.executable
asks = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
bootstrap.run(["-c", asks], "runtime.txt", answers_interrupts={answers})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot hold an interrupt back")
@pytest.mark.parametrize(("lang", "said"), [("nl", "Gestopt"), ("en", "Stopped")])
def test_ctrl_c_while_it_opens_is_answered_in_words(home: Path, lang: str, said: str) -> None:
    """Pressed at the very beginning: it waits until there is something that can answer."""
    done = subprocess.run(
        [sys.executable, "-c", HELD, "--lang", lang], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert said in done.stderr
    assert not done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot hold an interrupt back")
def test_only_a_program_that_answers_ctrl_c_gets_it_held_back() -> None:
    def runs(*, early: bool = False, answers: bool = True) -> tuple[int, str, str]:
        script = BEFORE.format(packaging=str(ROOT / "packaging"), early=early, answers=answers)
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout.strip(), done.stderr

    assert runs() == (0, "True", "")
    assert runs(answers=False) == (0, "False", "")
    # While the environment is made it is not held back.
    assert runs(early=True) == (130, "", "")


def test_an_environment_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, ROOT / "paadje", "status", "--json", "--lang", "en"],
        env={**os.environ, "PAADJE_ENVIRONMENTS": str(tmp_path / "file")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["error"]["code"] == "core.no_environment"


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8"])
def test_a_really_old_python_can_still_say_so(version: str) -> None:
    old = next(Path.home().glob(f".pyenv/versions/{version}*/bin/python"), None)
    if old is None:
        pytest.skip(f"no Python {version} here; the test above stands for it")
    done = subprocess.run(
        [old, ROOT / "paadje", "--version"],
        env={"PATH": "", "LANG": "en_GB.UTF-8"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"too old" in done.stderr
    assert b"Traceback" not in done.stderr

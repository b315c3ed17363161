"""The .run and the .deb, used as a teacher and as IT would. Started by packaging/prove.sh."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher import catalog
from launcher.models.library import Library
from tests.e2e import test_main_job
from tests.e2e.conftest import Done, Paadje
from tests.packaging.kitchen import (
    NEW,
    OLD,
    PROOFS,
    User,
    build,
    copy_model,
    last_json,
    note,
    open_folder,
    screen,
    wait_until,
)

APP = "$HOME/.local/lib/paadje"
PAADJE = '"$HOME/.local/bin/paadje"'
START = (
    f"{PAADJE} start feedback-companion --model smollm2-135m-instruct-q4_1 --yes "
    "--share local --detach --json"
)


@pytest.fixture
def user() -> Iterator[User]:
    with open_folder() as folder:
        yield User(folder / "people")


@pytest.fixture
def models(starter_model: Path) -> Iterator[Path]:
    with open_folder() as folder:
        yield copy_model(starter_model, folder / "models")


def install(user: User, package: Path) -> None:
    done = user.run(package, "--quiet", "--", "--no-kit")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("target", ["linux-run", "linux-deb"])
def test_the_same_inputs_give_the_same_bytes(target: str) -> None:
    assert build(target, copy="-again").read_bytes() == build(target).read_bytes()


def test_it_works_without_network_and_without_pip(user: User, models: Path) -> None:
    install(user, build("linux-run"))
    user.script(f'rm -r "{APP}"/app/python/lib/python3.13/site-packages/pip*')
    done = user.run(user.home / ".local/bin/paadje", "--selftest", "--models", models, "--json")
    result = last_json(done.stdout)
    note(f"selftest of the .run: {result['data']}")
    assert done.returncode == 0, done.stdout
    assert [check["name"] for check in result["data"]["checks"] if not check["ok"]] == []


def test_a_broken_part_is_found(user: User, models: Path) -> None:
    install(user, build("linux-run"))
    user.script(f'rm "{APP}"/app/python/lib/python3.13/site-packages/sqlcipher3/*.so')
    done = user.run(user.home / ".local/bin/paadje", "--selftest", "--models", models, "--json")
    assert done.returncode == 1
    assert not last_json(done.stdout)["ok"]


def opens_a_terminal_with_the_screens(user: User, entry: Path, picture: Path) -> None:
    subprocess.run(["desktop-file-validate", entry], check=True)
    with screen(77) as display:
        # The namespace ends with its first process, and everything in it.
        wait = 'gio launch "$0"; until [ -e "$HOME/stop" ]; do sleep 0.2; done'
        command = user.command("sh", "-c", wait, entry, DISPLAY=display)
        desktop = subprocess.Popen(command, cwd=user.temporary)
        try:
            here = {**os.environ, "DISPLAY": display}
            search = ["xdotool", "search", "--onlyvisible", "--name", "^Paadje$"]

            def has_a_window() -> bool:
                found = subprocess.run(search, env=here, capture_output=True, check=False)
                return found.returncode == 0

            wait_until(has_a_window)

            def shows_the_screens() -> bool:
                subprocess.run(["import", "-window", "root", picture], env=here, check=True)
                count = ["identify", "-format", "%k", picture]
                colours = int(subprocess.run(count, capture_output=True, check=True).stdout)
                return colours > 60  # A bare terminal has a handful.

            wait_until(shows_the_screens)
        finally:
            (user.home / "stop").touch()
            desktop.wait()


def test_the_desktop_entry_opens_a_terminal_with_the_screens(user: User) -> None:
    install(user, build("linux-run"))
    assert (user.home / ".local/share/icons/hicolor/256x256/apps/paadje.png").is_file()
    entry = user.home / ".local/share/applications/paadje.desktop"
    opens_a_terminal_with_the_screens(user, entry, PROOFS / "desktop-entry-run.png")


def test_the_desktop_entry_of_the_deb_does_so_too(user: User) -> None:
    with installed_deb():
        entry = Path("/usr/share/applications/paadje.desktop")
        opens_a_terminal_with_the_screens(user, entry, PROOFS / "desktop-entry-deb.png")


@contextmanager
def installed_deb(version: str = OLD) -> Iterator[None]:
    try:
        subprocess.run(["dpkg", "-i", build("linux-deb", version=version)], check=True)
        yield
    finally:
        subprocess.run(["dpkg", "-P", "paadje"], check=True)


@dataclass
class Installed(Paadje):
    """The e2e tests' Paadje, but the one that an installer put there."""

    program: str = "paadje"

    def __call__(self, *arguments: str, timeout_s: float = 240) -> Done:
        done = subprocess.run(
            [self.program, *arguments], env=self.environment(), cwd=self.home.parent,
            capture_output=True, encoding="utf-8", timeout=timeout_s, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("target", ["linux-run", "linux-deb"])
def test_the_main_job_is_done(target: str, models: Path, tmp_path: Path) -> None:
    """A student reads feedback that the teacher released, in a browser."""
    paadje = Installed(tmp_path / "Paadje", {"PAADJE_OFFLINE": "true"})
    shutil.copytree(models, paadje.models_dir)
    practice = catalog.load_catalog().practice_model().file
    assert practice is not None
    assert Library(paadje.models_dir).adopt(practice)
    with ExitStack() as installed:
        if target == "linux-deb":
            installed.enter_context(installed_deb())
        else:
            own = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "share")}
            package = [build("linux-run"), "--quiet", "--", "--no-kit"]
            subprocess.run(package, env=own, check=True)
            paadje.program = str(tmp_path / ".local/bin/paadje")
        try:
            test_main_job.test_from_nothing_to_feedback_on_a_phone(paadje, tmp_path)
        finally:
            paadje("stop", "--all")


def test_update_keeps_models_and_data_and_does_not_cut_off_a_lesson(
    user: User, models: Path
) -> None:
    install(user, build("linux-run", version=OLD))
    new = build("linux-run", version=NEW)
    output = user.script(f"""
        {PAADJE} install feedback-companion --model smollm2-135m-instruct-q4_1 \\
            --from "{models}" --yes
        {START}
        code=0; "{new}" --quiet -- --no-kit || code=$?
        echo "during the lesson: $code"
        ls "{APP}"
        {PAADJE} --version
        {PAADJE} stop --all
        "{new}" --quiet -- --no-kit
        {PAADJE} --version
        {PAADJE} models --json
        {START}
        {PAADJE} stop --all
    """)
    assert "during the lesson: 10" in output
    assert "Er draait nog een les." in output
    assert "app.new" not in output
    assert output.index(f"paadje {OLD}") < output.index(f"paadje {NEW}")
    assert "SmolLM2-135M-Instruct.Q4_1.gguf" in output


def test_a_full_disk_leaves_the_old_version(user: User) -> None:
    """The copy fails halfway: what was there still works, and nothing of the new one is left."""
    install(user, build("linux-run", version=OLD))
    new = build("linux-run", version=NEW)
    output = user.script(f"""
        code=0; (ulimit -f 51200; "{new}" --quiet --nodiskspace -- --no-kit) || code=$?
        echo "code $code"
        {PAADJE} --version
        ls "{APP}"
    """)
    assert "code 0" not in output
    assert f"paadje {OLD}" in output
    assert "app.new" not in output


def test_the_receipt_is_true_and_nothing_is_left(user: User, models: Path) -> None:
    before = user.files()
    install(user, build("linux-run"))
    user.script(f"""
        {PAADJE} install feedback-companion --model smollm2-135m-instruct-q4_1 \\
            --from "{models}" --yes
        {START}
        {PAADJE} stop --all
    """)
    kept = user.script(f'sh "{APP}/uninstall.sh" --keep')
    assert "blijven staan" in kept
    for line in kept.splitlines():
        if line.startswith("  /"):
            assert Path(line.strip()).exists()
    left = [name for name in user.files() if name not in before]
    assert left
    assert all("Paadje" in Path(name).parts for name in left if "mimeinfo" not in name)
    assert any(name.endswith(".gguf") for name in left)

    install(user, build("linux-run"))
    gone = user.script(f'sh "{APP}/uninstall.sh" --everything')
    assert "Er blijft niets over." in gone
    left = [name for name in user.files() if name not in before]
    # The desktop's own table of which program opens what, rebuilt by its own tool.
    assert [name for name in left if not name.endswith("mimeinfo.cache")] == []
    assert not [path for path in user.home.rglob("*") if path.name.lower() == "paadje"]


def test_the_deb_is_installed_updated_and_removed(user: User, models: Path) -> None:
    new = build("linux-deb", version=NEW)
    with installed_deb(OLD):
        lesson = user.command("bash", "-c", f"""
            paadje install feedback-companion --model smollm2-135m-instruct-q4_1 \\
                --from "{models}" --yes &&
            {START.replace(PAADJE, "paadje")} && touch "$HOME/started" &&
            until [ -e "$HOME/stop" ]; do sleep 0.2; done; paadje stop --all
        """)  # fmt: skip
        running = subprocess.Popen(lesson, cwd=user.temporary)
        try:
            wait_until((user.home / "started").exists, 300)
            for command in (["dpkg", "-i", new], ["dpkg", "-r", "paadje"]):
                refused = subprocess.run(command, capture_output=True, text=True, check=False)
                assert refused.returncode != 0
                assert "les" in refused.stderr or "lesson" in refused.stderr
            version = subprocess.run(
                ["paadje", "--version"], capture_output=True, text=True, check=False
            )
            assert version.stdout == f"paadje {OLD}\n"
        finally:
            (user.home / "stop").touch()
            running.wait()
        subprocess.run(["dpkg", "-i", new], check=True)
        done = user.run("paadje", "--selftest", "--models", models, "--json")
        assert done.returncode == 0, done.stdout
        gone = user.run("paadje", "uninstall", "--everything")
        assert gone.returncode == 0, gone.stdout
    for place in ("/usr/lib/paadje", "/usr/bin/paadje", "/usr/share/applications/paadje.desktop"):
        assert not Path(place).exists()
    assert [name for name in user.files() if name not in ("started", "stop")] == []

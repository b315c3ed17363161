"""What a child gets to see of our environment."""

import sys
from pathlib import Path

import launcher
from launcher.services.process import child_environment

BASE = {
    "PATH": "/bin",
    "HOME": "/home/els",
    "HTTP_PROXY": "http://proxy",
    "https_proxy": "http://proxy",
    "HF_TOKEN": "secret",
    "SOME_API_KEY": "secret",
    "PYTHONPATH": "/elsewhere",
}


def test_secrets_and_proxies_of_the_session_stay_out() -> None:
    env = child_environment(["/usr/bin/node"], {}, BASE)
    assert env == {"PATH": "/bin", "HOME": "/home/els"}


def test_what_is_meant_for_the_child_comes_in() -> None:
    env = child_environment(["/usr/bin/node"], {"APP_TOKEN": "x", "HOME": "/h"}, BASE)
    assert env["APP_TOKEN"] == "x"
    assert env["HOME"] == "/h"


def test_our_own_programs_find_our_package_and_nothing_in_the_current_folder() -> None:
    env = child_environment([sys.executable, "-m", "launcher.gateway"], {}, BASE)
    assert (Path(env["PYTHONPATH"]) / "launcher" / "__init__.py").samefile(launcher.__file__)
    assert env["PYTHONSAFEPATH"] == "1"

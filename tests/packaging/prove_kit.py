"""A kit on a stick: installed and a lesson started without any network. Started by prove.sh."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.packaging.kitchen import ROOT, User, build, copy_model, open_folder


def test_a_class_kit(starter_model: Path) -> None:
    installer = build("linux-run")
    with open_folder() as folder:
        library = folder / "home" / "data" / "models"
        copy_model(starter_model, library)
        stick = folder / "STICK"
        command = [
            sys.executable, ROOT / "packaging" / "build.py", "--proof", "--target", "kit",
            "--app", "feedback-companion", "--stick", stick, "--out", installer.parent,
            "--model", "smollm2-135m-instruct-q4_1", "--models-from", library,
        ]  # fmt: skip
        environment = {**os.environ, "PAADJE_HOME": str(folder / "home"), "PAADJE_OFFLINE": "1"}
        subprocess.run(command, check=True, env=environment)
        again = [str(word).replace(str(stick), str(folder / "again")) for word in command]
        subprocess.run(again, check=True, env=environment)
        assert (folder / "again/SHA256SUMS").read_bytes() == (stick / "SHA256SUMS").read_bytes()
        shutil.rmtree(folder / "home")

        kit = json.loads((stick / "models" / "kit.json").read_text(encoding="utf-8"))
        assert [model["id"] for model in kit["models"]] == ["smollm2-135m-instruct-q4_1"]
        for line in (stick / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
            expected, name = line.split("  ", 1)
            assert hashlib.sha256((stick / name).read_bytes()).hexdigest() == expected
        page = (stick / "LEES-MIJ.html").read_text(encoding="utf-8")
        assert f"Linux/{installer.name}" in page
        assert "@" not in page
        for name in re.findall(r'href="([^"]+)"', page):
            assert (stick / name).is_file()
        assert not list((stick / "models").glob(".*"))
        for path in stick.rglob("*"):
            path.chmod(path.stat().st_mode | 0o044 | (0o011 if path.is_dir() else 0))

        user = User(folder / "people")
        output = user.script(f"""
            "{stick}/Linux/{installer.name}" --quiet -- --kit
            p="$HOME/.local/bin/paadje"
            "$p" models
            "$p" start feedback-companion --yes --share local --detach --json
            "$p" status
            "$p" stop --all
        """)
        assert "SmolLM2-135M-Instruct.Q4_1.gguf" in output
        assert '"ok": true' in output

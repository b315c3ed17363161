"""A headless Chromium for tests that look at pages, and axe-core to judge them."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import TEST_CACHE, require

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    require(CHROMIUM is not None, "Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


AXE = "4.14.1"


def axe_script() -> str:
    """The source of axe-core, fetched once from the package registry."""
    TEST_CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(TEST_CACHE / ".axe-lock"):
        script = TEST_CACHE / f"axe-{AXE}.js"
        if not script.is_file():
            require(shutil.which("npm") is not None, "npm is not installed")
            subprocess.run(
                ["npm", "pack", "--silent", f"axe-core@{AXE}"], cwd=TEST_CACHE, check=True
            )
            archive = TEST_CACHE / f"axe-core-{AXE}.tgz"
            with tarfile.open(archive) as packed:
                found = packed.extractfile("package/axe.min.js")
                assert found is not None
                script.write_bytes(found.read())
            archive.unlink()
        return script.read_text(encoding="utf-8")

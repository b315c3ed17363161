"""Where Paadje keeps things. Nothing is created here, and nothing is read at import."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

APP_NAME = "Paadje"
"""The name of its folders, where the system wants one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The folders of one installation.

    ``PAADJE_HOME`` moves all of them under one folder (a USB stick, a shared PC, a test);
    otherwise they follow the operating system, always local and never roaming or synced.
    """

    config: Path
    data: Path
    cache: Path
    logs: Path

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.toml"

    @property
    def models(self) -> Path:
        """Model files and their index."""
        return self.data / "models"

    @property
    def lessons(self) -> Path:
        """One folder for each lesson: its specification, its state and its apps' data."""
        return self.data / "lessons"

    @property
    def primed(self) -> Path:
        """What engines have read already for an activity; no student's text."""
        return self.data / "primed"

    @property
    def receipts(self) -> Path:
        """What was installed for which app."""
        return self.data / "installed"

    @property
    def reports(self) -> Path:
        """Reports of bugs, to send to the makers."""
        return self.logs / "reports"


def find_paths(environ: Mapping[str, str]) -> Paths:
    """The folders for this environment. ``PAADJE_HOME``, when set, must not be empty."""
    home = environ.get("PAADJE_HOME", "")
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(
            config=root / "config", data=root / "data", cache=root / "cache", logs=root / "logs"
        )
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(APP_NAME, appauthor=False, roaming=False)
    return Paths(
        config=dirs.user_config_path,
        data=dirs.user_data_path,
        cache=dirs.user_cache_path,
        logs=dirs.user_log_path,
    )

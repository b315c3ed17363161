"""Where and how the use cases work, from the environment of the process."""

from collections.abc import Mapping

from launcher.i18n import pick_language
from launcher.lesson.types import Context
from launcher.paths import find_paths
from launcher.settings import load_settings


def open_context(environ: Mapping[str, str], *, lang: str | None = None) -> Context:
    """Read paths and settings. Raises `UsageError` when the settings are not usable."""
    paths = find_paths(environ)
    settings = load_settings(paths, environ)
    return Context(
        paths=paths,
        settings=settings,
        lang=pick_language(lang or settings.language, environ),
        environ=environ,
    )

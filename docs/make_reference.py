"""Write docs/reference/command-line.*.md from the command line itself: ``--help`` of every verb.

Run it after a change in the command line: ``python -m docs.make_reference``. A test compares.
"""

import importlib
from pathlib import Path

from launcher.cli.app import VERBS
from launcher.cli.parser import overview
from launcher.i18n import LANGUAGES, translator

ROOT = Path(__file__).resolve().parent.parent
TITLES = {"nl": "# De opdrachten van Paadje", "en": "# The commands of Paadje"}


def page(lang: str) -> str:
    """The whole page in one language."""
    t = translator(lang)
    parts = [TITLES[lang], f"```text\n{overview(t, VERBS)}```"]
    for verb in VERBS:
        parser = importlib.import_module(f"launcher.cli.verb_{verb}").parser(t)
        parts.append(f"## paadje {verb}\n\n```text\n{parser.format_help().rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def file_of(lang: str) -> Path:
    return ROOT / "docs" / "reference" / f"command-line.{lang}.md"


if __name__ == "__main__":
    for lang in LANGUAGES:
        file_of(lang).write_text(page(lang), encoding="utf-8")

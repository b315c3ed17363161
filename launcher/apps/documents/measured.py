"""What was measured of the privacy check: the recorded answer of its benchmark, and how to say it.

python benchmarks/privacy.py --json > launcher/apps/documents/privacy.json
"""

import json
from datetime import date
from pathlib import Path

from launcher.apps.documents.values import PrivacyFigures
from launcher.i18n import Translator

FILE = Path(__file__).with_name("privacy.json")


def measured_privacy(file: Path = FILE) -> PrivacyFigures | None:
    """The figures of all sets together in the record; None when nothing was recorded."""
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return None
    found = report["sets"]["together"]["privacy check"]
    return PrivacyFigures(
        names_recall=found["kinds"]["name"]["recall"],
        all_recall=found["recall"],
        precision=found["precision"],
        texts=found["texts"],
        measured_on=date.fromisoformat(report["measured_on"]),
    )


def recall_sentence(found: PrivacyFigures | None, t: Translator) -> str:
    """What the check finds and what it misses, with when and on how many texts."""
    if found is None:
        return t("documents.recall.unknown")
    return t(
        "documents.recall",
        texts=t.number(found.texts),
        date=t.day(found.measured_on),
        names=t.number(100 * found.names_recall),
        everything=t.number(100 * found.all_recall),
        missed=t.number(100 - 100 * found.all_recall),
        precision=t.number(100 * found.precision),
    )

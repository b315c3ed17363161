"""What a student reads before anything can be handed in, and the proof that it was shown.

The page shows the notice together with its name, a digest of what it says. A choice is taken only
with that name, and a text only after a choice; so nobody can hand in without the notice.
"""

import hashlib
import json

from launcher.apps.feedback_companion.values import Activity
from launcher.i18n import LANGUAGES, translator

PARTS = ("ai", "place", "seen", "kept")


def notice_parts(
    activity: Activity, lang: str, *, model: str, auto_release: bool, server: str = ""
) -> tuple[tuple[str, str], ...]:
    """(title, text) of each part, in the order in which a student reads them.

    ``server`` is the school's, when the model runs there and texts go there.
    """
    t = translator(lang)
    parts = [
        (t(f"fc.notice.{name}.title"), t(f"fc.notice.{name}.text", model=model)) for name in PARTS
    ]
    if server:
        said = t("fc.notice.server.text", server=server)
        parts[PARTS.index("place")] = (t("fc.notice.server.title"), said)
    if activity.use == "teacher_first":
        parts[0] = (t("fc.notice.ai.title"), t("fc.notice.teacher_first.text", model=model))
    if activity.use == "coaching":
        parts.append((t("fc.notice.coaching.title"), t("fc.notice.coaching.text")))
    if auto_release and activity.use != "teacher_first":  # There the teacher writes it all.
        parts.append((t("fc.notice.auto.title"), t("fc.notice.auto.text")))
    return tuple(parts)


def notice_lead(activity: Activity, lang: str, *, auto_release: bool) -> str:
    t = translator(lang)
    if activity.use == "teacher_first":
        return t("fc.notice.teacher_first.lead")
    return t("fc.notice.lead_auto" if auto_release else "fc.notice.lead")


def notice_name(
    activity: Activity, lang: str, *, model: str, auto_release: bool, server: str = ""
) -> str:
    """Differs as soon as anything in the notice does."""
    said = (
        notice_lead(activity, lang, auto_release=auto_release),
        *notice_parts(activity, lang, model=model, auto_release=auto_release, server=server),
    )
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:24]


def notice_names(
    activity: Activity, *, model: str, auto_release: bool, server: str = ""
) -> frozenset[str]:
    """The notice in every language: a student may switch."""
    return frozenset(
        notice_name(activity, lang, model=model, auto_release=auto_release, server=server)
        for lang in LANGUAGES
    )

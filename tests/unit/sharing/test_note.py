"""The page for IT: what was seen, what is needed, and nothing that lets anybody in."""

import html

import pytest

from launcher.i18n import LANGUAGES, translator
from launcher.lesson.letter import write_page
from launcher.lesson.sharing import note_lines
from tests.tui.sharing_view import REACH_BEFORE, make_sharing


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("cause", [None, "isolation", "firewall"])
def test_it_says_what_is_needed_and_no_secret(tmp_path, lang: str, cause: str | None) -> None:
    t = translator(lang)
    reasons = ["public_network"] if cause == "firewall" else []
    view = make_sharing(
        reach={**REACH_BEFORE, "state": "unreached", "cause": cause},
        firewall={"shut": "yes", "reasons": reasons, "rule_would_help": False},
    )
    write_page(tmp_path / "ict.html", list(note_lines(view, t)), lang)
    page = (tmp_path / "ict.html").read_text(encoding="utf-8")
    assert view["address"] in page
    assert str(view["port"]) in page
    if cause is not None:
        assert html.escape(t(f"sharing.reach.cause.{cause}")) in page
    for reason in reasons:
        assert html.escape(t(f"sharing.firewall.{reason}")) in page
    for secret in (view["code"], view["join_url"].partition("#")[2], "projector"):
        assert secret not in page


def test_what_the_system_calls_a_connection_is_only_text(tmp_path) -> None:
    view = make_sharing(interface="<script>x</script>")
    write_page(tmp_path / "ict.html", list(note_lines(view, translator("nl"))), "nl")
    assert "<script>" not in (tmp_path / "ict.html").read_text(encoding="utf-8")

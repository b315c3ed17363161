"""The evaluation report and the compliance folder."""

import dataclasses
import io
import re
import zipfile
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest

from launcher.apps.documents import legal
from launcher.apps.documents.compliance import (
    NAMES,
    TEXTS,
    compliance_document,
    compliance_folder,
    compliance_zip,
)
from launcher.apps.documents.evaluation import evaluation_html, evaluation_markdown, share
from launcher.apps.documents.measured import measured_privacy, recall_sentence
from launcher.apps.documents.readability import interface_readability, measure
from launcher.apps.documents.values import (
    ComplianceFacts,
    Evaluation,
    ModelFigures,
    PrivacyFigures,
)
from launcher.i18n import translator

DAY = date(2026, 11, 22)
FACTS = ComplianceFacts(model="Qwen 8B", version="0.1", made_on=DAY)
FIGURES = ModelFigures(
    model="Qwen <8B>", prompt_version="7", calls=40, first_try=30, kept=28, abstained=4,
    dropped={"verdict": 5, "too_long": 2, "brand_new": 1}, approved=12, edited=8, rejected=5,
    not_reviewed=3, useful=2, wrong=1, not_understood=1, not_rated=21, seconds_per_call=3.14,
)  # fmt: skip
EVALUATION = Evaluation(
    lang="nl", title="Betoog", made_on=DAY, figures=(FIGURES,), submissions=10,
    not_counted={"withdrawn": 2},
)  # fmt: skip
LAW = re.compile(
    r"\bart(?:ikel|icle|\.)?\s?\d|\bavg\b|\bgdpr\b|ai act|ai-verordening|verordening|regulation"
    r"|bijlage|annex|hoog risico|high-risk",
    re.IGNORECASE,
)


def test_report_gives_counts_with_their_denominators() -> None:
    text = evaluation_markdown(EVALUATION, interface_readability())
    for expected in (
        "30 van de 40 (75 %)", "8 van de 25 (32 %)", "5 van de 25 (20 %)", "5 van de 8 (62 %)",
        "21 van de 25 (84 %)", "Ingetrokken door de leerling", "brand\\_new",
        "gaf een cijfer, niveau of oordeel", "Flesch-Douma",
    ):  # fmt: skip
        assert expected in text, expected
    assert "2 van de 4 |" in text
    assert translator("nl")("fc.purpose") in text


def test_share() -> None:
    t = translator("en")
    assert share(t, 0, 0) == "no data"
    assert share(t, 1, 4) == "1 of 4"
    assert share(t, 1, 5) == "1 of 5 (20 %)"


def test_report_as_page_runs_nothing() -> None:
    page = evaluation_html(EVALUATION)
    assert "Qwen &lt;8B&gt;" in page
    tags: set[str] = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            assert not [
                name for name, _ in attrs if name.startswith("on") or name in {"src", "href"}
            ]

    Tags().feed(page)
    assert tags <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "table",
        "thead", "tbody", "tr", "th", "td", "ul", "li", "blockquote", "br",
    }  # fmt: skip


def test_report_without_lessons() -> None:
    empty = Evaluation(lang="en", title="x", made_on=DAY, figures=(), submissions=0)
    assert translator("en")("documents.nothing") in evaluation_markdown(empty)


def test_folder_opens_and_carries_the_purpose() -> None:
    folder = compliance_folder(FACTS)
    assert len(folder) == 2 * 2 * len(NAMES)
    for path, data in folder.items():
        lang = path.split("/")[0]
        if path.endswith(".docx"):
            document = docx.Document(io.BytesIO(data))
            text = "\n".join(paragraph.text for paragraph in document.paragraphs)
        else:
            text = data.decode()
        assert "{" not in text
        assert "@" not in text
        if not path.split("/")[1].startswith(("5-", "6-")):
            assert translator(lang)("fc.purpose") in text, path
    with zipfile.ZipFile(io.BytesIO(compliance_zip(FACTS))) as archive:
        assert set(archive.namelist()) == set(folder)
        assert archive.testzip() is None


def test_the_folder_says_where_the_model_runs() -> None:
    """A school decides by this: it may not say "on the laptop" when texts go to a server."""
    there = dataclasses.replace(FACTS, server="ai.school.example")
    said = [
        ("2-assessment", "Niet op internet", "Not on the internet"),
        ("3-dpia-input", "Het model op de laptop", "The model on the laptop"),
        ("4-teacher-briefing", "op jouw laptop", "on your laptop"),
        ("5-student-card", "gaat niet naar internet", "does not go to the internet"),
        ("1-notice", "Het blijft in de klas", "It stays in the classroom"),
    ]
    for name, *sentences in said:
        for lang, sentence in zip(("nl", "en"), sentences, strict=True):
            path = f"{lang}/{name}.md"
            here, elsewhere = (compliance_folder(facts)[path].decode() for facts in (FACTS, there))
            assert sentence in here, path
            assert sentence not in elsewhere
            assert "ai.school.example" in elsewhere.replace("\\", "")


def test_both_languages_have_the_same_shape() -> None:
    for name in NAMES:
        dutch, english = (compliance_document(name, FACTS, lang) for lang in ("nl", "en"))
        shapes = [
            [
                (type(block).__name__, len(getattr(block, "items", getattr(block, "rows", ()))))
                for block in document.blocks
            ]
            for document in (dutch, english)
        ]
        assert shapes[0] == shapes[1], name


def test_the_law_stands_in_one_file_only() -> None:
    for path in TEXTS.iterdir():
        own = "\n".join(
            line for line in path.read_text("utf-8").splitlines() if "@legal" not in line
        )
        assert not LAW.search(own), path.name


def test_law_is_shown_with_its_source_and_date_and_never_as_a_fact() -> None:
    assert {"estimate", "annex_iii", "art_6_3", "profiling", "art_50", "art_4"} < set(
        legal.statement_ids()
    )
    for lang in ("nl", "en"):
        for name in legal.statement_ids():
            found = legal.statement(name, lang)
            assert found.text
            assert found.source in legal.shown(name, lang)
            assert translator(lang).day(found.checked_on) in legal.shown(name, lang)
        folder = compliance_folder(FACTS)
        own = (path for path in folder if path.startswith(lang) and path.endswith(".md"))
        text = " ".join(folder[path].decode() for path in own)
        assert legal.statement("estimate", lang).text in text
        bare = text.replace(legal.statement("estimate", lang).text, "")
        assert not re.search(
            r"(?:geen|niet|not|no|laag|low)[ -](?:\w+ ){0,3}(?:hoog risico|high-risk)", bare
        )


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_measured_recall_or_the_truth_that_there_is_none(lang: str) -> None:
    t = translator(lang)
    unknown = compliance_folder(FACTS)[f"{lang}/3-dpia-input.md"].decode()
    assert t("documents.recall.unknown") in unknown
    measured = ComplianceFacts(
        model="m", version="1", made_on=DAY, retention_days=3,
        privacy=PrivacyFigures(
            names_recall=0.96, all_recall=0.87, precision=0.82, texts=60, measured_on=DAY
        ),
    )  # fmt: skip
    text = compliance_folder(measured)[f"{lang}/3-dpia-input.md"].decode()
    for figure in ("96 %", "87 %", "13 %", "82 %", "60", t.plural("documents.retention.days", 3)):
        assert figure in text


def test_briefing_and_card_fit_their_time() -> None:
    """People read about 150 words a minute aloud or with care."""
    for name, minutes in (("4-teacher-briefing", 10), ("5-student-card", 5)):
        for lang in ("nl", "en"):
            words = len((TEXTS / f"{name}.{lang}.md").read_text("utf-8").split())
            assert words <= minutes * 100


def test_dutch_documents_for_students_read_as_b1() -> None:
    card = (TEXTS / "5-student-card.nl.md").read_text("utf-8")
    assert measure(re.sub(r"^[-#|@ \[\]]+", "", line) for line in card.splitlines()).reads_as_b1


def test_what_was_measured_of_the_privacy_check_is_in_both_reports() -> None:
    measured = measured_privacy()
    assert measured is not None
    assert 0.5 < measured.all_recall <= 1
    assert measured.texts >= 30
    sentence = recall_sentence(measured, translator("nl"))
    assert translator("nl").day(measured.measured_on) in sentence
    text = evaluation_markdown(dataclasses.replace(EVALUATION, privacy=measured))
    assert sentence in text.replace("\\", "")
    facts = dataclasses.replace(FACTS, privacy=measured)
    folder = compliance_folder(facts)
    assert sentence in folder["nl/3-dpia-input.md"].decode().replace("\\", "")


def test_nothing_recorded_is_said_as_such(tmp_path: Path) -> None:
    assert measured_privacy(tmp_path / "none.json") is None
    assert "nog niet gemeten" in recall_sentence(None, translator("nl"))

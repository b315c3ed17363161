"""The evaluation report: how each model did in this lesson. It is about models, never students."""

from launcher.apps.documents.blocks import (
    Block,
    Bullets,
    Document,
    Heading,
    Paragraph,
    Table,
    midnight,
    to_html,
    to_markdown,
)
from launcher.apps.documents.measured import recall_sentence
from launcher.apps.documents.readability import (
    B1_READING_EASE,
    B1_WORDS_PER_SENTENCE,
    Readability,
)
from launcher.apps.documents.values import Evaluation, ModelFigures
from launcher.i18n import Translator, translator

FEW = 5
"""Below this a share says nothing: only the counts are shown."""


def evaluation_markdown(evaluation: Evaluation, readability: Readability | None = None) -> str:
    return to_markdown(evaluation_document(evaluation, readability))


def evaluation_html(evaluation: Evaluation, readability: Readability | None = None) -> str:
    return to_html(evaluation_document(evaluation, readability))


def evaluation_document(evaluation: Evaluation, readability: Readability | None) -> Document:
    t = translator(evaluation.lang)
    blocks: list[Block] = [
        Paragraph(text=t("fc.purpose")),
        Paragraph(text=t("documents.evaluation.lead"), style="note"),
        Paragraph(text=t.plural("documents.evaluation.submissions", evaluation.submissions)),
    ]
    for figures in evaluation.figures:
        blocks += _model(figures, t)
    if not evaluation.figures:
        blocks.append(Paragraph(text=t("documents.nothing")))
    blocks.append(Heading(level=1, text=t("documents.evaluation.not_counted")))
    if evaluation.not_counted:
        rows = tuple(
            (_named(t, f"documents.not_counted.{why}", why), t.number(count))
            for why, count in sorted(evaluation.not_counted.items())
        )
        header = (t("documents.evaluation.why"), t("documents.evaluation.count"))
        blocks.append(Table(header=header, rows=rows))
    else:
        blocks.append(Paragraph(text=t("documents.evaluation.all_counted")))
    blocks.append(Heading(level=1, text=t("documents.evaluation.privacy")))
    blocks.append(Paragraph(text=recall_sentence(evaluation.privacy, t)))
    if readability is not None:
        blocks += _readability(readability, t)
    return Document(
        title=t("documents.evaluation.title", title=evaluation.title),
        lang=evaluation.lang,
        made_on=midnight(evaluation.made_on),
        blocks=tuple(blocks),
        marks={"about": "model"},
    )


def share(t: Translator, part: int, whole: int) -> str:
    """``part`` of ``whole``, with a percentage from `FEW` on."""
    if not whole:
        return t("documents.share.none")
    key = "documents.share.few" if whole < FEW else "documents.share"
    return t(key, part=t.number(part), whole=t.number(whole), percent=t.number(100 * part / whole))


def _model(figures: ModelFigures, t: Translator) -> list[Block]:
    decided = figures.approved + figures.edited + figures.rejected
    rated = figures.useful + figures.wrong + figures.not_understood
    dropped = sum(figures.dropped.values())
    rows = [
        *([] if figures.first_try is None else [("first_try", figures.first_try, figures.calls)]),
        ("kept", figures.kept, figures.calls),
        ("abstained", figures.abstained, figures.calls),
        ("dropped", dropped, figures.calls),
        ("approved", figures.approved, decided),
        ("edited", figures.edited, decided),
        ("rejected", figures.rejected, decided),
        ("not_reviewed", figures.not_reviewed, decided + figures.not_reviewed),
        ("useful", figures.useful, rated),
        ("wrong", figures.wrong, rated),
        ("not_understood", figures.not_understood, rated),
        ("not_rated", figures.not_rated, rated + figures.not_rated),
    ]
    table = [(t(f"documents.evaluation.{name}"), share(t, part, of)) for name, part, of in rows]
    if figures.seconds_per_call is not None:
        seconds = t.number(figures.seconds_per_call, digits=1)
        table.append((t("documents.evaluation.seconds"), seconds))
    head = (t("documents.evaluation.what"), t("documents.evaluation.how_many"))
    title = t(
        f"documents.evaluation.model.{figures.part}",
        model=figures.model,
        prompt_version=figures.prompt_version,
    )
    blocks: list[Block] = [Heading(level=1, text=title), Table(header=head, rows=tuple(table))]
    if dropped:
        reasons = sorted(figures.dropped.items(), key=lambda item: (-item[1], item[0]))
        blocks.append(Heading(level=2, text=t("documents.evaluation.reasons")))
        blocks.append(
            Table(
                header=(t("documents.evaluation.why"), t("documents.evaluation.how_many")),
                rows=tuple(
                    (_named(t, f"fc.reason.{reason}", reason), share(t, count, dropped))
                    for reason, count in reasons
                ),
            )
        )
    return blocks


def _named(t: Translator, key: str, code: str) -> str:
    return t(key) if t.has(key) else code


def _readability(found: Readability, t: Translator) -> list[Block]:
    verdict = "documents.readability.b1" if found.reads_as_b1 else "documents.readability.harder"
    return [
        Heading(level=1, text=t("documents.readability.title")),
        Paragraph(
            text=t(
                "documents.readability.figure",
                ease=t.number(found.reading_ease, digits=1),
                words=t.number(found.words),
                sentences=t.number(found.sentences),
                length=t.number(found.words_per_sentence, digits=1),
            )
        ),
        Paragraph(
            text=t(
                verdict,
                ease=t.number(B1_READING_EASE),
                length=t.number(B1_WORDS_PER_SENTENCE),
            )
        ),
        Paragraph(text=t("documents.readability.worst")),
        Bullets(
            items=tuple(
                t(
                    "documents.readability.sentence",
                    ease=t.number(item.reading_ease),
                    text=item.text,
                )
                for item in found.worst
            )
        ),
    ]

"""One page for the people who look after the network: what Paadje needs, and what was measured."""

import html
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from launcher.errors import PaadjeError
from launcher.i18n import Translator
from launcher.lesson.network import HostCheck, NetworkDiagnosis
from launcher.models.serving import FIRST_PORT

Kind = Literal["title", "heading", "text", "item", "row"]
Line = tuple[Kind, tuple[str, ...]]
MOST_DETAIL = 160
STYLE = (
    "@page{size:A4;margin:18mm}body{font:11pt/1.4 sans-serif;max-width:44em;margin:2em auto}"
    "h1{font-size:16pt}h2{font-size:12pt;margin-bottom:0}table{border-collapse:collapse}"
    "td{border:1px solid #999;padding:2px 8px}"
)


def write_letter(path: Path, found: NetworkDiagnosis, t: Translator, *, first_port: int) -> None:
    """Write the letter, as a web page to print when the name ends in .html, else as Markdown.

    Raises ``lesson.letter_unwritable``.
    """
    write_page(path, list(letter_lines(found, t, first_port=first_port)), t.lang)


def write_page(path: Path, lines: list[Line], lang: str) -> None:
    """Write ``lines`` as :func:`write_letter` does."""
    as_page = path.suffix.lower() in (".html", ".htm")
    try:
        path.write_text(_page(lines, lang) if as_page else _markdown(lines), encoding="utf-8")
    except OSError as error:
        raise PaadjeError(
            "lesson.letter_unwritable", file=str(path), detail=f"{type(error).__name__}: {error}"
        ) from error


def letter_lines(found: NetworkDiagnosis, t: Translator, *, first_port: int) -> Iterator[Line]:
    """What the letter says, piece by piece."""
    yield "title", (t("lesson.letter.title"),)
    yield "text", (t("lesson.letter.intro"),)
    yield "heading", (t("lesson.letter.internet"),)
    yield "text", (t("lesson.letter.allow"),)
    for host in found.hosts:
        yield "row", (host.host, t(f"lesson.letter.role_{host.role}"), _state(host, t))
    if not any(host.role == "hub_files" for host in found.hosts):
        yield "row", ("*.hf.co", t("lesson.letter.role_hub_files"), "–")
    for key in ("large", "certificates", "proxy"):
        yield "item", (t(f"lesson.letter.{key}"),)
    yield "heading", (t("lesson.letter.lesson"),)
    yield "item", (t("lesson.letter.port", first=first_port, last=first_port + 49),)
    yield "item", (t("lesson.letter.isolation"),)
    yield "item", (t("lesson.letter.sharing", port=FIRST_PORT),)
    yield "heading", (t("lesson.letter.privacy_heading"),)
    yield "text", (t("lesson.letter.privacy"),)
    yield "text", (t("lesson.letter.kit"),)
    yield "heading", (t("lesson.letter.measured", date=t.day(datetime.now().astimezone().date())),)
    has_proxy = t("lesson.letter.has_proxy", proxy=found.proxy)
    yield "item", (has_proxy if found.proxy else t("lesson.letter.no_proxy"),)
    if found.proxy_script:
        yield "item", (t("lesson.letter.proxy_script", script=found.proxy_script),)
    issuers = sorted({host.issuer or "?" for host in found.hosts if host.inspection == "trusted"})
    if issuers:
        yield "item", (t("lesson.letter.inspected", issuer=", ".join(issuers)),)
    if found.bytes_per_s and found.minutes:
        yield (
            "item",
            (
                t(
                    "lesson.letter.speed",
                    speed=t.rate(found.bytes_per_s),
                    model=found.model,
                    size=t.size(found.model_bytes),
                    minutes=found.minutes,
                ),
            ),
        )
    for host in found.hosts:
        if host.problem is not None and host.detail:
            yield "item", (f"{host.host}: {host.detail[:MOST_DETAIL]}",)


def _state(host: HostCheck, t: Translator) -> str:
    return t("lesson.letter.works" if host.problem is None else "lesson.letter.blocked")


def _markdown(lines: list[Line]) -> str:
    out = []
    before = ""
    for kind, parts in lines:
        plain = [part.replace("|", "/").replace("\n", " ") for part in parts]
        if kind == "row" and before != "row":
            out.append("\n| | | |\n|---|---|---|")
        elif kind == "item" and before != "item":
            out.append("")
        match kind:
            case "title":
                out.append(f"# {plain[0]}")
            case "heading":
                out.append(f"\n## {plain[0]}")
            case "text":
                out.append(f"\n{plain[0]}")
            case "item":
                out.append(f"- {plain[0]}")
            case "row":
                out.append(f"| {' | '.join(plain)} |")
        before = kind
    return "\n".join(out) + "\n"


def _page(lines: list[Line], lang: str) -> str:
    tags = {"title": "h1", "heading": "h2", "text": "p", "item": "li", "row": "tr"}
    around = {"item": "ul", "row": "table"}
    out = [
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f"<title>{html.escape(lines[0][1][0])}</title><style>{STYLE}</style></head><body>"
    ]
    before: Kind | Literal[""] = ""
    for kind, parts in lines:
        if before != kind and before in around:
            out.append(f"</{around[before]}>")
        if before != kind and kind in around:
            out.append(f"<{around[kind]}>")
        cells = [html.escape(part) for part in parts]
        inside = "".join(f"<td>{cell}</td>" for cell in cells) if kind == "row" else cells[0]
        out.append(f"<{tags[kind]}>{inside}</{tags[kind]}>")
        before = kind
    if before in around:
        out.append(f"</{around[before]}>")
    return "\n".join([*out, "</body></html>"]) + "\n"

"""PDF files: the text that is in them, joined to paragraphs again. No pictures are read."""

import io
import re
import statistics
from collections import Counter
from collections.abc import Sequence

from pypdf import PdfReader, overwrite_configuration
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError, PyPdfError

from launcher.apps.uploads.findings import Unreadable, tidy

MAX_PAGES = 200
_MAX_STREAM_BYTES = 20_000_000
_MAX_OPERATORS = 400_000
"""Operators and their values on one page; a full page of text has some thousands."""

_PAGE_NUMBER = re.compile(
    r"(?:(?:pagina|page|p\.|blz\.?)\s*)?[-–]?\s*\d{1,4}\s*[-–]?(?:\s*(?:/|van|of)\s*\d{1,4})?",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"(?:[•◦▪‣●○·*–-]|\d{1,2}[.)]|[a-z]\))\s")
_ENDS = (".", "!", "?", "…", ":", ".”", '."', ".’", ".)", "?”", "!”")


def read_pdf(data: bytes) -> tuple[list[str], dict[str, int]]:
    """(paragraphs, what was left out); raises `Unreadable`."""
    overwrite_configuration(
        array_based_stream_maximum_output_length=_MAX_STREAM_BYTES,
        lzw_maximum_output_length=_MAX_STREAM_BYTES,
        run_length_maximum_output_length=_MAX_STREAM_BYTES,
        zlib_maximum_output_length=_MAX_STREAM_BYTES,
        stream_decoding_work_maximum_length=4 * _MAX_STREAM_BYTES,
        stream_parsing_work_maximum_count=_MAX_OPERATORS,
        page_tree_maximum_entries=10 * MAX_PAGES,
        jbig2dec_binary=None,
    )
    try:
        reader = PdfReader(io.BytesIO(data))
        if len(reader.pages) > MAX_PAGES:
            raise Unreadable("too_many_pages", max_pages=MAX_PAGES)
        pages = [_lines(page.extract_text()) for page in reader.pages]
        images = sum(_images(page) for page in reader.pages)
    except (FileNotDecryptedError, DependencyError, NotImplementedError):
        raise Unreadable("encrypted") from None
    except LimitReachedError:
        raise Unreadable("too_complex") from None
    except PyPdfError:
        raise Unreadable("damaged") from None
    everything = "".join(line for page in pages for line in page)
    readable = sum(char.isalnum() for char in everything)
    if readable < 20 * max(1, len(pages) // 4) or _is_gibberish(everything):
        raise Unreadable("scanned" if images or readable else "empty")
    kept, dropped = without_repeated_lines(pages)
    left_out = {
        "images": images,
        "pages_without_text": sum(1 for page in pages if not any(page)),
        "repeated_lines": dropped,
    }
    return to_paragraphs(kept), {code: count for code, count in left_out.items() if count}


def _lines(text: str) -> list[str]:
    return [tidy(line).replace("\n", " ") for line in text.split("\n")]


def _images(page: object) -> int:
    """How many pictures stand on a page, without decoding one."""
    resources = page.get("/Resources")  # type: ignore[attr-defined]
    objects = resources.get_object().get("/XObject") if resources is not None else None
    if objects is None:
        return 0
    found = (objects.get_object()[name].get_object() for name in objects.get_object())
    return sum(1 for item in found if item is not None and item.get("/Subtype") == "/Image")


def _is_gibberish(text: str) -> bool:
    """Fonts without a table of letters give symbols: no text that a model or a reader can use."""
    strange = text.count("\ufffd") + len(re.findall(r"/(?:g|cid|uni|G)\d+", text)) * 4
    return strange > 0.2 * max(len(text), 1)


def without_repeated_lines(pages: Sequence[list[str]]) -> tuple[list[list[str]], int]:
    """Pages without page numbers, and without the first or last line that most pages share."""
    edges: Counter[str] = Counter()
    for page in pages:
        filled = [line for line in page if line]
        edges.update({_mask(line) for line in (*filled[:1], *filled[-1:])})
    often = {line for line, count in edges.items() if count >= 3 and count > len(pages) / 2}
    kept: list[list[str]] = []
    dropped = 0
    for page in pages:
        lines = list(page)
        for at in (0, -1):
            while lines and not lines[at]:
                lines.pop(at)
            if lines and (_PAGE_NUMBER.fullmatch(lines[at]) or _mask(lines[at]) in often):
                lines.pop(at)
                dropped += 1
        kept.append(lines)
    return kept, dropped


def _mask(line: str) -> str:
    return re.sub(r"\d+", "0", line)


def to_paragraphs(pages: Sequence[list[str]]) -> list[str]:
    """Join the lines of a column to paragraphs: a PDF knows where letters stand, nothing more."""
    lines = [line for page in pages for line in page]
    lengths = sorted(len(line) for line in lines if line)
    if not lengths:
        return []
    width = statistics.quantiles(lengths, n=10)[-1] if len(lengths) > 1 else lengths[0]
    paragraphs: list[str] = []
    before = ""
    for line in lines:
        if line:
            if before and not _starts_new(before, line, width):
                hyphen = before.endswith("-") and before[-2:-1].isalpha() and line[0].islower()
                joined = paragraphs[-1][:-1] + line if hyphen else f"{paragraphs[-1]} {line}"
                paragraphs[-1] = joined
            else:
                paragraphs.append(line)
        before = line
    return paragraphs


def _starts_new(before: str, line: str, width: float) -> bool:
    if _LIST_ITEM.match(line):
        return True
    if before.endswith(_ENDS):
        return len(before) < 0.8 * width
    return len(before) < 0.6 * width and not line[0].islower()

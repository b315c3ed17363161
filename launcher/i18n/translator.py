"""Look up and fill sentences; write numbers, sizes and times as the language does."""

import gettext
import io
from datetime import date
from functools import lru_cache
from pathlib import Path

from launcher.units import GIB, MIB, minutes_left

LOCALES = Path(__file__).parent / "locales"


class Translator:
    """Sentences of one language. Calling it with a key and named values gives the sentence."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, key: str, /, **params: object) -> str:
        return _fill(_catalog(self.lang, key.split(".", 1)[0]).gettext(key), params)

    def plural(self, key: str, count: int, /, **params: object) -> str:
        """The sentence for ``count``, which also fills ``{count}``."""
        catalog = _catalog(self.lang, key.split(".", 1)[0])
        return _fill(catalog.ngettext(key, key, count), {"count": count, **params})

    def has(self, key: str) -> bool:
        return _catalog(self.lang, key.split(".", 1)[0]).gettext(key) != key

    def number(self, value: float, *, digits: int = 0) -> str:
        from babel.numbers import format_decimal

        return format_decimal(
            round(value, digits),
            format="#,##0" + ("." + "0" * digits if digits else ""),
            locale=self.lang,
        )

    def size(self, size_bytes: int) -> str:
        """A size that people compare: GB (2^30) with one decimal, MB below one."""
        if size_bytes >= GIB:
            return f"{self.number(size_bytes / GIB, digits=1)} GB"
        return f"{self.number(max(size_bytes / MIB, 1 if size_bytes else 0))} MB"

    def rate(self, bytes_per_s: float) -> str:
        """How much comes in a second: as a size, and below one MB in tenths of it."""
        if bytes_per_s >= MIB or not bytes_per_s:
            return self.size(round(bytes_per_s))
        return f"{self.number(max(bytes_per_s / MIB, 0.1), digits=1)} MB"

    def day(self, day: date) -> str:
        """22 november 2026."""
        from babel.dates import format_date

        return format_date(day, format="d MMMM y", locale=self.lang)

    def part(self, size_bytes: int, whole_bytes: int) -> str:
        """A size of another: 5,1 van 7,2 GB."""
        part = self.size(size_bytes)
        if size_bytes >= GIB and whole_bytes >= GIB:
            part = self.number(size_bytes / GIB, digits=1)
        return self("core.part", part=part, whole=self.size(whole_bytes))

    def span(self, low_s: float, high_s: float) -> str:
        """From a waiting time to a longer one: 15 tot 40 seconden, 60 seconden tot 2 minuten."""
        low, high = self.duration(low_s), self.duration(high_s)
        if low == high:
            return high
        if high_s < 90:
            low = low.split()[0]
        elif low_s >= 60 and round(high_s / 60) < 60:
            low = self.number(round(low_s / 60))
        return self("core.span", low=low, high=high)

    def duration(self, seconds: float) -> str:
        """A waiting time, rounded as people say it: 25 s, 7 minutes, 1 hour 10 minutes."""
        if seconds < 90:
            step = 1 if seconds < 10 else 5
            return self.plural("core.seconds", max(round(seconds / step) * step, 1))
        minutes = round(seconds / 60)
        if minutes < 60:
            return self.plural("core.minutes", minutes)
        hours, rest = divmod(minutes, 60)
        text = self.plural("core.hours", hours)
        return f"{text} {self.plural('core.minutes', rest)}" if rest else text

    def time_left(self, seconds: int) -> str:
        """Until a moment on the clock, never none: 1 minute, 75 minutes, 6 hours 19 minutes."""
        minutes = minutes_left(seconds)
        if minutes < 90:
            return self.plural("core.minutes", minutes)
        return self.duration(minutes * 60)


@lru_cache
def translator(lang: str) -> Translator:
    return Translator(lang)


def _fill(text: str, params: dict[str, object]) -> str:
    return text.format_map(params) if params else text


@lru_cache
def _catalog(lang: str, domain: str) -> gettext.NullTranslations:
    folder = LOCALES / lang / "LC_MESSAGES"
    compiled, source = folder / f"{domain}.mo", folder / f"{domain}.po"
    if not compiled.is_file() and not source.is_file():
        return gettext.NullTranslations()
    if not source.is_file() or (
        compiled.is_file() and compiled.stat().st_mtime >= source.stat().st_mtime
    ):
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    return _compile(source, compiled)


def _compile(source: Path, compiled: Path) -> gettext.GNUTranslations:
    """Only in a checkout: an installed copy carries the compiled file."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalog = read_po(file)
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    try:
        # Another process may be doing the same: each writes the whole file under its own name.
        temporary = compiled.with_name(f".{compiled.name}.{id(buffer):x}")
        temporary.write_bytes(buffer.getvalue())
        temporary.replace(compiled)
    except OSError:
        pass  # A read-only checkout: compile again next time.
    buffer.seek(0)
    return gettext.GNUTranslations(buffer)

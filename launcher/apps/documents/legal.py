"""Statements about law: from one data file, each with its source and the day it was checked."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from launcher.i18n import translator

FILE = Path(__file__).with_name("legal.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    text: str
    source: str
    checked_on: date


@lru_cache
def _data() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def statement_ids() -> tuple[str, ...]:
    return tuple(_data()["statement"])


def statement(name: str, lang: str) -> Statement:
    """The statement ``name`` in Dutch or English."""
    data = _data()
    entry = data["statement"][name]
    return Statement(
        text=entry[lang],
        source=entry.get("source", data["source"])[lang],
        checked_on=entry.get("checked_on", data["checked_on"]),
    )


def shown(name: str, lang: str) -> str:
    """As it stands in a document: with its source and date, and the advice to check it."""
    found = statement(name, lang)
    t = translator(lang)
    return t(
        "documents.legal.shown",
        text=found.text,
        source=found.source,
        date=t.day(found.checked_on),
    )

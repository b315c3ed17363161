"""What the privacy check finds, and a masked text. Offsets count Unicode code points."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Lang = Literal["nl", "en"]
Kind = Literal[
    "name",
    "email",
    "phone",
    "address",
    "birth_date",
    "student_number",
    "bsn",
    "iban",
    "organisation",
    "health",
    "belief",
    "link",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``text`` is ``whole[start:end]``; findings of one person or one value share a ``group``.

    ``confidence`` (0 to 1) orders findings; it is no probability. The text stays out of ``repr``,
    so that a finding in a log line or a traceback gives nothing away.
    """

    kind: Kind
    start: int
    end: int
    text: str = field(repr=False)
    confidence: float
    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """``mapping`` gives the longest original of each placeholder: for memory only, never stored."""

    text: str
    mapping: Mapping[str, str] = field(repr=False)

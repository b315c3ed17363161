"""Is a short piece of text Dutch or English? By its most common words; small and offline."""

import re

from launcher.apps.feedback_companion.sentences import split_sentences
from launcher.apps.privacy.gazetteer import fold, gazetteer

_WORD = re.compile(r"[a-zà-ÿ']+")
_DUTCH = """
de het een en van ik je jij dat die dit deze in is niet op te zijn er maar om met voor als aan
ook nog bij of uit naar dan wel wat hoe waarom welk welke kun kunt kan zou hier daar door over
zo al geen meer moet moeten heb hebt heeft hebben wordt worden was waren ze zij hij we wij mijn
jouw zin lezer schrijft noemt weet laat zien maak leg wie waar want omdat daarom dus toch veel
heel goed iets iemand leest tekst vind vindt bedoel past
"""
_ENGLISH = """
the a an and of i you he she it that this these those in is not on to be are there but with for
as at also or from than then what how why which can could would here by about so no more must
should have has had was were they we my your sentence reader write know knows show shows make
explain who where because therefore does do did very good some someone reads text think mean its
their
"""
_COMMON = {
    "nl": frozenset(_DUTCH.split()),
    "en": frozenset(_ENGLISH.split()),
}
_SHARED = _COMMON["nl"] & _COMMON["en"]


_QUOTED = re.compile(r"‘[^’]*’|“[^”]*”|'[^']*'(?!\w)")
_MIN_WORDS = 5


def looks_like(text: str, lang: str) -> bool:
    """Whether ``text``, a few words or more, reads as ``lang`` and not as the other language."""
    words, own, others = _counted(text, lang)
    return own >= max(1, len(words) // 10) and own > others


def strays(text: str, lang: str) -> bool:
    """Whether a sentence of ``text`` is in another language, apart from what is quoted."""
    common = gazetteer().common
    for sentence in split_sentences(_QUOTED.sub(" ", text)):
        words, own, others = _counted(sentence.text, lang)
        if len(words) < _MIN_WORDS:
            continue
        unknown = sum(fold(word) not in common for word in words)
        if (others >= 2 and others > own) or 2 * unknown > len(words):
            return True
    return False


def _counted(text: str, lang: str) -> tuple[list[str], int, int]:
    """The words, and how many are common ones of ``lang`` and of the other language."""
    words = _WORD.findall(text.lower())
    own = sum(word in _COMMON[lang] - _SHARED for word in words)
    others = sum(
        word in _COMMON[other] - _SHARED for other in _COMMON if other != lang for word in words
    )
    return words, own, others

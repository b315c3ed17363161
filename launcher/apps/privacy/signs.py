"""Signs of who is meant: somebody well known, an animal, a thing with a name, or somebody near."""

import re

from launcher.apps.privacy import cues
from launcher.apps.privacy.candidates import Phrase
from launcher.apps.privacy.evidence import is_relation
from launcher.apps.privacy.ties import Ties

_YEAR_AFTER = re.compile(
    r"\s?(?:et al\.?|e\.a\.|en collega's|and colleagues)?,?\s?\((?:1[5-9]|20)\d\d"
)
_ET_AL = re.compile(r"\s(?:et al|e\.a\.|cum suis|c\.s\.)")

_TOLD = cues.word_set(
    "told narrated played directed sung painted verteld gespeeld geregisseerd gezongen geschilderd"
)
_MADE_BY = {"van", "door", "by", "of", "met", "with"}
_APPOSITION = cues.ARTICLES | {"author", "auteur", "schrijver", "president", "onderzoeker"}


class Signs(Ties):
    """What the words around a name say of whose name it is."""

    def _pet(self, phrase: Phrase) -> bool:
        """ "onze hond Max", "a dog called Max"."""
        if self.tokens[phrase.first].gap not in {" ", ", "}:
            return False
        before, earlier = self._previous_key(phrase.first), self._previous_key(phrase.first, 2)
        if before in cues.NAMING:
            told = {t.key for t in self.tokens[max(phrase.first - 4, 0) : phrase.first]}
            return earlier in cues.PETS or bool(told & cues.STORY_ROLES)
        return before in cues.PETS

    def _author_of_book(self, phrase: Phrase) -> bool:
        """Whether the line is "Auteur: ..." and another one gives the title or the publisher."""
        first = self.tokens[phrase.first]
        if ":" not in first.gap or self._previous_key(phrase.first) not in cues.AUTHOR_LABELS:
            return False
        return (
            any(
                token.key in cues.BOOK_LABELS
                and self.text[token.end : token.end + 2].strip() == ":"
                for token in self.tokens
            )
            or "ISBN" in self.text
        )

    def _public_cue(self, phrase: Phrase) -> bool:
        tokens, first = self.tokens, phrase.first
        gap = tokens[first].gap
        before, earlier = self._previous_key(first), self._previous_key(first, 2)
        if gap == " " and before in cues.PUBLIC_ROLES and earlier not in cues.OWN_POSSESSIVES:
            return True
        if gap == ", " and before in cues.PUBLIC_ROLES and earlier not in cues.OWN_POSSESSIVES:
            return bool({earlier, self._previous_key(first, 3)} & cues.ARTICLES)
        if gap in {" ", ' "', " “", " ‘", " '"} and before in cues.NOT_PERSONS:
            return True  # "The class Charlotte", "de zaak rond Robert M."
        if (
            phrase.initials is False
            and len(phrase.keys[-1]) == 1
            and cues.CRIMES & {t.key for t in tokens[max(first - 3, 0) : first]}
        ):
            return True
        if gap == " " and before in {"by", "door"} and earlier in _TOLD:
            return True  # "The story is told by Kathy."
        if gap == " " and before in {"played", "playing"} and len(phrase.keys) == 1:
            return True  # "played Uno"
        if gap == " " and before == "allemaal":
            return True  # "Ze heten allemaal Roos of Iris."
        if (
            len(phrase.keys) == 1
            and [t.key for t in tokens[phrase.last + 1 : phrase.last + 2]]
            in (["gespeeld"], ["spelen"])
            and before not in cues.BESIDE | {"tegen"}
        ):
            return True
        seen = {t.key for t in tokens[max(first - 8, 0) : first]} & {"film", "movie", "serie"}
        if before in cues.WITH and seen and len(phrase.keys) > 1 and earlier not in cues.TOGETHER:
            return True  # "De film, met Robin Boissevain, ..."
        works = {t.key for t in tokens[max(first - 4, 0) : max(first - 1, 0)]} & cues.WORKS
        maker = before in _MADE_BY and (len(phrase.keys) > 1 or before not in cues.WITH)
        if gap == " " and maker and earlier not in cues.OWN_POSSESSIVES:
            # "Futura van Paul Renner", "No Logo by Naomi Klein": what has a title has a maker.
            titled = (
                before in {"van", "by"} and (len(phrase.keys) > 1 or phrase.initials) and first > 1
                and tokens[first - 2].cap and not tokens[first - 2].first
            )  # fmt: skip
            if works or titled:
                return True
        after = phrase.last + 1
        following = [t.key for t in tokens[after : after + 3]]
        crowned = following[:1] == ["the"] and tokens[after].gap == " "
        if crowned and tokens[after + 1 : after + 2] and tokens[after + 1].cap:
            return True  # "Erik the Red"
        if tokens[phrase.last].possessive and set(following[:2]) & cues.LAWS:
            return True
        told = len(phrase.keys) > 1 and set(following[:1]) & cues.ACADEMIC
        if told and cues.WORKS & {t.key for t in tokens[after + 1 : after + 7]}:
            return True  # "Angie Thomas wrote this novel."
        own = self.tokens[first].sentence in self.own_sentences
        if ("hoofdrol" in following and not own) or before == "starring":
            return True
        if following and following[0] in {"is", "was", "werd", "became"}:
            said = [key for key in following[1:] if key not in cues.ARTICLES]
            if said and said[0] in cues.PUBLIC_ROLES:
                return True
        if after < len(tokens) and tokens[after].gap == ", " and tokens[after].key in _APPOSITION:
            near = tokens[after : after + 4]
            return any(
                t.key in cues.PUBLIC_ROLES or t.key in {"founder", "oprichter"} for t in near
            )
        return False

    def _cited(self, phrase: Phrase) -> bool:
        start, end = self.tokens[phrase.first].start, self.tokens[phrase.last].end
        if all(self.source[start:end]):
            return True
        rest = self.text[end : end + 40]
        return bool(_YEAR_AFTER.match(rest) or _ET_AL.match(rest))

    def _told_behind(self, phrase: Phrase) -> float:
        """How strongly the words behind a name make it that of somebody near.

        "Goof, de vader van onze keeper", "Olu, my supervisor", "bij de Groot zijn toets".
        """
        tokens, after = self.tokens, phrase.last + 1
        if after + 1 >= len(tokens):
            return 0.0
        first = tokens[phrase.first]
        behind: list[str] = []
        for token in tokens[after : after + 8]:
            if behind and token.gap not in {" ", "-"}:
                break
            behind.append(token.key)
        if tokens[after].gap in {", ", " ("}:
            own = set(behind[:6]) & cues.OWN_POSSESSIVES
            related = any(is_relation(key) for key in behind[:5])
            if own and related and behind[0] in cues.ARTICLES | cues.OWN_POSSESSIVES:
                return 2.9
        theirs = behind[0] in {"zijn", "z'n", "zn", "haar", "d'r", "dr"}
        before = self._previous_key(phrase.first)
        if before in cues.PREFIXES - cues.BESIDE:
            before = self._previous_key(phrase.first, 2)
        placed = tokens[after].gap == " " and first.gap == " " and before in cues.BESIDE
        if theirs and placed and set(behind[1:2]) & cues.OF_PERSONS and not self.fiction:
            return 2.9
        return 0.0

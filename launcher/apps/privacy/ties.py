"""What ties a name to the writer: full names that nothing ties are of somebody well known."""

import re

from launcher.apps.privacy import cues
from launcher.apps.privacy.candidates import Phrase
from launcher.apps.privacy.gazetteer import fold
from launcher.apps.privacy.slots import WRITER, Slots

_SUBJECTS = {"ik", "i", "we", "wij"}
_DOUBLE = cues.word_set(
    """
    jan wim willem piet hein hendrik henk pieter kees klaas gert geert bert bart hans peter paul
    rob jaap joost frank dirk cor anne anna marie maria mieke els ann mary jean lou jo marijke
    lisa sara emma eva lynn rose mae grace lee
    """
)
_WHO = {"who", "die"}
_TO_US = {"me", "mij", "us", "ons"}
AGE = re.compile(r"\s\(\d\d?(?: jaar)?\)|, \d\d?,")
_FROM_CIRCLE = re.compile(
    r",? (?:uit|van|from|in|of) (?:de|het|een|the|another|an) (?:\w+ )?(?:klas|groep|groepje|team"
    r"|receptie|balie|administratie|kantine|keuken|afdeling|buren|overkant|parallelklas|stage"
    r"|opleiding|bibliotheek|mediatheek|concierges|leerlingenraad|class|group|reception|front desk"
    r"|office|kitchen|canteen|ward|department|library|course|shop|winkel|planning|nachtdienst"
    r"|avonddienst|night shift|technische dienst|ict|helpdesk|it)\b",
    re.IGNORECASE,
)
_FROM_CLASS = re.compile(
    r" (?:uit|van|from|in|of) (?:klas |class |year |vwo |havo |mavo )?\d\w{0,4}\b"
)
_MARKED = re.compile(r"\s?[:(,–—-]|$")
_LABEL_WORDS = 4
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)")


class Ties(Slots):
    def _beside_figure(self, phrase: Phrase) -> bool:
        """Whether a full name stands in a list with somebody well known."""
        if phrase.cue >= 1.5 or len(phrase.keys) < 2:
            return False
        for step, edge in ((-1, phrase.first), (1, phrase.last)):
            beyond = edge + 2 * step
            if not 0 <= beyond < len(self.tokens):
                continue
            joined = self.tokens[edge + step].key in {"en", "and"}
            if joined and self.blocked[beyond] and self.tokens[beyond].key in self.figure_keys:
                return True
        return False

    def _judge_full_names(self, phrases: list[Phrase]) -> None:
        """A full name that nothing ties to the writer is mostly that of somebody well known.

        Writers call the people around them by their first name, or say who they are; of a
        researcher or an artist they give both names, and after that the surname.
        """
        alone = {p.keys[0] for p in phrases if len(p.keys) == 1}
        tied = {tuple(p.keys) for p in phrases if p.cue >= 2 or self._tied(p)}
        for at, phrase in enumerate(phrases):
            keys = phrase.keys
            if len(keys) < 2 or len(keys[-1]) < 2 or phrase.public or phrase.cue >= 1.5:
                continue
            if keys[0] in _DOUBLE and keys[1] in _DOUBLE and len(keys) == 2:
                continue  # "Jan Willem" is a first name.
            # A character too is called by the first name later.
            met = not self.fiction or self.tokens[phrase.first].sentence in self.own_sentences
            if (keys[0] in alone and met) or tuple(keys) in tied:
                continue
            beside = [
                other
                for other in phrases[max(at - 1, 0) : at + 2]
                if other is not phrase and self._listed(phrase, other)
            ]
            if any(
                other.score >= self.threshold and not other.public
                and (len(other.keys) == 1 or other.keys[0] in alone)
                for other in beside
            ):  # fmt: skip
                continue
            phrase.score -= 3.0
            phrase.public = True
            for other in beside:
                other.public = other.public or other.cue < 1.5

    def _tied(self, phrase: Phrase) -> bool:
        """Whether the place of a name makes it one of the people around the writer."""
        tokens, first = self.tokens, self.tokens[phrase.first]
        after = phrase.last + 1
        end = tokens[phrase.last].end
        told = after < len(tokens) and tokens[after].key in cues.ACADEMIC
        from_where = tokens[after : after + 2]
        of_class = AGE.match(self.text, end) or _FROM_CLASS.match(self.text, end)
        if of_class or self._from_circle(phrase) or (
            len(from_where) == 2 and from_where[0].key in {"uit", "from"} and from_where[1].cap
        ):  # fmt: skip
            return True  # So a newspaper names people who are not well known.
        if self._beside_writer_in_list(phrase) or self._human_slot(phrase, strict=True):
            return True
        circle = [token.key for token in tokens[after : after + 5]]
        if circle[:1] in (["uit"], ["from"], ["van"], ["in"]) and (
            set(circle[1:2]) & cues.OWN_POSSESSIVES and set(circle[2:]) & cues.OWN_CIRCLES
        ):
            return True
        before = self._previous_key(phrase.first)
        met = before in cues.MEETING or before in _SUBJECTS
        if first.sentence in self.own_sentences and met and not told:
            return True
        if before in cues.WITH and {t.key for t in tokens[after : after + 3]} & _SUBJECTS:
            return True  # "Met Hylke Postma schreef ik ..."
        doing = after < len(tokens) and tokens[after].key in cues.DOING | cues.SAYING
        if first.sentence in self.own_sentences and first.first and doing and not told:
            return True
        around = [*tokens[max(phrase.first - 2, 0) : phrase.first], *self._following(phrase)[:3]]
        if {token.key for token in around} & {"me", "mij"}:
            return True  # "Hylke Postma hielp me altijd.", "Naast mij zat Hylke Postma."
        if self._in_form(phrase):
            return True
        if after < len(tokens) and tokens[after].gap == ", " and tokens[after].key in _WHO:
            # "Olu Adebayo, who supervises the team, gave me ..."
            rest = {t.key for t in tokens[after : after + 16] if t.sentence == first.sentence}
            if rest & _TO_US and not self.fiction:
                return True
        sentence = {t.key for t in tokens[max(phrase.first - 8, 0) : phrase.first]}
        return bool(sentence & cues.THANKS) or (
            self._personal_at(first.sentence)
            and not self.fiction
            and before in cues.WITH
            and self._previous_key(phrase.first, 2) in cues.TOGETHER
        )

    def _from_circle(self, phrase: Phrase) -> bool:
        """ "Joy van de receptie", "Faith Owusu from the other group"."""
        end = self.tokens[phrase.last].end
        return not self.fiction and bool(_FROM_CIRCLE.match(self.text, end))

    def _beside_writer_in_list(self, phrase: Phrase) -> bool:
        """ "X en ik", "X, Lau en ik": whoever is named in one breath with the writer."""
        tokens, at = self.tokens, phrase.last + 1
        for _ in range(8):
            if at >= len(tokens) or tokens[at].gap not in {" ", ", "}:
                return False
            if tokens[at].key in {"en", "and"}:
                return at + 1 < len(tokens) and tokens[at + 1].key in WRITER
            if not tokens[at].cap and tokens[at].key not in cues.PREFIXES:
                return False
            at += 1
        return False

    def _in_form(self, phrase: Phrase) -> bool:
        """Whether the name has a line to itself, or stands after a label such as "Naam:"."""
        start, end = self.tokens[phrase.first].start, self.tokens[phrase.last].end
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", start)
        line = self.text[line_start : line_end if line_end >= 0 else len(self.text)]
        opening = self.text[line_start:start]
        if len(line.split()) <= len(phrase.keys) + 2:
            return True
        if not opening.strip(" -*•\t"):
            return line_start > 0 and bool(_MARKED.match(self.text[end : end + 3]))
        label, colon, listed = opening.rpartition(":")
        words = fold(label).split()
        if not colon or len(words) > _LABEL_WORDS or _SENTENCE_END.search(listed):
            return False
        return bool(set(words) & cues.LABELS)

    def _listed(self, one: Phrase, other: Phrase) -> bool:
        if one.first > other.first:
            one, other = other, one
        between = other.first - one.last - 1
        tokens = self.tokens
        if between == 0:
            return tokens[other.first].gap in {
                ", ",
                " & ",
                "/",
                " / ",
                "\n- ",
                "\n* ",
                ",\n",
                " + ",
            }
        word = tokens[one.last + 1]
        known = one.keys[0] in self.known_given and other.keys[0] in self.known_given
        return (
            between == 1 and word.key in ({"en", "and", "of", "or"} if known else {"en", "and"})
            and word.gap in {" ", ", "} and tokens[other.first].gap == " "
        )  # fmt: skip

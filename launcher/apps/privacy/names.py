"""Names of private persons: candidates from capitals and known names, weighed by their context."""

import re
from collections import defaultdict
from collections.abc import Sequence

from launcher.apps.privacy import cues
from launcher.apps.privacy.candidates import Phrase
from launcher.apps.privacy.evidence import FICTION_THRESHOLD
from launcher.apps.privacy.signs import Signs
from launcher.apps.privacy.slots import HUMAN_VERBS, WRITER
from launcher.apps.privacy.ties import AGE
from launcher.apps.privacy.tokens import Token

_VERBS_OF_THINGS = {"is", "was", "are", "were", "staat", "stond", "komt", "kwam", "valt"}
_FAMOUS_BY_FIRST_NAME = cues.word_set("mario luigi zelda jesus mao shakira thor attila mendel")
_FROM_CLASS = re.compile(r",? \(?(?:klas|class|groep|group|jaar|year|leerjaar) ?\w{1,4}\b")
_OPINIONS = cues.word_set(
    "hated liked loved preferred disliked enjoyed haatte waardeerde koos chose"
)
_SPEECH = cues.word_set(
    """
    zei vroeg riep fluisterde antwoordde mompelde schreeuwde gilde zuchtte siste bromde
    said asked whispered muttered replied shouted cried sighed hissed called murmured
    """
)
_IN_THE_PAPER = cues.word_set("zegt vertelt volgens says tells according interview interviewer")
_LONG_TOKENS = 60
_SOME_TOKENS = 30


def find_names(
    text: str, tokens: Sequence[Token], taken: bytearray
) -> list[tuple[int, int, float, int]]:
    """(start, end, confidence, person) of each name; ``taken`` marks what is something else."""
    return _Names(text, tokens, taken).found()


class _Names(Signs):
    def found(self) -> list[tuple[int, int, float, int]]:
        phrases = self._phrases()
        for phrase in phrases:
            self._weigh(phrase)
        if self._invented(phrases):
            for phrase in phrases:
                phrase.public = phrase.public or not self._in_form(phrase)
        pets = {p.keys[0] for p in phrases if len(p.keys) == 1 and self._pet(p)}
        for phrase in phrases:
            if phrase.keys[0] in pets and phrase.cue < 2.4:
                phrase.public = True
        # A single comment says too little of what it is.
        long = len(self.tokens) >= _LONG_TOKENS
        if long and not self.personal and all(phrase.cue < 2.4 for phrase in phrases):
            self.threshold = FICTION_THRESHOLD
        self._spread_over_lists(phrases)
        if len(self.tokens) >= _SOME_TOKENS:
            self._judge_full_names(phrases)
        accepted = self._accept(phrases)
        accepted = sorted([*accepted, *self._met_again(phrases, accepted)], key=lambda p: p.first)
        _group(accepted)
        return [
            (
                self.tokens[p.first].start,
                self._end(p),
                round(min(0.99, 0.5 + p.score / 12), 2),
                p.group,
            )
            for p in accepted
        ]

    def _met_again(self, phrases: list[Phrase], accepted: list[Phrase]) -> list[Phrase]:
        """Later mentions that no phrase gives: "Every Christmas Pim", and "kim" in hasty texts."""
        called = {p.keys[0] for p in accepted if p.keys[0] in self.known_given}
        kept = {p.first for p in accepted}
        found = []
        for phrase in phrases:
            last = phrase.keys[-1]
            words = all(
                key in self.lists.common or key in self.entities for key in phrase.keys[:-1]
            )
            if phrase.first not in kept and len(phrase.keys) > 1 and words and last in called:
                found.append(phrase.core[-1])
        if self.casual:
            covered = {at for p in phrases for at in range(p.first, p.last + 1)}
            strong = {p.keys[0] for p in accepted if p.cue >= 2.4} & called
            found += [
                at
                for at, token in enumerate(self.tokens)
                if token.key in strong and at not in covered and self._usable(at)
                and not token.code and token.key not in self.lists.words and len(token.key) > 2
                and self._previous_key(at) not in cues.ARTICLES
            ]  # fmt: skip
        return [
            Phrase(first=at, last=at, core=[at], score=3.0, keys=[self._bare(self.tokens[at])])
            for at in found
        ]

    @property
    def _beside_writer(self) -> float:
        """What "X and I" weighs: no character does things together with the writer."""
        return 3.9 if self.fiction else 2.2

    def _end(self, phrase: Phrase) -> int:
        token = self.tokens[phrase.last]
        bare = token.end - 1 if self._genitive(token) else token.end
        # "Koen B." keeps its full stop.
        single = len(token.text) == 1 and len(phrase.core) > 1 and self.text[bare : bare + 1] == "."
        return bare + 1 if single else bare

    def _invented(self, phrases: list[Phrase]) -> bool:
        """Whether it is a story told by nobody: people talk, and the writer is not there."""
        keys = [token.key for token in self.tokens]
        if self.own_sentences or self.dialogues < 3 or set(keys) & _IN_THE_PAPER:
            return False
        whole = {
            tuple(p.keys) for p in phrases if len(p.keys) > 1 and p.keys[0] in self.known_given
        }
        aged = any(AGE.match(self.text, self.tokens[p.last].end) for p in phrases)
        return sum(key in _SPEECH for key in keys) >= 2 and len(whole) < 2 and not aged

    def _weigh(self, phrase: Phrase) -> None:
        tokens, lists, core = self.tokens, self.lists, phrase.core
        first = tokens[phrase.first]
        keys = phrase.keys
        phrase.cue = max(self._private_cue(phrase.first), self._told_behind(phrase))
        if first.code and not self._in_comment(first.start):
            phrase.score = -9.0
            return
        score = self._shape(phrase) - (1.0 if first.code else 0.0)
        if cues.ORGANISATION_WORDS & set(keys):
            score -= 4.0
        figure = len(keys) == 1 and (
            (
                keys[0] in lists.figures_alone
                and (keys[0] not in lists.given or keys[0] in _FAMOUS_BY_FIRST_NAME)
            )
            or keys[0] in self.figure_keys
        )
        follows_figure = (
            phrase.first > 0 and self.blocked[phrase.first - 1] and first.gap == " " and first.cap
        )
        numbered = keys[-1] in {"ii", "iii", "iv", "vi", "vii", "viii", "xiv", "xvi"}
        phrase.public = (
            self._cited(phrase)
            or self._author_of_book(phrase)
            or follows_figure
            or numbered
            or (phrase.cue < 2.4 and (figure or self._public_cue(phrase)))
            or (keys[0] in self.figure_keys and self._previous_key(phrase.first) in cues.NAMING)
            or (phrase.cue < 2 and len(keys) == 1 and keys[0] in self.in_code)
        )
        score += phrase.cue
        before, earlier = self._previous_key(phrase.first), self._previous_key(phrase.first, 2)
        if first.gap == " ":
            if before in cues.WITH:
                beside = self.fiction and first.sentence in self.own_sentences
                score += 1.6 if earlier in cues.TOGETHER or beside else 0.8
            elif before in cues.TOWARDS:
                score += 0.8 if keys[0] in lists.given_ambiguous else 0.5
            elif before in cues.DOING or before in cues.SAYING:
                # In Dutch the verb often comes first: "toen kwam Bas".
                score += 0.8
            elif before in cues.PLACING and len(core) == 1 and not phrase.cue:
                known = keys[0] in lists.given
                score -= (0.5 if before == "naar" else 1.0) if known else 1.5
            if before in {"en", "and"} and earlier in WRITER:
                score += self._beside_writer
            elif before in cues.PLACES_OF_BUSINESS and phrase.cue < 2:
                score -= 2.5
            sourced = before == "volgens" or (before, earlier) == ("to", "according")
            once = len(keys) == 1 and self.counts[keys[0]] == 1
            if sourced and once and not self._first_name(phrase):
                score -= 2.0  # Who is quoted once and never met is in a book.
            if before in {"a", "an", "een"} and len(core) == 1:
                score -= 1.5
            if before in cues.ARTICLES and len(core) == 1 and not phrase.cue:
                score -= 0.5 if keys[0] in lists.given else 2.2
        score += self._after(phrase)
        if len(keys) > 1:
            score += 2.5 if self._human_slot(phrase, strict=True) else 0.0
        elif (keys[0] in self.known_given or self._unknown(phrase)) and self._human_slot(phrase):
            ambiguous = keys[0] in lists.given_ambiguous
            score += 2.3 if self._unknown(phrase) else (1.8 if ambiguous else 1.2)
        elif not phrase.cue and keys[0] in self.known_surnames and before in cues.PREFIXES:
            whole = Phrase(first=phrase.first - 1, last=phrase.last, core=core, keys=keys)
            score += (
                3.0 if self._human_slot(whole, strict=True) else 0.0
            )  # "zegt dat van Dam ziek is"
        if len(keys) == 1 and self._acronym(phrase):
            score -= 2.5 if keys[0] in lists.given or first.gap == " " else 0.0
        near = {first.sentence, first.sentence - 1}
        if self.fiction and first.sentence in self.story_sentences and phrase.cue < 2.4:
            score -= 1.5
        elif self.fiction and near & self.own_sentences:
            score += 0.9
        phrase.score = score

    def _first_name(self, phrase: Phrase) -> bool:
        """Whether it is a given name alone: so the people around a writer are called."""
        key = phrase.keys[0]
        known = key in self.lists.given and key not in self.known_surnames
        return known and len(phrase.keys) == 1

    def _unknown(self, phrase: Phrase) -> bool:
        """Whether it is a word of no list at all."""
        key = phrase.keys[0]
        known = key in self.known_given or key in self.known_surnames or key in self.lists.not_names
        text = self.tokens[phrase.core[0]].text
        if text[1:] != text[1:].lower() and not self.casual and "-" not in text:
            return False  # "HashMap"
        return not (known or self._common(key) or self._acronym(phrase))

    def _in_comment(self, at: int) -> bool:
        line = self.text[max(self.text.rfind("\n", 0, at) + 1, at - 200) : at]
        return "//" in line or "#" in line or "/*" in line or line.lstrip()[:1] == "*"

    def _after(self, phrase: Phrase) -> float:
        tokens, after = self.tokens, phrase.last + 1
        score = 0.5 if tokens[phrase.last].possessive else 0.0
        if _FROM_CLASS.match(self.text, tokens[phrase.last].end):
            score += 3.0
        elif phrase.keys[0] in self.known_given and self._from_circle(phrase):
            score += 2.0
        if after >= len(tokens):
            return score
        token = tokens[after]
        first = tokens[phrase.first].sentence
        if self.fiction and not {first, first - 1} & self.own_sentences:
            # In a story everybody says and does things, but a reader speaks of the ending.
            acts = token.gap == " " and token.key in cues.DOING | cues.SAYING | _OPINIONS
            behind = {t.key for t in tokens[after + 1 : after + 6] if t.sentence == first}
            return score + (2.5 if acts and behind & cues.READERS_WORDS else 0.0)
        keys = [t.key for t in tokens[after : after + 4]]
        if (
            keys[0] in {"uit", "from", "van", "of"} and len(keys) > 2
            and keys[1] in cues.OWN_POSSESSIVES and cues.OWN_CIRCLES & set(keys[2:])
        ):  # fmt: skip
            return score + 3.0
        if token.gap == ", " and token.key in {"who", "die"}:
            score += 1.0
            doers = {t.key for t in tokens[after + 1 : after + 5] if t.gap == " "} & HUMAN_VERBS
            if doers and self._personal_at(first) and self._unknown(phrase):
                score += 1.6  # "Zelfs Peet, die nooit iets zegt"
        if self._is_relation(after):
            score += 3.0
        elif token.gap == " " and token.key in cues.SAYING:
            score += 1.5
        elif token.gap == " " and token.key in cues.DOING | _OPINIONS:
            score += 0.8
        elif token.gap == " " and token.key in cues.ACADEMIC:
            score -= 0.0 if self._first_name(phrase) else 1.0
        elif token.gap == " " and token.key in {"en", "and"} and after + 1 < len(tokens):
            score += self._beside_writer if tokens[after + 1].key in WRITER else 0.0
        elif token.gap == " " and token.key in {"z'n", "d'r", "haar", "zijn"} and phrase.score >= 0:
            score += 0.3
        elif token.gap in {"' ", '" ', ", ", "”, "} and token.key in cues.SAYING:
            score += 0.5
        return score

    def _is_relation(self, at: int) -> bool:
        """Whether "is my best friend" or "is mijn buurman" stands here."""
        keys = [token.key for token in self.tokens[at : at + 4]]
        return (
            len(keys) > 2
            and keys[0] in {"is", "was"}
            and keys[1] in cues.OWN_POSSESSIVES
            and bool(cues.RELATIONS & set(keys[2:]))
        )

    def _shape(self, phrase: Phrase) -> float:
        """What the words themselves say, without their surroundings."""
        tokens, lists, keys = self.tokens, self.lists, phrase.keys
        first = tokens[phrase.first]
        prefixes = {
            tokens[i].key for i in range(phrase.first, phrase.last + 1) if i not in phrase.core
        } & cues.PREFIXES
        head = keys[0].split("-")[0] if keys[0] not in lists.given else keys[0]
        soft = keys[0] in lists.not_names or " ".join(keys) in lists.not_names
        starts = first.first
        score = 2.0 if phrase.initials else 0.0
        if len(keys) == 1 or phrase.initials:
            if phrase.core[0] == phrase.first and head in lists.given:
                score += 1.2 if soft else 3.0
            elif phrase.core[0] == phrase.first and head in lists.given_ambiguous:
                doubtful = soft or (starts and keys[0] in lists.common)
                score += 0.5 if doubtful else (0.9 if keys[0] in lists.words else 1.7)
                if starts and not soft and self._subject(phrase):
                    score += 1.2
            elif keys[-1] in lists.surnames or head in lists.surnames:
                score += 1.2
            elif keys[-1] in lists.surnames_ambiguous:
                score += 0.4
            else:
                plain = (self._common(keys[0]) or self._acronym(phrase)) and not (
                    prefixes & cues.STRONG_PREFIXES or phrase.cue >= 2
                )
                score += -2.0 if soft or plain else (0.0 if starts else 0.3)
            if prefixes & cues.STRONG_PREFIXES or (
                prefixes and not starts and "van" in prefixes and first.key == "van" and first.cap
            ):
                score += 1.4
            elif prefixes and not starts and keys[-1] in lists.surnames:
                score += 0.5
            return score
        given = head in lists.given
        if not given and all(self._common(key) or key in lists.not_names for key in keys):
            score -= 2.0
        if given:
            score += 3.2
        elif head in lists.given_ambiguous:
            score += 0.8 if soft and keys[0] not in lists.surnames else 1.6
        else:
            score += -1.2 if soft else 0.4
        for key in keys[1:]:
            part = key.split("-")[0]
            if part in lists.surnames or part in lists.given:
                score += 1.2
            elif part in lists.surnames_ambiguous or part in lists.given_ambiguous:
                score += 0.8
            elif key in lists.not_names:
                score -= 0.3 if given else 1.2
            elif len(key) == 1:
                score += 0.8
        if prefixes:
            score += 1.2 if given or prefixes & cues.STRONG_PREFIXES else 0.5
        return score

    def _subject(self, phrase: Phrase) -> bool:
        """Whether a verb of persons follows: "Mees had ..." has no article, so it is no bird."""
        after = phrase.last + 1
        return (
            after < len(self.tokens) and self.tokens[after].gap == " "
            and not self.tokens[after].cap
            and self.tokens[after].key in (cues.DOING | cues.SAYING) - _VERBS_OF_THINGS
        )  # fmt: skip

    def _common(self, key: str) -> bool:
        """Whether it is a word like any other: "klaproos", "vergeet-mij-niet"."""
        if key in self.known_given or key in self.known_surnames:
            return False
        return all(part in self.lists.common for part in key.split("-"))

    def _acronym(self, phrase: Phrase) -> bool:
        text = self.tokens[phrase.core[0]].text
        return 2 <= len(text) <= 5 and text.isupper() and not self.casual

    # --- decisions --------------------------------------------------------------------------

    def _spread_over_lists(self, phrases: list[Phrase]) -> None:
        """In "Daan, Xyla en Noor" the unknown name is a name; in "Jansen en Bos (2019)" none is."""
        for run in (phrases, phrases[::-1]):
            before: Phrase | None = None
            for phrase in run:
                if self._beside_figure(phrase):
                    phrase.public = True
                if before is not None and self._listed(before, phrase):
                    if before.public and self._cited(before):
                        phrase.public = True
                    elif self._surnames_of_a_theory(before, phrase):
                        before.public = phrase.public = True
                    elif (
                        before.score >= self.threshold and not before.public
                        and -0.2 <= phrase.score < self.threshold
                    ):  # fmt: skip
                        phrase.score += 2.3
                before = phrase

    def _surnames_of_a_theory(self, one: Phrase, other: Phrase) -> bool:
        """ "Treacy en Wiersema", "Beer and Lambert": two names of which one is only a surname."""
        keys = [*one.keys, *other.keys]
        if len(keys) != 2 or max(one.cue, other.cue) >= 1.5:
            return False
        after = max(one.last, other.last) + 1
        told = after < len(self.tokens) and self.tokens[after].key in cues.ACADEMIC
        if told and not all(k in self.known_given for k in keys):
            return True
        lone = [k in self.known_surnames and k not in self.known_given for k in keys]
        beside = abs(other.first - one.last) == 2 or abs(one.first - other.last) == 2
        return (any(lone) if beside else all(lone)) and all(
            self.counts[k] == 1 or k in self.known_surnames for k in keys
        )

    def _characters(self, phrases: list[Phrase]) -> set[str]:
        """Whom a text about a story brings in as somebody of that story."""
        seen: dict[str, bool] = {}
        for phrase in phrases:
            own = self._tied(phrase)
            for key in phrase.keys:
                if phrase.cue >= 2.9 and own:
                    seen[key] = False
                else:
                    seen.setdefault(key, not own and phrase.score < self.threshold)
        return {key for key, character in seen.items() if character}

    def _accept(self, phrases: list[Phrase]) -> list[Phrase]:
        threshold = self.threshold
        known: set[str] = set()
        cited: set[str] = set()
        surnames: set[str] = set()
        for phrase in phrases:
            if phrase.public:
                cited.update(phrase.keys)
                surnames.update(phrase.keys[1:])
            elif phrase.score >= threshold:
                known.update(k for k in phrase.keys if len(k) > 1)
        called = {
            p.keys[0] for p in phrases if len(p.keys) == 1 and p.score >= threshold and not p.public
        } & self.known_given - cited
        characters = self._characters(phrases) if self.fiction else set()
        kept = []
        for phrase in phrases:
            if phrase.public or phrase.score <= -5 or phrase.keys[0] in characters:
                continue
            keys = phrase.keys
            # An author who was cited once, or a character who was introduced as one, stays so.
            given = bool(set(keys) & self.lists.given)
            soft_title = self._previous_key(phrase.first) in cues.SOFT_TITLES
            namesake = len(keys) > 1 and keys[0] in called and not self.fiction
            if (
                keys[-1] in cited
                and not namesake
                and (phrase.cue < 2.4 or soft_title)
                and (self.fiction or not given or keys[-1] in surnames)
            ):
                continue
            if phrase.score >= threshold or (keys[0] in known and self._again(phrase)):
                kept.append(phrase)
        return kept

    def _again(self, phrase: Phrase) -> bool:
        """Whether a word that was a name before is one here: not "Mark my words"."""
        token = self.tokens[phrase.first]
        if not token.cap or not token.first or token.key in self.lists.given:
            return True
        after = phrase.last + 1
        if after >= len(self.tokens) or token.possessive or self.tokens[after].gap != " ":
            return True
        return self.tokens[after].key not in cues.BARE_OBJECT or phrase.score >= 1.2


def _group(phrases: list[Phrase]) -> None:
    """One number for all mentions of a person; full names first, then their parts."""
    by_full: dict[tuple[str, str], int] = {}
    by_part: dict[str, list[int]] = defaultdict(list)
    count = 0
    for phrase in sorted(phrases, key=lambda p: (-min(len(p.keys), 2), p.first)):
        keys = phrase.keys
        if len(keys) > 1:
            full = (keys[0], keys[-1])
            if full not in by_full:
                by_full[full], count = count, count + 1
                for key in keys:
                    by_part[key].append(by_full[full])
            phrase.group = by_full[full]
            continue
        if not by_part[keys[0]]:
            by_part[keys[0]].append(count)
            count += 1
        phrase.group = by_part[keys[0]][0]

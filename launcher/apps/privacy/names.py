"""Names of private persons: candidates from capitals and known names, weighed by their context."""

import re
from collections import defaultdict
from collections.abc import Sequence

from launcher.apps.privacy import cues
from launcher.apps.privacy.candidates import Candidates, Phrase
from launcher.apps.privacy.tokens import Token

_YEAR_AFTER = re.compile(
    r"\s?(?:et al\.?|e\.a\.|en collega's|and colleagues)?,?\s?\((?:1[5-9]|20)\d\d"
)
_ET_AL = re.compile(r"\s(?:et al|e\.a\.|cum suis|c\.s\.)")

_APPOSITION = cues.ARTICLES | {"author", "auteur", "schrijver", "president", "onderzoeker"}


def find_names(
    text: str, tokens: Sequence[Token], taken: bytearray
) -> list[tuple[int, int, float, int]]:
    """(start, end, confidence, person) of each name; ``taken`` marks what is something else."""
    return _Names(text, tokens, taken).found()


class _Names(Candidates):
    def found(self) -> list[tuple[int, int, float, int]]:
        phrases = self._phrases()
        for phrase in phrases:
            self._weigh(phrase)
        self._spread_over_lists(phrases)
        accepted = self._accept(phrases)
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

    def _end(self, phrase: Phrase) -> int:
        token = self.tokens[phrase.last]
        bare = token.end - 1 if self._genitive(token) else token.end
        # "Koen B." keeps its full stop.
        single = len(token.text) == 1 and len(phrase.core) > 1 and self.text[bare : bare + 1] == "."
        return bare + 1 if single else bare

    def _public_cue(self, phrase: Phrase) -> bool:
        tokens, first = self.tokens, phrase.first
        gap = tokens[first].gap
        before, earlier = self._previous_key(first), self._previous_key(first, 2)
        if gap == " " and before in cues.PUBLIC_ROLES and earlier not in cues.OWN_POSSESSIVES:
            return True
        if gap == ", " and before in cues.PUBLIC_ROLES and earlier not in cues.OWN_POSSESSIVES:
            return earlier in cues.ARTICLES
        after = phrase.last + 1
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

    def _weigh(self, phrase: Phrase) -> None:
        tokens, lists, core = self.tokens, self.lists, phrase.core
        first = tokens[phrase.first]
        keys = phrase.keys
        phrase.cue = self._private_cue(phrase.first)
        if first.code and not self._in_comment(first.start):
            phrase.score = -9.0
            return
        score = self._shape(phrase) - (1.0 if first.code else 0.0)
        if cues.ORGANISATION_WORDS & set(keys):
            score -= 4.0
        figure = len(keys) == 1 and (
            (keys[0] in lists.figures_alone and keys[0] not in lists.given)
            or keys[0] in self.figure_keys
        )
        follows_figure = (
            phrase.first > 0 and self.blocked[phrase.first - 1] and first.gap == " " and first.cap
        )
        numbered = keys[-1] in {"ii", "iii", "iv", "vi", "vii", "viii", "xiv", "xvi"}
        phrase.public = (
            self._cited(phrase)
            or follows_figure
            or numbered
            or (phrase.cue < 2.4 and (figure or self._public_cue(phrase)))
            or (keys[0] in self.figure_keys and self._previous_key(phrase.first) in cues.NAMING)
        )
        score += phrase.cue
        before, earlier = self._previous_key(phrase.first), self._previous_key(phrase.first, 2)
        if first.gap == " ":
            if before in cues.WITH:
                score += 1.6 if earlier in cues.TOGETHER else 0.8
            elif before in cues.TOWARDS:
                score += 0.8 if keys[0] in lists.given_ambiguous else 0.5
            elif before in cues.DOING or before in cues.SAYING:
                # In Dutch the verb often comes first: "toen kwam Bas".
                score += 0.8
            elif before in cues.PLACING and len(core) == 1 and not phrase.cue:
                score -= 1.0 if keys[0] in lists.given else 1.5
            if before in {"en", "and"} and earlier in {"ik", "i", "me", "mij"}:
                score += 2.2
            if before in cues.ARTICLES and len(core) == 1 and not phrase.cue:
                score -= 0.5 if keys[0] in lists.given else 2.2
        score += self._after(phrase)
        near = {first.sentence, first.sentence - 1}
        if self.fiction and near & self.own_sentences:
            score += 0.9
        phrase.score = score

    def _in_comment(self, at: int) -> bool:
        line = self.text[max(self.text.rfind("\n", 0, at) + 1, at - 200) : at]
        return "//" in line or "#" in line or "/*" in line or line.lstrip()[:1] == "*"

    def _after(self, phrase: Phrase) -> float:
        tokens, after = self.tokens, phrase.last + 1
        score = 0.5 if tokens[phrase.last].possessive else 0.0
        if after >= len(tokens):
            return score
        token = tokens[after]
        if self._is_relation(after):
            score += 3.0
        elif token.gap == " " and token.key in cues.SAYING:
            score += 1.5
        elif token.gap == " " and token.key in cues.DOING:
            score += 0.8
        elif token.gap == " " and token.key in cues.ACADEMIC:
            score -= 1.0
        elif token.gap == " " and token.key in {"en", "and"} and after + 1 < len(tokens):
            score += 2.2 if tokens[after + 1].key in {"ik", "i", "me", "mij"} else 0.0
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
                score += 0.5 if starts or soft else (0.9 if keys[0] in lists.words else 1.7)
            elif keys[-1] in lists.surnames or head in lists.surnames:
                score += 1.2
            elif keys[-1] in lists.surnames_ambiguous:
                score += 0.4
            else:
                score += -2.0 if soft else (0.0 if starts else 0.3)
            if prefixes & cues.STRONG_PREFIXES or (
                prefixes and not starts and "van" in prefixes and first.key == "van" and first.cap
            ):
                score += 1.4
            elif prefixes and not starts and keys[-1] in lists.surnames:
                score += 0.5
            return score
        given = head in lists.given
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

    # --- decisions --------------------------------------------------------------------------

    def _spread_over_lists(self, phrases: list[Phrase]) -> None:
        """In "Daan, Xyla en Noor" the unknown name is a name; in "Jansen en Bos (2019)" none is."""
        for run in (phrases, phrases[::-1]):
            before: Phrase | None = None
            for phrase in run:
                if before is not None and self._listed(before, phrase):
                    if before.public and self._cited(before):
                        phrase.public = True
                    elif (
                        before.score >= self.threshold and not before.public
                        and -0.2 <= phrase.score < self.threshold
                    ):  # fmt: skip
                        phrase.score += 2.3
                before = phrase

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
        return (
            between == 1 and word.key in {"en", "and", "of", "or", "&"}
            and word.gap in {" ", ", "} and tokens[other.first].gap == " "
        )  # fmt: skip

    def _accept(self, phrases: list[Phrase]) -> list[Phrase]:
        threshold = self.threshold
        known: set[str] = set()
        cited: set[str] = set()
        for phrase in phrases:
            if phrase.public:
                cited.update(phrase.keys)
            elif phrase.score >= threshold:
                known.update(k for k in phrase.keys if len(k) > 1)
        kept = []
        for phrase in phrases:
            if phrase.public or phrase.score <= -5:
                continue
            keys = phrase.keys
            # An author who was cited once, or a character who was introduced as one, stays so.
            given = bool(set(keys) & self.lists.given)
            if keys[-1] in cited and phrase.cue < 2.4 and (self.fiction or not given):
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
        if after >= len(self.tokens) or token.possessive:
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

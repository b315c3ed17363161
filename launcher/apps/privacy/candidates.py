"""Which words may be a name: runs of capitalised or known words, cut to what belongs together."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from launcher.apps.privacy import cues
from launcher.apps.privacy.gazetteer import gazetteer
from launcher.apps.privacy.tokens import Token

THRESHOLD = 2.5
FICTION_THRESHOLD = 4.2
"""In a text about a book or a life most names are not private."""

_CITED = re.compile(
    r"\(([^()\n]{0,240}?(?:\b(?:1[5-9]|20)\d\d[a-z]?\b|n\.d\.|z\.j\.)[^()\n]{0,80})\)"
)
_REFERENCE = re.compile(r"\((?:(?:1[5-9]|20)\d\d[a-z]?|n\.d\.|z\.j\.)[^)\n]{0,30}\)\.")
_SPOKEN = re.compile(
    r"“[^“”\n]{1,600}”|„[^„”“\n]{1,600}[”“]|\"[^\"\n]{1,600}\""
    r"|(?<![\w])[‘'][^‘’'\n]{1,600}(?:['’]\w[^‘’'\n]{0,600}){0,6}[.,!?…][’'](?!\w)"
)


def is_relation(key: str) -> bool:
    known = key in cues.RELATIONS or key in cues.WORKERS
    return known or (len(key) > 8 and key.endswith(cues.RELATION_ENDS))


@dataclass(slots=True, kw_only=True)
class Phrase:
    """Tokens ``first`` to ``last`` may be one name; ``core`` are those that are no prefix."""

    first: int
    last: int
    core: list[int]
    initials: bool = False
    score: float = 0.0
    cue: float = 0.0
    public: bool = False
    group: int = -1
    keys: list[str] = field(default_factory=list)


class Candidates:
    """The phrases of one text that may be names, before anything is weighed."""

    def __init__(self, text: str, tokens: Sequence[Token], taken: bytearray) -> None:
        self.text, self.tokens, self.taken = text, tokens, taken
        self.lists = gazetteer()
        self.known_given = self.lists.known_given
        self.known_surnames = self.lists.known_surnames
        self.entities = self.lists.entities
        self.casual = self._is_casual()
        keys = [token.key for token in tokens]
        self.counts = Counter(keys)
        self.capitals = {token.key for token in tokens if token.cap}
        self.in_code = {
            t.key for t in tokens if t.code and text[t.start - 1 : t.start] in {'"', "'"}
        }
        fiction = sum(key in cues.FICTION_STRONG for key in keys)
        weak = sum(key in cues.FICTION_WEAK for key in keys)
        self.fiction = fiction >= 2 or (fiction == 1 and weak >= 1) or weak >= 4
        self.threshold = FICTION_THRESHOLD if self.fiction else THRESHOLD
        spoken = self._spoken()
        self.own_sentences = {
            t.sentence for t in tokens if t.key in cues.FIRST_PERSON and not spoken[t.start]
        }
        self.our_sentences = {
            t.sentence for t in tokens if t.key in cues.OWN_GROUP | cues.OWN_CIRCLES
        }
        personal = (cues.FIRST_PERSON - {"i", "ik"}) | cues.TEAM_WORK
        self.story_sentences = {t.sentence for t in tokens if t.key in cues.STORY_ROLES}
        self.personal = any(key in personal for key in keys)
        self.source = self._source_regions()
        self.blocked = [False] * len(tokens)
        self.figure_keys: set[str] = set()
        self._block_phrases()
        if weak >= 2 and self.figure_keys and not self.fiction:
            self.fiction, self.threshold = True, FICTION_THRESHOLD

    def _is_casual(self) -> bool:
        starts = [t for t in self.tokens if t.first and not t.code]
        if len(self.tokens) < 6 or not starts:
            return False
        low = sum(not t.cap for t in starts)
        shouted = sum(t.text.isupper() for t in self.tokens if len(t.text) > 1)
        return low >= 0.6 * len(starts) or shouted >= 0.7 * len(self.tokens)

    def _spoken(self) -> bytearray:
        """What stands between quotation marks: the "I" there is not the writer."""
        marked = bytearray(len(self.text) + 1)
        self.dialogues = 0
        for match in _SPOKEN.finditer(self.text):
            self.dialogues += 1
            marked[match.start() : match.end()] = b"\1" * (match.end() - match.start())
        return marked

    def _source_regions(self) -> bytearray:
        """Citations in brackets and lines of a list of sources."""
        marked = bytearray(len(self.text) + 1)
        for match in _CITED.finditer(self.text):
            marked[match.start(1) : match.end(1)] = b"\1" * (match.end(1) - match.start(1))
        at, listed = 0, False
        for line in self.text.splitlines(keepends=True):
            words = line.strip(" #*:\n\r").lower()
            end = at + len(line)
            if words in cues.SOURCE_HEADINGS:
                listed = True
            elif not words:
                pass
            elif len(words) < 30 and not any(char.isdigit() for char in words) and "." not in words:
                listed = False
            shown = line[:600]
            if (listed and re.search(r"\b(?:1[5-9]|20)\d\d|https?:|n\.d\.", shown)) or (
                _REFERENCE.search(shown[:240]) and shown[:1].isupper() and "," in shown[:40]
            ):
                marked[at:end] = b"\1" * len(line)
            at = end
        return marked

    def _block_phrases(self) -> None:
        """Marks well-known phrases, and public figures by their full name."""
        lists, tokens = self.lists, self.tokens
        for at in range(len(tokens)):
            key = tokens[at].key
            for count in range(1, lists.longest_phrase):
                after = at + count
                if after >= len(tokens) or tokens[after].gap not in {" ", ". ", ".", "\u00a0", "-"}:
                    break
                key += " " + tokens[after].key
                if key not in lists.figures and key not in lists.not_names:
                    continue
                if key in lists.figures:
                    self.figure_keys.update(
                        k for k in key.split() if k not in cues.PREFIXES and len(k) > 1
                    )
                if self._private_cue(at) < 2.9:
                    self.blocked[at : after + 1] = [True] * (count + 1)

    def _personal_at(self, sentence: int) -> bool:
        """Whether the text around a sentence is about the writer's own life."""
        if self.fiction:
            return sentence in self.own_sentences
        last = self.tokens[-1].sentence + 1
        return sentence in self.own_sentences or len(self.own_sentences) >= 0.25 * last

    # --- candidates -------------------------------------------------------------------------

    def _phrases(self) -> list[Phrase]:
        found, at = [], 0
        while at < len(self.tokens):
            phrase = self._phrase_at(at)
            if phrase is None:
                at += 1
            else:
                found.append(phrase)
                at = phrase.last + 1
        return found

    def _usable(self, at: int) -> bool:
        token = self.tokens[at]
        return not self.blocked[at] and not any(self.taken[token.start : token.end])

    def _is_core(self, at: int) -> bool:
        """Whether the token can be a given name or a surname."""
        token = self.tokens[at]
        if not self._usable(at) or token.key in cues.TITLES | cues.CLOSINGS | cues.GREETINGS:
            return False
        if token.key in cues.PUBLIC_ROLES and self._before_capital(at):
            return False
        if token.key in cues.RELATIONS - self.lists.given and self._before_capital(at):
            return False
        if token.cap and len(token.text) > 1:
            if token.key in self.lists.words:
                return token.key in self.lists.given_ambiguous or (
                    token.key in self.lists.surnames_ambiguous
                )
            return not (token.key in cues.PREFIXES and at + 1 < len(self.tokens)
                        and self.tokens[at + 1].gap == " " and self.tokens[at + 1].cap)  # fmt: skip
        return not token.cap and self._known_low(at)

    def _before_capital(self, at: int) -> bool:
        after = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        return after is not None and after.gap == " " and after.cap

    def _known_low(self, at: int) -> bool:
        """A name without its capital: in hasty texts, or right after a word that calls for one."""
        token, lists = self.tokens[at], self.lists
        if token.key in lists.words or token.code:
            return False
        named = token.key in self.capitals and token.key not in lists.common
        if named and token.key in self.known_given:
            return True
        if len(token.text) < 3:
            return False
        opening = at
        while opening and self.tokens[opening - 1].key in cues.PREFIXES:
            opening -= 1
        cue = max(self._private_cue(at), self._private_cue(opening))
        if token.key in lists.given:
            return self.casual or cue >= 2.4
        strong = cue >= 2.9
        if strong and self._previous_key(opening) in cues.TITLES:
            return token.key in self.known_surnames or token.key not in lists.common
        if (
            strong
            and self.casual
            and not (token.key in lists.common or token.key in lists.given_ambiguous)
        ):
            return True
        if token.key in lists.given_ambiguous or token.key in lists.surnames:
            return strong or (self.casual and at > 0 and self._after_given(at))
        return strong and self._previous_key(at) in {"heet", "heette", "named", "genaamd"}

    def _after_given(self, at: int) -> bool:
        return (
            self.tokens[at].gap == " "
            and self.tokens[at].key in self.lists.surnames
            and self.tokens[at - 1].key in self.lists.given
        )

    def _is_initial(self, at: int) -> bool:
        token = self.tokens[at]
        return (
            token.cap and len(token.text) == 1 and self._usable(at)
            and self.text[token.end : token.end + 1] == "."
        )  # fmt: skip

    def _phrase_at(self, at: int) -> Phrase | None:
        tokens, start = self.tokens, at
        core: list[int] = []
        initials = False
        while (
            at < min(len(tokens), start + 6)
            and self._is_initial(at)
            and (at == start or tokens[at].gap in {".", ". "})
        ):
            initials = True
            at += 1
        if initials and (at >= len(tokens) or tokens[at].gap not in {". ", "."}):
            return None
        prefixed = self._skip_prefixes(at)
        if prefixed != at and tokens[at].key in cues.MIDDLE_PREFIXES and not tokens[at].cap:
            return None
        if prefixed != at and not initials and not (tokens[at].cap or self._private_cue(at) >= 2.4):
            return None
        if prefixed >= len(tokens) or not self._is_core(prefixed):
            return None
        core.append(prefixed)
        at = prefixed
        while at + 1 < len(tokens) and len(core) < 5 and not tokens[at].possessive:
            step = at + 1
            if tokens[step].gap not in {" ", "\u00a0", "  "} and not (
                tokens[step].gap == " '" and tokens[step].key == "t"
            ):
                break
            last_initial = (
                len(tokens[step].text) == 1 and tokens[step].cap and tokens[step].key != "i"
            )
            beyond = self._skip_prefixes(step)
            low_prefix = beyond != step and all(
                tokens[i].key in cues.PREFIXES for i in range(step, beyond)
            )
            if last_initial and self._usable(step):
                core.append(step)
                at = step
            elif (
                low_prefix and beyond < len(tokens) and tokens[beyond].cap and self._is_core(beyond)
            ):
                if not self._name_with_prefix(core, step, beyond):
                    break
                core.append(beyond)
                at = beyond
            elif (
                self._is_core(step) and (tokens[step].cap or not tokens[at].cap)
            ) or self._surname_like_a_word(core, step):
                core.append(step)
                at = step
            else:
                break
        phrase = Phrase(first=start, last=at, core=core, initials=initials)
        return self._trimmed(phrase)

    def _surname_like_a_word(self, core: list[int], step: int) -> bool:
        """ "Charles Best", "Will Smith": after a given name a capital makes a word a surname."""
        token, head = self.tokens[step], self.tokens[core[0]]
        return (
            len(core) == 1 and token.cap and len(token.text) > 2 and self._usable(step)
            and not token.first and head.cap and head.key in self.lists.given
            and not token.text.isupper() and token.key not in cues.NO_SURNAMES
            and token.key not in self.entities
        )  # fmt: skip

    def _skip_prefixes(self, at: int) -> int:
        tokens, start = self.tokens, at
        while (
            at < len(tokens) - 1 and at - start < 4 and tokens[at].key in cues.PREFIXES
            and (at == start or tokens[at].gap in {" ", " '", " ’", " ‘"})
            and tokens[at + 1].gap in {" ", " '", " ’", " ‘", "-"}
            and (tokens[at].cap or tokens[at].text != "I")
        ):  # fmt: skip
            at += 1
        return at

    def _name_with_prefix(self, core: list[int], step: int, beyond: int) -> bool:
        """Whether "X van Y" reads as one name, not as "the X of Y"."""
        lists, tokens = self.lists, self.tokens
        head, tail = tokens[core[0]].key, tokens[beyond].key
        keys = [tokens[i].key for i in range(step, beyond)]
        if keys == ["in"] or keys[0] in {"aan", "op", "uit", "bij", "do", "te", "e", "y", "s", "d"}:
            return tail in lists.surnames and head in lists.given
        if head in lists.given or head in lists.given_ambiguous:
            place = tail in lists.not_names and keys in (["van"], ["in"], ["de"])
            return not place or tail in self.known_surnames
        return any(key in cues.STRONG_PREFIXES for key in keys) or (tail in self.known_surnames)

    def _trimmed(self, phrase: Phrase) -> Phrase | None:
        """Without words around the name, such as the first word of the sentence."""
        lists, tokens, core = self.lists, self.tokens, phrase.core
        known = self.known_given
        while len(core) > 1 and not phrase.initials:
            key = tokens[core[0]].key
            following = tokens[core[1]].key
            a_word = key in lists.words and (key not in known or following in lists.given)
            a_date = key in self.entities and key not in known and following in lists.given
            if not a_word and not a_date and not (
                tokens[core[0]].first and key in lists.common
                and key not in known and key not in lists.surnames
                and following in lists.given
            ):  # fmt: skip
                break
            core.pop(0)
            phrase.first = core[0]
        while len(core) > 1 and (
            (
                tokens[core[-1]].key in lists.words
                and not self._surname_like_a_word(core[:-1], core[-1])
            )
            or tokens[core[-1]].key in self.entities
        ):
            core.pop()
            phrase.last = core[-1]
        head = tokens[core[0]].key
        if (
            core[0] != phrase.first and not phrase.initials and head in known
            and head not in self.known_surnames
            and tokens[phrase.first].key not in cues.STRONG_PREFIXES
        ):  # fmt: skip
            phrase.first = core[0]
        phrase.keys = [self._bare(tokens[i]) for i in core]
        return phrase

    def _genitive(self, token: Token) -> bool:
        """ "Rachidas" is of Rachida; "Lucas" is Lucas."""
        lists = self.lists
        return (
            token.cap and token.key.endswith("s") and token.key not in self.known_given
            and token.key not in lists.not_names
            and token.key not in lists.surnames and token.key[:-1] in lists.given
        )  # fmt: skip

    def _bare(self, token: Token) -> str:
        return token.key[:-1] if self._genitive(token) else token.key

    def _own_relation_before(self, at: int) -> bool:
        """Whether the words up to ``at`` are "mijn beste vriendin" or "our teacher of maths"."""
        run: list[str] = []
        for back in range(1, 10):
            if at < back or (back > 1 and self.tokens[at - back + 1].gap != " "):
                break
            run.append(self.tokens[at - back].key)
            if run[-1] in cues.OWN_POSSESSIVES:
                return any(is_relation(word) for word in run[:-1])
        return False

    def _somebody_before(self, at: int) -> bool:
        """Whether the words up to ``at`` are "de boswachter" or "een boer uit ons dorp"."""
        for back in range(1, 8):
            if at < back or (back > 1 and self.tokens[at - back + 1].gap != " "):
                return False
            token = self.tokens[at - back]
            if token.cap and not token.first:
                return False  # "De trainer van Ajax, ..." is in the paper.
            if is_relation(token.key):
                before = {self._previous_key(at, back + 1), self._previous_key(at, back + 2)}
                return bool(before & (cues.POSSESSIVES | cues.ARTICLES))
        return False

    # --- evidence ---------------------------------------------------------------------------

    def _previous_key(self, at: int, back: int = 1) -> str:
        return self.tokens[at - back].key if at >= back else ""

    def _alone_at_the_end(self, at: int) -> bool:
        """Whether the text ends with a name below it or after its last full stop: "Succes! Bo"."""
        rest = self.tokens[at : at + 4]
        return (
            len(rest) < 4 and rest[0].first and all(token.cap for token in rest)
            and (rest[0].key in self.known_given or rest[0].key not in self.lists.common)
            and not self.text[rest[-1].end :].strip()
        )  # fmt: skip

    def _spoken_to(self, at: int) -> bool:
        """Whether somebody is called, in quotation marks: "Xanthe, kom!" or "Kom nou, Xanthe!"."""
        token = self.tokens[at]
        after = self.text[token.end : token.end + 2]
        opens = token.gap.endswith(('"', "“", "„", "‘")) and after == ", "
        closes = token.gap == ", " and after[:1] in {"!", "?", "."} and after[1:] in {'"', "”", "’"}
        return token.cap and (opens or closes)

    def _private_cue(self, at: int) -> float:
        """How strongly the words before token ``at`` announce a private person."""
        if at == 0:
            return 0.0
        tokens = self.tokens
        token, before = tokens[at], tokens[at - 1]
        gap, key = token.gap, before.key
        earlier, third = self._previous_key(at, 2), self._previous_key(at, 3)
        close = gap in {" ", "  ", "\u00a0", ". ", ".", " - "}
        titled = key in cues.TITLES or (token.cap and key in cues.KIN)
        if close and titled and not (gap == ". " and len(key) > 5):
            if {earlier, third} & (cues.GREETINGS | cues.THANKS):
                return 4.5
            if self.fiction and token.sentence not in self.own_sentences:
                return 0.5
            return 2.4 if key in cues.SOFT_TITLES else 3.0
        if close and is_relation(key) and (gap == " " or gap == "  "):
            if earlier in cues.OWN_POSSESSIVES or third in cues.OWN_POSSESSIVES:
                return 3.0
            if self.fiction and token.sentence not in self.own_sentences:
                return 0.5
            if earlier in cues.POSSESSIVES or third in cues.POSSESSIVES:
                # "zijn collega Jens" in a text that is about nobody near is in the paper.
                return 3.0 if self._personal_at(token.sentence) else 1.0
            return 1.4 if key in cues.WORKERS else 2.2  # "schipper" is in history books too.
        if gap in {", ", " (", ": "}:
            # "Mijn leidinggevende daar, ..." has a word between.
            if self._own_relation_before(at):
                return 2.9
            if self._somebody_before(at) and not self.fiction:
                return 2.0
        if gap == " " and key in cues.NAMING:
            if {earlier, third} & (cues.THINGS | cues.PETS):
                return 0.0
            if key in cues.SPEAKING_OF and earlier not in cues.PERSONS:
                return 0.0
            return 3.0 if not self.fiction or token.sentence in self.own_sentences else 0.0
        if gap == " " and key in {"is", "are", "ben", "am", "was", "were", "wordt", "werd"}:
            if earlier in {"naam", "name", "naams"} or (earlier in {"ik", "i"} and token.cap):
                told = self.fiction and token.sentence not in self.own_sentences
                return 0.0 if told else 2.9
            if earlier in {"ik", "i"}:
                return 2.9
            if self._own_relation_before(at - 1):
                return 2.9
        if gap == " " and key == "i'm":
            return 2.9
        if ":" in gap and len(gap) < 5 and key in cues.LABELS:
            return 3.0
        if gap == " " and key in {"ik", "i"} and earlier in {"groetjes", "groet"}:
            return 2.0
        if gap in {" ", ", "} and key in cues.GREETINGS and before.first:
            return 3.0
        if self._alone_at_the_end(at) or self._spoken_to(at):
            return 2.9
        if key in cues.CLOSINGS and set(gap) <= set(" ,\n\r\t!.-"):
            return 3.0
        if (
            gap == " "
            and key == "by"
            and earlier in {"written", "made", "draft", "report", "review"}
        ):
            return 1.5 if earlier == "made" and token.key not in self.known_given else 2.9
        if gap == " " and key in {"aan", "to"} and earlier in cues.THANKS:
            return 2.4
        if gap == " " and key in {"van", "by", "of"} and {earlier, third} & cues.OWN_TEXTS:
            return 2.4
        if key in {"review", "peerreview", "feedback", "reflectie", "reflection"}:
            return 0.5
        if (
            gap == " "
            and key in {"voor", "for", "aan"}
            and earlier in {"feedback", "review", "peerreview"}
        ):
            return 2.9
        return 0.0

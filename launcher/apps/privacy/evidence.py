"""What a text says of itself, and how strongly the words before a name announce a person."""

import re
from collections import Counter
from collections.abc import Sequence

from launcher.apps.privacy import cues
from launcher.apps.privacy.gazetteer import fold, gazetteer
from launcher.apps.privacy.tokens import Token

_CITED = re.compile(
    r"\(([^()\n]{0,240}?(?:\b(?:1[5-9]|20)\d\d[a-z]?\b|n\.d\.|z\.j\.)[^()\n]{0,80})\)"
)
_REVIEW = re.compile(
    r"(?:boek|film|lees|movie|book|film|novel)-? ?(?:recensie|verslag|bespreking|review|report)\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\((?:(?:1[5-9]|20)\d\d[a-z]?|n\.d\.|z\.j\.)[^)\n]{0,30}\)\.")
_CODE_WORDS = 8
_STAMPED = r"\[?(?:\w{2} )?\d{1,2}[:.]\d\d(?::\d\d)?\]?[ \t–-]*"
_SPEAKER = re.compile(
    rf"^[ \t>*•-]*(?:{_STAMPED})?"
    r"([^\W\d_][\w.'’-]{0,20}(?: [^\W\d_][\w.'’-]{0,15}){0,2}):(?=[ \t]\S)",
    re.MULTILINE,
)
_STAMP = re.compile(rf"^[ \t>]*{_STAMPED}", re.MULTILINE)
_CLOSING = cues.CLOSINGS | {"met", "kind", "best", "hartelijke", "vriendelijke", "veel"}
_SPOKEN = re.compile(
    r"“[^“”\n]{1,600}”|„[^„”“\n]{1,600}[”“]|\"[^\"\n]{1,600}\""
    r"|(?<![\w])[‘'][^‘’'\n]{1,600}(?:['’]\w[^‘’'\n]{0,600}){0,6}[.,!?…][’'](?!\w)"
)


def is_relation(key: str) -> bool:
    known = key in cues.RELATIONS or key in cues.WORKERS
    return known or (len(key) > 8 and key.endswith(cues.RELATION_ENDS))


class Evidence:
    """One text: whether it is a story, where the writer speaks, and the cues before each word."""

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
        self._read_speakers()
        fiction = sum(
            t.key in cues.FICTION_STRONG and (t.first or not t.cap or t.key != "roman")
            for t in tokens
        )
        weak = sum(key in cues.FICTION_WEAK for key in keys)
        reviewed = bool(_REVIEW.match(text.lstrip()[:40]))
        self.fiction = fiction >= 2 or reviewed or (fiction == 1 and weak >= 1) or weak >= 4
        letter = any(t.first and t.key in cues.SALUTATIONS for t in tokens[:40]) and any(
            t.key in cues.CLOSINGS for t in tokens[-30:]
        )
        opening = text.lstrip()[:200].split("\n", 1)[0]
        kept = bool(cues.RECORDS & {fold(word) for word in re.findall(r"[\w-]+", opening)})
        # A letter is no story, nor is a program about books or the logbook of a team.
        retells = not letter and not kept and sum(t.code for t in tokens) < _CODE_WORDS
        self.fiction = self.fiction and retells
        spoken = self._spoken()
        self.own_sentences = {
            t.sentence for t in tokens if t.key in cues.FIRST_PERSON and not spoken[t.start]
        }
        # Who talks about their own life most of the time retells no book.
        last = tokens[-1].sentence + 1 if tokens else 1
        if self.fiction and len(self.own_sentences) >= 0.5 * last:
            self.fiction = retells = False
        if self.fiction:
            self.own_sentences |= {t.sentence for t in tokens if t.key in cues.IN_CLASS}
        personal = (cues.FIRST_PERSON - {"i", "ik"}) | cues.TEAM_WORK
        self.personal = any(key in personal for key in keys)
        self.source = self._source_regions()
        self.blocked = [False] * len(tokens)
        self.figure = [False] * len(tokens)
        self.figure_keys: set[str] = set()
        self.works: frozenset[str] = frozenset()
        self._mark_phrases()
        if retells and weak >= 2 and (self.figure_keys or self.works):
            self.fiction = True

    def _read_speakers(self) -> None:
        """Who says something in a chat or a script: "[19:02] Pleun: ja"."""
        lines = list(_SPEAKER.finditer(self.text))
        times = Counter(line[1] for line in lines)
        self.speakers = {line.start(1): times[line[1]] for line in lines if times[line[1]] > 1}
        self.speaker_keys = {
            fold(word) for name, count in times.items() if count > 1 for word in name.split()
        }
        self.stamped = len(_STAMP.findall(self.text)) > 2

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

    def _mark_phrases(self) -> None:
        """Marks well-known phrases, public figures by their full name, and characters of works."""
        lists, tokens = self.lists, self.tokens
        longest = max(lists.longest_phrase, lists.longest_title)
        for at in range(len(tokens)):
            key = tokens[at].key
            for count in range(longest):
                after = at + count
                if count:
                    gaps = {" ", ". ", ".", "\u00a0", "-", ", ", ": ", "'"}
                    if after >= len(tokens) or tokens[after].gap not in gaps:
                        break
                    key += " " + tokens[after].key
                if key in lists.works and tokens[at].cap and self._is_title(at, after):
                    self.works |= lists.works[key]
                if not count or tokens[after].gap in {", ", ": ", "'"}:
                    continue
                if key in lists.figures:
                    self.figure[at : after + 1] = [True] * (count + 1)
                    self.figure_keys.update(
                        k for k in key.split() if k not in cues.PREFIXES and len(k) > 1
                    )
                if key in lists.not_names and self._private_cue(at) < 2.9:
                    self.blocked[at : after + 1] = [True] * (count + 1)

    def _is_title(self, at: int, last: int) -> bool:
        """Whether a word or more can be a title here: "It" at the start of a sentence is none."""
        if last > at:
            return True
        token = self.tokens[at]
        quoted = self.text[max(token.start - 1, 0)] in "\"'‘“*_«" or token.gap.endswith(": ")
        doubtful = token.key in self.known_given or (token.first and token.key in self.lists.common)
        return quoted or not doubtful

    def _personal_at(self, sentence: int) -> bool:
        """Whether the text around a sentence is about the writer's own life."""
        if self.fiction:
            return sentence in self.own_sentences
        last = self.tokens[-1].sentence + 1
        if {sentence - 1, sentence + 1} <= self.own_sentences:
            return True
        if self.casual and self.own_sentences:
            return True
        return sentence in self.own_sentences or len(self.own_sentences) >= 0.5 * last

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
                return bool(before & (cues.POSSESSIVES | cues.ARTICLES | cues.SOME))
        return False

    def _previous_key(self, at: int, back: int = 1) -> str:
        return self.tokens[at - back].key if at >= back else ""

    def _signed(self, at: int) -> bool:
        """Whether a line with nothing but a name stands below the greeting at the end."""
        start = self.tokens[at].start
        before = self.text[max(start - 120, 0) : start]
        if not before.endswith("\n") or not self.tokens[at].cap:
            return False
        line = self.text[start : start + 80].split("\n", 1)[0].strip(" ,.")
        words = line.split()
        if not 1 <= len(words) <= 5 or self.text[start:].strip().count("\n") > 4:
            return False
        named = all(w[0].isupper() or fold(w) in cues.PREFIXES for w in words)
        above = [line.strip() for line in before.split("\n") if line.strip()][-2:]
        return named and any(fold(line.split()[0].strip(",.!")) in _CLOSING for line in above)

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
            near = {token.sentence, token.sentence - 1} & self.own_sentences
            if self.fiction and not near:
                return 0.5
            return 2.4 if key in cues.SOFT_TITLES else 3.0
        if close and is_relation(key) and (gap == " " or gap == "  "):
            if earlier in cues.OWN_POSSESSIVES or third in cues.OWN_POSSESSIVES:
                return 3.0
            if self.fiction and token.sentence not in self.own_sentences:
                return 0.5
            if earlier in cues.POSSESSIVES or third in cues.POSSESSIVES:
                # "zijn collega Jens" in a text that is about nobody near is in the paper.
                told = token.key in self.known_given or len(self.own_sentences) >= 4
                family = key in cues.FAMILY and self.personal and told
                familiar = family and not self.fiction
                return 3.0 if familiar or self._personal_at(token.sentence) else 1.0
            return 1.4 if key in cues.WORKERS else 2.2  # "schipper" is in history books too.
        if gap.endswith("@") and token.cap and token.key in self.known_given:
            return 2.9  # "@Precious jij zat vooraan"
        if gap == " " and key in cues.SOMEBODY and token.sentence in self.own_sentences:
            return 2.2
        if gap in {", ", " (", ": "}:
            # "Mijn leidinggevende daar, ..." has a word between.
            if self._own_relation_before(at):
                return 2.9
            if self._somebody_before(at) and not self.fiction:
                return 2.2
        if gap == " " and key in cues.NAMING:
            if {earlier, third} & (cues.THINGS | cues.PETS | cues.STORY_ROLES):
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
            if earlier in cues.FAMILY and third in cues.POSSESSIVES and self.personal:
                return 0.5 if self.fiction else 2.4  # "Zijn vader is Arjan Verhoeven."
        if gap == " " and key == "i'm":
            return 2.9
        if ":" in gap and len(gap) < 5 and key in cues.LABELS:
            return 3.0
        if gap == " " and key in {"ik", "i"} and earlier in {"groetjes", "groet"}:
            return 2.0
        if gap in {" ", ", "} and key in cues.GREETINGS and before.first:
            return 3.0
        if self._signed(at) or self._alone_at_the_end(at) or self._spoken_to(at):
            return 2.9
        ends = "\n" in gap or not set(gap) & set(".!") or token.key in self.known_given
        if key == "best" and gap[0] == "," and not self.text[token.end :].strip(" .,!x\n"):
            return 2.9  # "Best, Summer"
        if key in cues.CLOSINGS and set(gap) <= set(" ,\n\r\t!.-") and ends:
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

"""Which words may be a name: runs of capitalised or known words, cut to what belongs together."""

import re
from dataclasses import dataclass, field

from launcher.apps.privacy import cues
from launcher.apps.privacy.surroundings import Surroundings
from launcher.apps.privacy.tokens import Token

_AMOUNT = re.compile(r"\.? ?\d")
"""What follows "max" and "min" when they are no names."""


_NO_NAME = re.compile(r"I['’](?:m|ve|ll|d)$|[A-Z]{2,}['’-][a-z]")
"""\"I'm\", "SLB'er", "IBAN-velden"."""


@dataclass(slots=True, kw_only=True)
class Phrase:
    """Tokens ``first`` to ``last`` may be one name; ``core`` are those that are no prefix."""

    first: int
    last: int
    core: list[int]
    initials: bool = False
    score: float = 0.0
    cue: float = 0.0
    group: int = -1
    keys: list[str] = field(default_factory=list)


class Candidates(Surroundings):
    """The phrases of one text that may be names, before anything is weighed."""

    def phrases(self) -> list[Phrase]:
        """What may be a name, in the order of the text."""
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
        if self.blocked[at] or (token.code and not self.in_comment(token.start)):
            return False
        return not any(self.taken[token.start : token.end])

    def in_comment(self, at: int) -> bool:
        """Whether the line up to ``at`` opens a comment of a program."""
        line = self.text[max(self.text.rfind("\n", 0, at) + 1, at - 200) : at]
        return "//" in line or "#" in line or "/*" in line or line.lstrip()[:1] == "*"

    def _is_core(self, at: int) -> bool:
        """Whether the token can be a given name or a surname."""
        token = self.tokens[at]
        if not self._usable(at) or token.key in cues.TITLES | cues.CLOSINGS:
            return False
        if token.start in self.speakers and token.key not in self.lists.words:
            return True
        if _NO_NAME.match(token.text):
            return False
        if token.key in cues.GREETINGS and not self._called_like_a_greeting(at):
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

    def _called_like_a_greeting(self, at: int) -> bool:
        """ "Groetjes Lieve", "met Lieve en Tom": no greeting, for nobody is called after it."""
        token = self.tokens[at]
        signed = self._previous_key(at) in cues.CLOSINGS and not self.text[token.end :].strip()
        within = not token.first and token.cap and not self._before_capital(at)
        return token.key in self.known_given and (within or signed)

    def _before_capital(self, at: int) -> bool:
        after = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        return after is not None and after.gap == " " and after.cap

    def _known_low(self, at: int) -> bool:
        """A name without its capital: in hasty texts, or right after a word that calls for one."""
        token, lists = self.tokens[at], self.lists
        if token.key in lists.words or token.code or _AMOUNT.match(self.text, token.end):
            return False
        loose = token.key in lists.common and not self.casual
        if loose and self._previous_key(at) in cues.ARTICLES:
            return False  # "waar is de tas"
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
            return (self.casual and token.key != "ben") or cue >= 2.4
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
            and self._previous_key(at) not in cues.LETTERED
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
            and token.key not in self.figure_keys and token.key not in self.works
            and token.key not in lists.figures_alone
        )  # fmt: skip

    def _bare(self, token: Token) -> str:
        return token.key[:-1] if self._genitive(token) else token.key

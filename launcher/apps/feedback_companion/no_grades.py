"""Grades, levels and verdicts: never in a comment, and never in what the teacher asks for."""

import re

_NUMBER_WORDS = (
    "een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|"
    "one|two|three|four|five|six|seven|eight|nine|ten"
)

_VERDICTS = re.compile(
    r"""
      \b\d{1,3}(?:[.,]\d)?\s*(?:/|op|van\ de|out\ of|uit)\s*(?:5|10|20|100|ten|tien)\b
    | \b\d{1,3}(?:[.,]\d+)?\s*(?:%|procent|percent|punten|points?|sterren|stars?|marks)(?!\w)
    | \b(?:cijfer|grade|score|mark|rating|punt|note)\s*(?:is|was|:|=|van|of|een|an?)*\s*
        (?:\d|[A-F][+-]?(?!\w)|(?:NUMBERS)\b)
    | \b(?:een|a|an)\s+(?:dikke\s+|solid\s+)?(?:\d{1,2}(?:[.,]\d)?\b(?!\s*[a-zà-ÿ])|[A-F][+-](?!\w))
    | \b(?:NUMBERS)\s+(?:sterren|stars)\b
    | \b(?:NUMBERS)\s+(?:op|van\ de|out\ of|uit)\s+(?:de\s+)?(?:vijf|tien|five|ten)
        (?=\s*(?:[.!,;]|$))
    | \b(?:een|a|an)\s+(?:dikke\s+|mooie\s+|ruime\s+|solid\s+|strong\s+)?
        (?:zes|zeven|acht|negen|tien|six|seven|eight|nine|ten|(?-i:[A-F]))
        (?=\s*(?:[.!,;]|$|(?:dus|hoor|toch|waard|so)\b))
    | (?<!\w)(?-i:[A-F])\+(?![\w+])
    | (?:^|[.!?]\s)\s*(?:(?:een|jij|je|net|ruim|you|you've|just)\s+)*
        (?:geslaagd|gezakt|passed|failed|pass|fail|(?:NUMBERS)\ (?:punten|points))\s*(?:[.!]|$)
    | \b(?:een|a|an)\s+(?:dikke|ruime|mooie|nette|solid|strong)\s+\d{1,2}(?!\w)
    | \b(?:een|a|an)\s+\d{1,2}(?:[.,]\d)?\s+(?:voor|for|waard)\b
    | [★☆⭐🌟🟢🔴🟡🟠]
    | \b(?:A1|A2|B1|B2|C1|C2|1F|2F|3F|4F)\b
    | \b(?:on)?voldoende\s*(?:[.!]|$)
    | \b(?:is|was|it's|dit\ is|this\ is)\s+(?:ruim\s+|zwaar\s+)?(?:on)?voldoende\b
    | \b(?:je|jij|u|leerling)\s+(?:bent\s+)?(?:geslaagd|gezakt|slaagt|zakt|haalt\ het)\b
    | \byou(?:'ve|\ have|\ would|\ will|\ did)?\s+(?:pass|passed|fail|failed)\b
    | \b(?:above|below|boven|onder)\s+(?:the\s+|het\s+)?
        (?:average|gemiddelde?|niveau|level|expected\ level)\b
    | \b(?:beste?|slechtste|worst|zwakste|weakest)\s+(?:van|of|in)\s+(?:de|the)\s+(?:klas|class)\b
    """.replace("NUMBERS", _NUMBER_WORDS),
    re.IGNORECASE | re.VERBOSE,
)

_GRADE_WORDS = re.compile(
    r"\b(?:cijfers?|(?:rapport|eind)cijfers?|scores?|gescoord|niveaus?|onvoldoende|beoordeling(?:en)?"
    r"|becijfer\w*|rangorde|ranking|grad(?:e|es|ed|ing)|scor(?:ed|ing)|ratings?|levels?|marks)\b",
    re.IGNORECASE,
)

_REQUESTS = re.compile(
    r"""
      \b(?:cijfers?|eindcijfer|rapportcijfer|deelcijfer|becijfer\w*)\b
    | \b(?:grades?|grading|marks?\ out\ of)\b
    | \b(?:scores?|scoren|scoring|puntentelling)\b
    | \bpunten\s+(?:voor|per|op|van|aan)\b | \bpoints?\s+(?:for|out\ of|per)\b
    | \b(?:voldoende|onvoldoende)\s+of\s+(?:on)?voldoende\b | \bo/v/g\b
    | \b(?:pass(?:\s+or\s+|\s*/\s*)fail|geslaagd\ of\ gezakt)\b
    | \b(?:bepaal|geef|schat|zeg|noem|beoordeel|determine|give|assess|state|rate|estimate)\b
        [^.\n]{0,40}\b(?:niveaus?|levels?|voldoende|onvoldoende|sterren|stars|percentage|oordeel
        |eindoordeel|verdict)\b
    | \b(?:rangschik|ranglijst|rangorde|rank\ the|ranking)\b
    | \b(?:beoordeel|rate|score|waardeer)\b[^.\n]{0,30}\b(?:van|op|from|out\ of|on)\b[^.\n]{0,25}
        \b(?:\d{1,3}|tien|ten|schaal|scale)\b
    | \b(?:van|from)\s+(?:1|één|een|one|0)\s+(?:tot|t/m|to)\s+(?:5|10|100|vijf|tien|ten)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_NEGATED = re.compile(
    r"\b(?:geen|nooit|niet|zonder|no|never|not|without|don't|do\ not)\b[^.\n,;]{0,24}$",
    re.IGNORECASE,
)


def has_verdict(text: str, *, allowed_in: str = "") -> bool:
    """Whether ``text`` judges: a grade, level, score or pass or fail.

    A bare word such as "cijfers" is accepted when ``allowed_in``, the sentence that the comment is
    about, uses it too: an essay may be about grades.
    """
    if _VERDICTS.search(text):
        return True
    own_words = {match.group().lower() for match in _GRADE_WORDS.finditer(allowed_in)}
    return any(match.group().lower() not in own_words for match in _GRADE_WORDS.finditer(text))


def find_grade_request(text: str) -> str | None:
    """The words in a teacher's goal or criterion that ask for a grade or ranking, or None."""
    for match in _REQUESTS.finditer(text):
        if not _NEGATED.search(text[: match.start()]):
            return match.group().strip()
    return None

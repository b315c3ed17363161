"""What has a fixed form: addresses for mail and web, numbers with a checksum, dates, streets.

Each search is linear: candidates come from one pass with bounded repeats, checks come after.
"""

import re
from collections.abc import Iterator

import phonenumbers
from stdnum import iban
from stdnum.nl import bsn

from launcher.apps.privacy.gazetteer import fold, gazetteer
from launcher.apps.privacy.types import Kind, Lang

Span = tuple[Kind, int, int, float]

_RESERVED = re.compile(r"^(?:www\.)?(?:example|voorbeeld|localhost|test|invalid)(?:\.\w{2,8})?$")
"""Addresses that stand for any address; "jan@school.example" is somebody's."""
_OF_NOBODY = re.compile(
    r"(?:info|service|support|contact|klantenservice|helpdesk|receptie|administratie|noreply|redactie"
    r"|sales|hello|office|secretariaat|balie)",
    re.IGNORECASE,
)
"""The address of a desk, not of a person."""
_LOCAL_END = re.compile(r"[^\s@<>()\[\],;:\"'`]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[^\W_][\w-]{0,62}\.){1,5}[^\W\d_]{2,24}")
_SPELLED = re.compile(
    r"\b[\w.+-]{1,40}(?: (?:punt|dot) [\w-]{1,30}){0,3} apenstaartje [\w-]{1,40}"
    r"(?:\.| punt | dot )(?:nl|com|be|net|org|eu|me)\b|"
    r"\b[\w.+-]{1,40}(?: (?:punt|dot) [\w-]{1,30}){0,3} at [\w-]{1,40}"
    r"(?: punt | dot )(?:nl|com|be|net|org|eu|me)\b|"
    r"\b[\w.+-]{1,40} ?[\[(](?:at|apenstaartje)[\])] ?[\w-]{1,40}"
    r"(?: ?[\[(](?:dot|punt)[\])] ?|\.)[a-z]{2,10}\b",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{1,4}){3,8}\b")
_DUTCH_IBAN = re.compile(r"NL\d\d ?[A-Z]{4}(?: ?\d){10}(?!\d)")
_IBAN_CUE = re.compile(r"\bIBAN\b[^\n]*$")
_NUMBER = re.compile(r"(?<![\w.,/+-])\d(?:[ .-]?\d){7,8}(?![\w/]|[.,-]\d)")
_PHONE = re.compile(r"(?<![\w./-])(?:\+|00)?\(?\d(?:[ ().–/-]{0,3}\d){7,14}(?![\w/]|[.,-]\d)")
_STUDENT_CUE = re.compile(
    r"\b(?:student(?:en)?|leerling(?:en)?|ll|stamnummer|student[ -]?id|st|registration|enrol+ment)"
    r"[ .-]{0,2}(?:nummer|nr|number|no|num|id|code|#)?\b[ .:#=()-]{0,4}(?:(?:is|was|van mij is)\b)?"
    r"[ :]{0,3}([a-zA-Z]{0,2}\d{5,10})\b",
    re.IGNORECASE,
)
_STUDENT_FORM = re.compile(r"(?<![\w@./-])[sS]\d{6,8}(?![\w@])")
_STUDENT_LINE = re.compile(
    r"^[ \t]*[A-ZÀ-Þ][\w'’-]{1,30}(?: (?:[A-ZÀ-Þ][\w'’.-]{0,30}|van|de|der|den|el|ten|ter)){1,4}"
    r"[ \t]*\n{1,2}[ \t]*([a-zA-Z]?\d{6,8})[ \t]*$",
    re.MULTILINE,
)
"""A number with a line to itself below a name, as people sign."""
_STUDENT_HEAD = re.compile(
    r"^.*\|[ \t]*(?:student|leerling)\w*\.?[ \t-]*(?:nr\.?|nummer|no\.?)?[ \t]*\|",
    re.IGNORECASE | re.MULTILINE,
)
_STUDENT_CELL = re.compile(r"\|[ \t]*([a-zA-Z]?\d{6,8})[ \t]*(?=\|)")
_MONTHS = (
    "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|"
    "january|february|march|may|june|july|august|october|jan|feb|mrt|mar|apr|jun|jul|aug|sept?|okt"
    "|oct|nov|dec"
)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}[-/. ]{{1,2}}\d{{1,2}}[-/. ]{{1,2}}(?:19|20)?\d\d"
    rf"|(?:19|20)\d\d-\d\d-\d\d"
    rf"|\d{{1,2}}(?:st|nd|rd|th|e|ste|de)?(?: of)? (?:{_MONTHS})\b\.?(?:,? (?:18|19|20)\d\d)?"
    rf"|(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? (?:18|19|20)\d\d)?)(?!\d)",
    re.IGNORECASE,
)
_BIRTH_CUE = re.compile(
    r"geboren|geboorte\w*|\bgeb\b|verjaardag|\bjarig|verjaar|birthday|\bborn\b|date of birth"
    r"|birth ?date|\bd\.?o\.?b\b",
    re.IGNORECASE,
)
_BIRTH_LABEL = re.compile(
    r"(?:geb(?:oorte)?\w*\.?[ -]?datum|(?:geboren|born)(?: op| on)?(?=\s*:)|date of birth"
    r"|d\.?o\.?b\.?|\bgeb\.)[ :]{0,4}$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_OWN = re.compile(
    r"\b(?:ik|mijn|m'n|wij|onze|i|i'm|my|our|hij|zij|he|she|broer|zus|oma|opa)\b", re.IGNORECASE
)
_OTHER_NUMBER = re.compile(
    r"(?:kenmerk|order\w*|bestel\w*|factuur\w*|invoice\w*|isbn|issn|doi|ticket\w*|artikel\w*"
    r"|serie\w*|serial\w*|product\w*|versie|version|build|polis\w*|dossier\w*|zaak\w*|tracking"
    r"|barcode|code|bedrag|€|\$|euro|kvk|reference|referentie|case|pi|getal|number of"
    r")[\w .:#-]{0,25}$",
    re.IGNORECASE,
)
_PHONE_CUE = re.compile(
    r"(?:\btel|telefoon|phone|mobiel|mobile|\bbel|\bcall|\bapp|whatsapp"
    r"|bereikbaar|reach|\bsms|\btext)[^\n]{0,40}$",
    re.IGNORECASE,
)
_MADE_UP = re.compile(r"(\d)\1{6}|(\d)\2\2(\d)\3\3(\d)\4\4")
"""Numbers that people take when any number will do."""
_MOBILE_ABROAD = re.compile(r"04\d\d[ ./]|07\d{3} ")
_STREET_NL = (
    r"(?:straat|straatje|laan|weg|plein|gracht|kade|dijk|hof|pad|singel|dreef|steeg|plantsoen"
    r"|markt|wal|baan|burg|ring|veld|kamp|erf|akker|oord|horst|meent|brink|haven|poort|park|donk"
    r"|rade|gaarde|tuin|stee|bos|heide|waard|oever|werf|allee|boulevard|promenade|zoom|stede"
    r"|kwartier|meer|schans|zijde|eind|hoek|sloot|vaart|berg|weide|land|rede|str)"
)
_CAP = r"[A-ZÀ-Þ][\w'’-]{0,30}"
_HOUSE = r"\d{1,4}(?: ?(?:[a-zA-Z]|bis|hs|[IVX]{1,3}))?(?:[-/]\d{1,3}[a-zA-Z]?|[-/][a-zA-Z])?(?!\w)"
_POSTCODE = r"[1-9]\d{3} ?(?!SA|SD|SS|BC|AD|CE)[A-Z]{2}(?![\w])"
_TAIL = (
    rf"(?:,? {{0,2}}\n?{_POSTCODE})?(?:,? (?:in |te )?{_CAP}(?: (?:aan (?:de |den )?"
    rf"|a/d )?{_CAP})?)?"
)
_STREET_LOW = re.compile(
    rf"(?<![\w-])(?:(?:{_CAP}\.?|van|de|der|den|het|'t|ten|ter|te|v\.d\.) ){{0,4}}"
    rf"[A-ZÀ-Þ][\w'’-]{{0,30}}{_STREET_NL}(?: (?:Zuid|Noord|Oost|West|ZZ|NZ))? {_HOUSE}"
)
_LAAN_VAN = re.compile(
    rf"\b(?:Laan|Weg|Plein|Hof|Pad|Kade|Singel|Park|Burgemeester|Prins|Koningin)(?: {_CAP}| van"
    rf"| de| der| het| den){{1,4}} {_HOUSE}"
)
_STREET_LABEL = re.compile(
    rf"^[ \t*-]*(?:[Aa]dres|[Ss]traat|[Aa]ddress|[Ss]treet)[^:\n]{{0,20}}:[ \t]*"
    rf"((?:[\w'’.-]{{1,30}} ){{1,4}}{_HOUSE})",
    re.MULTILINE,
)
_NAMED_POSTCODE = re.compile(rf"{_CAP}(?: {_CAP}){{0,2}} {_HOUSE},? ?\n?{_POSTCODE}")
_LIVES = re.compile(
    rf"(?:\bwo(?:on|ont|nen|onde)|adres|\blives?|\blived|address)\b[^.\n]{{0,25}}?"
    rf"((?:{_CAP} ){{0,3}}(?:[A-ZÀ-Þ][\w'’-]{{0,30}}{_STREET_NL}"
    r"|(?:Street|Road|Lane|Avenue|Drive|Close))(?: \d{1,4}\w?)?)(?!\w)"
)
_STREET_EN = re.compile(
    rf"\b\d{{1,5}}[a-zA-Z]?,? (?:{_CAP} ){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr"
    r"|Close|Court|Crescent|Terrace|Way|Place|Square|Gardens|Grove|Boulevard|Blvd)\b\.?"
    r"(?:,? [A-Z][a-z]{1,20}){0,2}(?:,? [A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b)?"
)
_STREET_MIXED = re.compile(
    rf"\b\d{{1,4}}[a-zA-Z]? [A-ZÀ-Þ][\w'’-]{{1,30}}(?:straat|laan|weg|plein|gracht|kade)\b{_TAIL}"
)
_POST = re.compile(rf"(?<![\w-]){_POSTCODE}")
_UK_POST = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b")
_TAIL_RE = re.compile(_TAIL)
_NO_CITY = re.compile(r"^,? ?(?:En|De|Het|Dat|Ik|We|Wij|The|And|I|It|My|Mijn|Daar|Tel|E)\b")
_POST_CUE = re.compile(
    r"(?:postcode|postal code|woon|adres|address|live)[^\n]{0,40}$", re.IGNORECASE
)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'`]{2,300}", re.IGNORECASE)
_PROFILE = re.compile(
    r"(?<![\w@/.-])(?:https?://)?(?:www\.|nl\.|m\.)?(?:linkedin\.com/in/|(?:github|gitlab|instagram"
    r"|tiktok|facebook|twitter|x|youtube|twitch|snapchat|soundcloud|behance|pinterest|medium|t"
    r"|codepen"
    r"|replit|scratch\.mit|linktr|dribbble|vimeo|letterboxd|kaggle|about)"
    r"\.(?:com|net|tv|me|io|edu|ee)/)@?[\w.@/?=&%+-]{2,120}",
    re.IGNORECASE,
)
_OWN_SITE = re.compile(
    r"(?:https?://)?[\w-]{2,40}\.(?:github\.io|gitlab\.io|wordpress\.com|weebly\.com|wixsite\.com"
    r"|blogspot\.com|netlify\.app|vercel\.app|jouwweb\.nl|tumblr\.com"
    r"|carrd\.co|itch\.io|myportfolio\.com|notion\.site|substack\.com|bandcamp\.com|artstation\.com"
    r"|deviantart\.com|webflow\.io|onrender\.com|pages\.dev|glitch\.me|neocities\.org"
    r"|squarespace\.com)(?:/[\w./-]{0,80})?",
    re.IGNORECASE,
)
_KNOWN_ORGANISATIONS_WORDS = """
facebook microsoft google torvalds python django vuejs twbs apache numpy pandas-dev pytorch
tensorflow openai huggingface pallets psf expressjs laravel ggerganov ggml-org nodejs rust-lang
mozilla apple watch features
topics explore search about login sharer share channel playlist results
"""
_KNOWN_ORGANISATIONS = frozenset(_KNOWN_ORGANISATIONS_WORDS.split())
_SOURCE = re.compile(
    r"(?:bron(?:nen)?\b|source|retrieved|geraadpleegd|ontleend|\bdoi\b|\(\d{4}[a-z]?[,)]|\bsee\b"
    r"|\bzie\b|volgens|according|documentati\w*|tutorial)[^\n]{0,120}$",
    re.IGNORECASE,
)
_OWN_LINK = re.compile(
    r"\b(?:mijn|m'n|my|our|onze|ons|code|portfolio|showreel|reel|follow|volg|insta\w*|snap\w*|tiktok|discord)\b"
    r"[^\n]{0,60}$",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w@./:])@(?=[\w.]{0,30}[a-zA-Z])[\w][\w.]{1,29}(?![\w/(])")
_NO_HANDLE_WORDS = """
property override media import keyframes charset test param return author staticmethod
classmethod dataclass app pytest component injectable input output autowired everyone here
channel deprecated see since throws nos nu.nl rijksmuseum youtube instagram
"""
_NO_HANDLE = frozenset(_NO_HANDLE_WORDS.split())
_NAMED_HANDLE = re.compile(
    r"\b(?:insta(?:gram)?|snap(?:chat)?|discord|tiktok|gamertag|gebruikersnaam|username|user name"
    r"|psn|steam|telegram|signal|twitter|twitch)\b(?:[- ]?(?:naam|name|account|id|tag))?"
    r"(?: (?:is|heet|zijn))?(?: ?[:=] ?| )([@\w][\w.#-]{2,32})",
    re.IGNORECASE,
)
_TAGGED = re.compile(r"(?<![\w#/])[a-zA-Z][\w.]{1,30}#\d{4}(?!\w)")


def find_patterns(text: str, lang: Lang, code: list[tuple[int, int]]) -> list[Span]:
    """Everything with a fixed form, in no order, possibly overlapping."""
    found: list[Span] = [*_emails(text), *_numbers(text), *_births(text), *_addresses(text)]
    found.extend(_links(text, code))
    return found


def _emails(text: str) -> Iterator[Span]:
    at = text.find("@")
    while at >= 0:
        local = _LOCAL_END.search(text[max(0, at - 64) : at])
        domain = _DOMAIN.match(text, at + 1, at + 200)
        if local and domain and not _RESERVED.search(domain.group().lower()):
            start = at - len(local.group().lstrip("."))
            if start < at and not _OF_NOBODY.fullmatch(text, start, at):
                yield "email", start, domain.end(), 0.99
        at = text.find("@", at + 1)
    for match in _SPELLED.finditer(text):
        yield "email", match.start(), match.end(), 0.9


def _numbers(text: str) -> Iterator[Span]:
    taken = bytearray(len(text) + 1)
    for match in _IBAN.finditer(text):
        # The last groups may be words that follow, so shorter ends are tried too.
        words = match.group()
        for _ in range(6):
            if iban.is_valid(words, check_country=False):
                end = match.start() + len(words)
                _take(taken, match.start(), end)
                yield "iban", match.start(), end, 0.99
                break
            cut = max(words.rfind(" "), words.rfind("-"))
            if cut < 12:
                break
            words = words[:cut]
        if taken[match.start()]:
            continue
        # Mistyped, but said to be one.
        typed = _DUTCH_IBAN.match(text, match.start())
        if typed and _IBAN_CUE.search(text[max(0, match.start() - 60) : match.start()]):
            _take(taken, *typed.span())
            yield "iban", *typed.span(), 0.8
    for match in _STUDENT_CUE.finditer(text):
        _take(taken, *match.span(1))
        yield "student_number", *match.span(1), 0.95
    for match in _STUDENT_LINE.finditer(text):
        _take(taken, *match.span(1))
        yield "student_number", *match.span(1), 0.7
    head = _STUDENT_HEAD.search(text)
    for match in _STUDENT_CELL.finditer(text, head.end()) if head else ():
        _take(taken, *match.span(1))
        yield "student_number", *match.span(1), 0.85
    for match in _STUDENT_FORM.finditer(text):
        _take(taken, *match.span())
        yield "student_number", *match.span(), 0.85
    for match in _PHONE.finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        if any(taken[match.start() : match.end()]) or _OTHER_NUMBER.search(before):
            continue
        if _is_phone(match.group(), cued=bool(_PHONE_CUE.search(before))):
            _take(taken, *match.span())
            yield "phone", *match.span(), 0.95
    for match in _NUMBER.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()]
        digits = "".join(char for char in match.group() if char.isdigit())
        cued = bool(
            re.search(r"(?:bsn|burgerservice\w*|sofi\w*)[^\n]{0,25}$", before, re.IGNORECASE)
        )
        if any(taken[match.start() : match.end()]):
            continue
        if _MADE_UP.search(digits):
            continue
        valid = bsn.is_valid(digits.zfill(9))
        # A mistyped number is private too where it is said to be one.
        if cued or (valid and len(digits) == 9 and not _OTHER_NUMBER.search(before)):
            yield "bsn", *match.span(), 0.99 if valid and cued else 0.7


def _is_phone(written: str, *, cued: bool) -> bool:
    digits = sum(char.isdigit() for char in written)
    if written.startswith(("0800", "0900", "088", "112")) and not cued:
        return False
    if not written.startswith(("0", "+", "(0")) and not (cued and digits >= 9):
        return False
    if _MADE_UP.search(re.sub(r"\D", "", written)):
        return False
    if digits > 15 or re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}", written):
        return False
    for region in ("NL", "BE", "GB", "US"):
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        national = str(number.national_number)
        if national.startswith(("800", "900", "906", "909")) and number.country_code == 31:
            return False
        if phonenumbers.is_valid_number(number):
            mobile = _MOBILE_ABROAD.match(written)
            return region == "NL" or cued or bool(mobile and region in {"BE", "GB"})
        if (cued or written.startswith("+")) and phonenumbers.is_possible_number(number):
            return True
    return False


def _births(text: str) -> Iterator[Span]:
    for match in _DATE.finditer(text):
        line = text[max(0, match.start() - 90) : match.start()]
        sentence = re.split(r"[.!?](?=\s+[A-Z])|\n\n", line)[-1]
        after = re.split(r"[.!?\n]", text[match.end() : match.end() + 40])[0]
        label = _BIRTH_LABEL.search(line)
        if label:
            yield "birth_date", match.start(), match.end(), 0.98
            continue
        if not _BIRTH_CUE.search(sentence) and not re.search(r"jarig|geboren|birthday", after):
            continue
        year = _YEAR.search(match.group())
        # Someone born before 1925, or someone who is not close to the writer, is in a history book.
        if (year and int(year.group()) < 1925) or not _OWN.search(sentence):
            continue
        yield "birth_date", match.start(), match.end(), 0.85


def _addresses(text: str) -> Iterator[Span]:
    for pattern in (_STREET_LOW, _LAAN_VAN, _NAMED_POSTCODE):
        for match in pattern.finditer(text):
            start, end = _without_preposition(match.group(), match.start()), match.end()
            if _AMOUNT.match(text, end) or _NOWHERE.search(match.group()):
                continue
            if re.search(
                r"museum|huis aan de|achterhuis", text[max(0, start - 40) : start], re.IGNORECASE
            ):
                continue
            yield "address", start, _with_tail(text, end), 0.93
    for pattern in (_STREET_EN, _STREET_MIXED):
        for match in pattern.finditer(text):
            yield "address", match.start(), match.end(), 0.9
    for match in _LIVES.finditer(text):
        country = fold(match.group(1)) in gazetteer().not_names
        if country or not _OWN.search(text[max(0, match.start() - 40) : match.start(1)]):
            continue
        yield "address", *match.span(1), 0.8
    for match in _STREET_LABEL.finditer(text):
        yield "address", *match.span(1), 0.9
    for match in _POST.finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        if _DESK.search(before):
            continue
        tail = _TAIL_RE.match(text, match.end())
        written = match.group()
        cued = bool(_POST_CUE.search(before)) or "," in before[-2:]
        if (
            cued
            or " " not in written
            or (tail and tail.group() and written[-2:] not in {"EU", "AI"})
        ):
            yield "address", match.start(), _with_tail(text, match.end()), 0.85
    for match in _UK_POST.finditer(text):
        yield "address", match.start(), match.end(), 0.8


_NOWHERE = re.compile(r" (?:1[5-9]|20)\d\d$|\bPostbus\b|[Vv]oorbeeld|Modelstraat|\bSpring\b")
"""A year behind a dike, a box of a post office, an address of a form that shows how."""
_DESK = re.compile(r"\b(?:Postbus|P\.?O\.? Box) \d+,?\s*$")
_AMOUNT = re.compile(r" (?:euro|procent|jaar|meter|km|uur|mensen|people|%)", re.IGNORECASE)
_LEADING = re.compile(
    r"(?:(?:In|Op|Aan|Bij|Van|Naar|Ik|De|Het|We|Mijn|Adres|de|het) )+(?=[A-ZÀ-Þ])"
)


def _without_preposition(written: str, start: int) -> int:
    match = _LEADING.match(written)
    if match and not written.startswith(("Van ", "De ", "Het ")):
        return start + match.end()
    return start


def _with_tail(text: str, end: int) -> int:
    tail = _TAIL_RE.match(text, end)
    if tail is None or _NO_CITY.match(tail.group()):
        return end
    return tail.end()


def _links(text: str, code: list[tuple[int, int]]) -> Iterator[Span]:
    marked = bytearray(len(text) + 1)
    for start, end in code:
        _take(marked, start, end)
    for pattern in (_PROFILE, _OWN_SITE, _URL):
        for match in pattern.finditer(text):
            written = match.group().rstrip(".,;:!?)")
            before = re.split(r"[.!?]\s", text[max(0, match.start() - 90) : match.start()])[-1]
            own = bool(_OWN_LINK.search(before)) and not _SOURCE.search(before)
            if pattern is _PROFILE:
                path = re.sub(r"^(?:https?://)?[^/]*/(?:in/)?@?", "", written).lower()
                kept = path.split("/")[0].split("?")[0] not in _KNOWN_ORGANISATIONS
                own = kept and (own or not _SOURCE.search(before))
            elif pattern is _OWN_SITE:
                own = own or not _SOURCE.search(before)
            elif _RESERVED.search(re.sub(r"^(?:https?://)?([^/]*).*", r"\1", written.lower())):
                own = False
            if own:
                yield "link", match.start(), match.start() + len(written), 0.85
    for match in _HANDLE.finditer(text):
        written = match.group().rstrip(".")
        line_start = text.rfind("\n", max(0, match.start() - 40), match.start()) + 1
        at_start = not text[line_start : match.start()].strip()
        called = written[1:2].isupper() and fold(written[1:]) in gazetteer().known_given
        if (
            called
            or written[1:].lower() in _NO_HANDLE
            or (at_start and any(marked[match.start() : match.end()]))
        ):
            continue
        if not any(marked[match.start() : match.end()]):
            yield "link", match.start(), match.start() + len(written), 0.85
    for match in _NAMED_HANDLE.finditer(text):
        written = match.group(1).rstrip(".-")
        if re.search(r"[\d_.#@]", written):
            yield "link", match.start(1), match.start(1) + len(written), 0.85
    for match in _TAGGED.finditer(text):
        if not any(marked[match.start() : match.end()]):
            yield "link", match.start(), match.end(), 0.85


def _take(taken: bytearray, start: int, end: int) -> None:
    taken[start:end] = b"\1" * (end - start)

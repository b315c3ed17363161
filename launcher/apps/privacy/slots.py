"""Places in a sentence where only a person can stand: "zei X", "X's mother", "ik heb X gebeld"."""

from launcher.apps.privacy import cues
from launcher.apps.privacy.candidates import Candidates, Phrase
from launcher.apps.privacy.cues import word_set
from launcher.apps.privacy.tokens import Token

WRITER = {"ik", "i", "me", "mij"}
HUMAN_VERBS = word_set(
    """
    zei zegt vertelde vertelt vroeg vraagt antwoordde fluisterde lachte huilde glimlachte knikte
    belde appte mailde vond vindt wist weet dacht denkt wilde wil voelde vergat hielp helpt schrok
    beloofde hoopte durfde snapte begreep luisterde keek kijkt zat zit rende kookte tekende filmde
    speelde zong typte oefende presenteerde las leest miste baalde moest moet mag mocht durft
    zuchtte grapte gaapte twijfelde klaagde protesteerde bedankte verontschuldigde troostte
    stuurde haalde kocht ruimde schold knuffelde won verloor regelde noteerde turfde timede
    said says told tells asked asks replied answered laughed cried smiled nodded whispered called
    texted emailed thought thinks knew knows wanted wants felt feels forgot helped helps hoped
    promised dared understood listened looked sat drew filmed played sang practised practiced
    read missed apologised apologized agreed disagreed insisted complained joked sighed shrugged
    thanked offered brought bought fetched cleaned hugged won lost noted timed counted shouted
    suggested explained reminded noticed admitted yawned groaned preferred volunteered
    """
)
_HUMAN_STATES = word_set(
    """
    ziek boos blij moe stil verdrietig zenuwachtig eerlijk jarig verliefd bang trots ongeduldig
    enthousiast afwezig jaloers gestrest chagrijnig teleurgesteld opgelucht geblesseerd vrij
    ill sick angry happy tired quiet sad nervous honest afraid proud impatient enthusiastic absent
    jealous stressed disappointed relieved injured late
    """
)
_MET = word_set(
    """
    gevraagd bedankt gebeld geholpen gesproken ontmoet verteld geinterviewd gemaild geappt
    uitgenodigd gefeliciteerd getroost geroepen aangesproken meegevraagd gemist gebeden begeleid
    """
)
_MEETING = word_set(
    """
    asked told called texted thanked helped phoned emailed invited interviewed visited reminded
    belde appte mailde bedankte vroeg interviewde interviewden feliciteerde troostte miste hielp
    naast tegenover hugged messaged ask tell text thank remind invite phone visit interview
    interviewden bezocht bezochten appten belden
    """
)
_TEAM_ROLES = word_set(
    """
    scrummaster scrum-master notulist voorzitter projectleider teamleider aanvoerder winnaar
    tijdbewaker woordvoerder gespreksleider groepsleider captain leader chair timekeeper winner
    spokesperson secretary
    """
)
_SHARED = word_set(
    """
    ruzie conflict gesprek overleg groepje duo tweetal gepraat gesproken overlegd afgesproken
    samengewerkt gebeld geoefend sprak spraken praatte praatten zat zaten gewisseld discussie
    argument fight talk talked spoke chatted conversation seats group pair lunch argued agreed
    shared danced laughed sat swapped discussed quarrel row
    """
)
_SPEAKING = word_set(
    """
    wrote spoke speak talked talk listened apologised apologized lied schreef sprak
    spraken praatte praatten gepraat gesproken luisterde uitgelegd verteld gevraagd
    """
)
_CLAUSES = word_set("omdat toen dat als terwijl because when that while if want since")
_NEVER = cues.NO_SURNAMES | word_set("may april june august mei juni juli augustus")
_US = word_set("me mij ons us")
_SUBJECT_VERBS = HUMAN_VERBS - word_set("moest moet mag mocht wil wilde won las")
_WRITERS = word_set("ik i we wij")


class Slots(Candidates):
    def _known_low(self, at: int) -> bool:
        """In a hasty text "mees" is a boy where only a person can stand, as in "mees en ik"."""
        if super()._known_low(at):
            return True
        token = self.tokens[at]
        if not self.casual or token.code or len(token.text) < 3 or token.key in self.lists.words:
            return False
        if token.key not in self.lists.given_ambiguous:
            return False
        if self._previous_key(at) in cues.TITLES and token.gap in {" ", ". "}:
            return True
        if not token.first and {t.key for t in self.tokens[at + 1 : at + 2]} & {"en", "and"}:
            return False  # "Morgen is er taal en ik moet ..."
        alone = Phrase(first=at, last=at, core=[at], keys=[token.key])
        return self._human_slot(alone, strict=True)

    def _following(self, phrase: Phrase) -> list[Token]:
        """At most four words behind a name, as far as no comma or full stop comes between."""
        found = []
        for token in self.tokens[phrase.last + 1 : phrase.last + 5]:
            if token.gap not in {" ", "'s ", "’s "}:
                break
            found.append(token)
        return found

    def _human_slot(self, phrase: Phrase, *, strict: bool = False) -> bool:
        """Whether a person stands here, and one of the people around the writer.

        ``strict`` leaves out what is also said of somebody well known: "Freud thought ...".
        """
        tokens, first = self.tokens, self.tokens[phrase.first]
        if not self._personal_at(first.sentence) or phrase.keys[0] in _NEVER:
            return False
        if cues.ORGANISATION_WORDS & set(phrase.keys):
            return False
        gap = first.gap == " "
        before = self._previous_key(phrase.first) if gap else ""
        earlier = self._previous_key(phrase.first, 2) if gap else ""
        following = [token.key for token in self._following(phrase)]
        ahead = set(following[:3])
        if tokens[phrase.last].possessive:
            return bool(set(following[:2]) & cues.OF_PERSONS)
        if following[:1] in (["en"], ["and"]) and set(following[1:2]) & WRITER:
            return True
        if (before, earlier) == ("to", "next"):
            return True
        if before in _MEETING or (before and ahead & _MET):
            return True
        if before in _CLAUSES and ahead & _HUMAN_STATES:
            return True
        if before in {"van", "from", "of"} and earlier in cues.OF_PERSONS:
            return True
        if before in {"to", "aan", "tegen"} and earlier in _SPEAKING:
            return True
        if before == "bij" and following[:1] == ["thuis"]:
            return True
        if before in cues.WITH:
            clause = {t.key for t in tokens[max(phrase.first - 7, 0) : phrase.first]}
            return earlier in cues.TOGETHER or bool((clause | set(following)) & _SHARED)
        if before in {"is", "was"} and earlier in _TEAM_ROLES:
            return True
        own = first.sentence in self.own_sentences
        if following and following[0] in HUMAN_VERBS:
            return bool(ahead & _US) if strict else own or not first.first
        if before in _SUBJECT_VERBS and earlier not in _WRITERS:
            return bool(ahead & _US) if strict else True
        known = phrase.keys[0] in self.known_given
        return known and bool(before and following) and following[0] in cues.DOING and not strict

"""Organisations that identify the writer, and what the writer tells of health and belief."""

import re
from collections.abc import Iterator

from launcher.apps.privacy.gazetteer import gazetteer
from launcher.apps.privacy.patterns import Span
from launcher.apps.privacy.types import Lang

_CAP = r"[A-ZÀ-Þ][\w'’-]{0,30}"
_MORE = rf"(?: (?:van|de|der|den|het|'t|ter|ten|op|aan|of|the|voor|for|en|and|&|{_CAP}))"
_TAIL = rf"(?:{_MORE}{{0,4}} {_CAP}|(?: {_CAP}))?"
_SMALL = (
    r"(?:basisschool|obs|cbs|rkbs|jenaplanschool|montessorischool|vrijeschool|dr\. schaepmanschool"
    r"|huisartsenpraktijk|tandartspraktijk|fysiotherapie(?:praktijk)?|apotheek|dierenkliniek"
    r"|dierenarts(?:en)?praktijk|bakkerij|slagerij|brouwerij|smederij|wasserij"
    r"|[a-z]{0,12}makerij|garage|autobedrijf|kapsalon|installatiebureau"
    r"|installatiebedrijf|bouwbedrijf|aannemersbedrijf|schildersbedrijf|loonbedrijf"
    r"|hoveniersbedrijf"
    r"|timmerbedrijf|makelaardij|notariskantoor|advocatenkantoor|administratiekantoor|fietsenmaker"
    r"|fietsenwinkel|rijwielhandel|manege|camping|zorgcentrum|zorgboerderij|woonzorgcentrum"
    r"|verpleeghuis|verzorgingshuis|woongroep|kinderdagverblijf|kinderopvang|peuterspeelzaal|bso"
    r"|stichting|buurthuis|wijkcentrum|jeugdcentrum|scouting|vv|v\.v\.|s\.v\.|sv|hockeyclub|mhc"
    r"|voetbalvereniging|voetbalclub|korfbalvereniging|tennisvereniging|turnvereniging|zwemclub"
    r"|handbalvereniging|volleybalvereniging|moskee|parochie|kringloopwinkel|drukkerij"
    r"|reclamebureau|uitzendbureau|ingenieursbureau|architectenbureau|boerderij"
    r"|melkveebedrijf|kwekerij|tuincentrum|bloemist(?:erij)?|lunchroom|eetcafe|eetcafé|pizzeria"
    r"|kliniek|bakery|clinic|butchers?|hairdressers?|care home|nursery|vof|firma"
    r"|brasserie|bistro|restaurant|eethuis|snackbar|cafetaria|ijssalon|koffiebar|traiteur"
    r"|strandpaviljoen|judoschool|dansschool|balletschool|muziekschool|rijschool|sportschool"
    r"|zorggroep|thuiszorg|revalidatiecentrum|dagbesteding|dierenasiel|dierenpension|hondenschool"
    r"|zwemschool|schaakclub|tennisclub|roeiclub|fanfare|toneelgroep|theatergroep|peutergroep"
    r"|driving school|dance school|riding school|football club|hockey club|swimming club"
    r"|animal shelter|coffee bar|sandwich shop|ice cream parlour"
    r"|[a-z]{3,20}(?:bedrijf|praktijk|kliniek|handel|vereniging|bureau|verzorging|boerderij"
    r"|houderij|centrum|winkel|opvang|club))"
)
_SMALL_NAMED = re.compile(
    rf"(?<![\w-])(?:{_SMALL}|{_SMALL.replace('(?:', '(?i:', 1)}) (?:(?:de|het|'t|ter|ten|van|De"
    rf"|Het|'t|Ter|Ten) )?{_CAP}{_TAIL}"
)
_SCHOOL = re.compile(
    rf"(?<![\w-])(?:(?:{_CAP}|van|de|der|den|het) ){{1,4}}(?:College|Lyceum|Gymnasium|Mavo|Vmbo"
    rf"|Scholengemeenschap|Schoolgemeenschap|Basisschool|Praktijkschool|Academie|Vakcollege"
    rf"|High School|Secondary School|Primary School|Grammar School|Comprehensive"
    rf"|Sixth Form)(?![\w-])"
    rf"(?: {_CAP})?"
    rf"|(?<![\w-])(?:Lyceum|Gymnasium|College|Scholengemeenschap|ROC|AOC|MBO|Vakcollege) (?:van "
    rf"|de |het )?{_CAP}"
    rf"(?: (?!Ik|En|De|Het|We){_CAP}){{0,2}}"
)
_EATING = ("restaurant", "brasserie", "bistro", "eethuis")
_NEAR = re.compile(
    r"\b(?:ik|mijn|wij|we|onze|stage\w*|bijbaan|werk\w*|sollicit\w*|zoekt|i|my|our)\b",
    re.IGNORECASE,
)
"""Somebody eats or works there; without these the place is in the paper."""
_SOURCE = re.compile(r"\b(?:volgens|according to|bron:|source:) (?:de |het |the )?$", re.IGNORECASE)
_HIGHER = (
    rf"(?:(?:Christelijke )?Hogeschool|Universiteit|University|TU|Technische Universiteit|HU|HvA"
    rf"|HAN"
    rf"|Fontys|Saxion|Avans|Windesheim|Inholland|Hanze(?:hogeschool)?|NHL Stenden|Zuyd|HZ"
    rf"|Vrije Universiteit|VU|UvA|Radboud|Erasmus)(?:(?: van| of| voor)? {_CAP}){{0,3}}"
)
_HIGHER_NAMED = re.compile(rf"(?<![\w-]){_HIGHER}(?![\w-])")
_STUDY = re.compile(
    rf"(?:\bik (?:zit|studeer|volg|doe|ga)\b|\bstude(?:er|ert|nt|nte|ren)\b|\bopleiding\b"
    rf"|\bmijn school"
    rf"|\bi study\b|\bi am a student\b|\bmy school\b|\benrolled\b|\bi attend\b|\bi go to\b"
    rf"|\bzit(?:ten)? op\b|\bschool:)[^.\n]{{0,60}}?\b(?:aan|op|bij|at|in|to|:) (?:de |het "
    rf"|the )?({_HIGHER})"
)
_ATTENDS = re.compile(
    rf"\b(?:zit|zitten|zat|zaten|school|klas|leerling|les|opleiding|volg|studeer|go|goes|went|student|donderdag|vrijdag"
    rf"|maandag|dinsdag|woensdag|ben)\b[^.\n]{{0,30}}?\b(?:op|van|aan|to|at) "
    rf"((?:het|'t|Het) {_CAP}(?: {_CAP}){{0,2}})"
    rf"|\b(?:zit|zitten|zat|zaten) (?:\w+ )?op (De {_CAP}(?: {_CAP})?)(?= in )"
)
_CLUB = re.compile(
    r"\b(?i:ik|wij|we|mijn|onze|ons|i|my|our)\b[^.!?\n]{0,60}? (?:bij|van|voor|op|at|for|with)"
    rf" ((?!FC |AZ |PSV )[A-Z]{{2,5}} (?:(?:De|Het|'t|de|het) )?{_CAP})"
)
_OWN_FIRM = re.compile(
    r"\b(?i:stagebedrijf|leerbedrijf|werkgever|vereniging|club|employer|school"
    r"|opdrachtgever|client|klant) (?:is called|is|was|heet|heette|named|genaamd)"
    rf" (?P<name>{_CAP}(?:(?: & | en | and | | van | de | of ){_CAP}){{0,3}})"
)
_ENGLISH_CLUB = re.compile(
    r"\b(?i:i|we|my|our|ik|wij)\b[^.!?\n]{0,40}? (?:for|with|at|bij|van|voor) "
    rf"((?:{_CAP} ){{1,3}}"
    r"(?:Rovers|United|Rangers|Athletic|Wanderers|Juniors|Harriers|RFC|FC|Hockey Club|Tennis Club"
    r"|Swimming Club|Rugby Club|Football Club))(?![\w-])"
)
_GOES_TO = re.compile(
    rf"\b(?:(?i:i|we) (?:go|went|attend|attended|study|am|study at|started)\b[^.!?\n]{{0,25}}? "
    rf"(?:to|at)|(?i:i|we) attend(?:ed)?) (?:the )?((?:{_CAP} ){{1,4}}"
    r"(?:Academy|School|College|Institute))(?![\w-])"
)
_PLACEMENT = re.compile(
    r"\b(?i:stage(?:plek|plaats|bedrijf|adres)?|stage gelopen|bijbaan(?:tje)?|bijbaantje|werkplek"
    r"|leerwerkplek|leerbedrijf|afstudeerbedrijf|werk(?:te)? (?:ik )?(?:op \w+ )?|internship|intern"
    r"|work placement|placement|i work|i worked|i am working|i volunteer|part-time job|side job"
    r"|opdrachtgever|product owner|client|klant|vrijwilliger(?:swerk)?|company|bedrijf"
    r"|loop stage|liep stage|eigenaar|owner|interview\w*|in dienst)\b"
    r"(?P<between>[^.\n:;]{0,45}?)(?:\b(?:bij|at|van|for|with|with the|op|of)\b|:)"
    rf" (?:de |het |the |een |my )?(?P<name>{_CAP}(?:(?: & | en | and | | van | de "
    rf"| of ){_CAP}){{0,4}})"
)
_FIRST_TIME = re.compile(
    r"\b(?i:(?:first|second|third|last|eerste|tweede|derde|laatste) (?:\w+ )?(?:day|weeks?|month"
    r"|months|year|period|dag|dagen|week|weken|maand|maanden|periode|jaar)"
    r" (?:at|with|bij|van)) (?:de |het |the )?"
    rf"(?P<name>{_CAP}(?:(?: & | en | and | ){_CAP}){{0,3}})"
)
"""Where somebody has just begun to work, in a text that is about a work placement."""
_WORKS_THERE = re.compile(r"(?i)\b(?:stage\w*|bpv\w*|internship|placement|bijbaan\w*|my job)\b")
_CHAINS_WORDS = """
albert jumbo lidl aldi hema action kruidvat etos blokker ikea mcdonald's mcdonalds starbucks
subway domino's plus dirk spar gamma praxis primark decathlon google ns amazon uber
"""
_CHAINS = frozenset(_CHAINS_WORDS.split())
_ORGANISATION_WORD = re.compile(
    r"(?:Hospital|Clinic|Logistics|Architects|Solutions|Consultancy|Consulting|Media|Studio|Design"
    r"|Bakery|Group|Groep|Bouw|Techniek|Zorg|BV|B\.V\.|VOF|Ltd|Academy|Ziekenhuis|Foundation"
    r"|Installatie\w*|Transport|Automatisering|ICT|Holding|Advies|Makelaars|Advocaten)$"
)

_OWN = (
    r"(?:\b(?:ik|i|i'm|i’m|i've|we|wij)\b|\b(?:mijn|m'n|my|onze|our)\b"
    r"(?: \w{2,15})?)"
)
_KIN = (
    r"(?:moeder|vader|mama|papa|ma|pa|broer(?:tje)?|zus(?:je)?|oma|opa|tante|oom|ouders"
    r"|vriend(?:in)?|vriendje|huisgenoot|partner|stiefmoeder|schoonmoeder|schoonvader|neefje|nichtje"
    r"|peettante|baas|docent|mentor|gran(?:ny)?|nan|nana|grandad|granddad|stepdad|stepmum|stepmother"
    r"|stepfather|husband|wife|son|daughter|neighbour|neighbor|boss|teacher|roommate|flatmate|mate"
    r"|girlfriend|boyfriend|colleague|niece|nephew"
    r"|zoon|dochter|buurman|buurvrouw|nicht|neef|stiefvader|collega|klasgenoot|mother|father|mum"
    r"|mom"
    r"|dad|brother|sister|grandma|grandpa|grandmother|grandfather|aunt|uncle|friend|cousin)"
)
_ILLNESS = (
    r"(?:adhd|add|autis\w*|asperger|pdd-nos|dyslexi\w*|dyslectisch|dyslexic|dyscalculi\w*"
    r"|depressi\w*"
    r"|depressed|burn-?out|angst(?:stoornis|aanvallen|klachten)|faalangst|paniek(?:aanval\w*"
    r"|stoornis)|panic (?:attacks?|disorder)|anxiety\w*|an anxiety|eetstoornis|eating disorder"
    r"|anorexia"
    r"|boulimia|bulimia|epilep\w*|diabetes|diabeet|hersenbloeding|hersentumor|hartinfarct"
    r"|hartfalen|hernia|tia|copd"
    r"|bronchitis|longontsteking|pneumonia|eczeem|eczema|psoriasis|taaislijmziekte|cystic fibrosis"
    r"|multiple sclerose|multiple sclerosis|spierziekte|scolios[ei]\w*|artrose|jicht|osteoporose"
    r"|whiplash|nierfalen|nierstenen|hepatitis|maagzweer|colitis|prikkelbare darm|gluten\w*"
    r"|lactose\w*|slaapapneu|narcolepsie"
    r"|narcolepsy|dwangstoornis|mutisme|hechtingsstoornis|persoonlijkheidsstoornis|syndroom van \w+"
    r"|down(?:syndroom| syndrome)|hoorapparaat|gehoorapparaat|hearing aid|insulinepomp|epipen|lupus"
    r"|sikkelcel\w*|sickle cell|thalassemie|hemofilie|endometriose|endometriosis|pcos"
    r"|tuberculose|tbc"
    r"|dyspraxi\w*|inhaler|inhalator|puffer|stotter\w*|stutter\w*|blindedarmontsteking"
    r"|appendicitis|brain tumou?r|stroke|tics"
    r"|zwanger\w*|pregnan\w*|rheumat\w*|suikerziekte|astma|asthma|kanker|borstkanker"
    r"|longkanker|leukemie|cancer|leuk(?:a)?emia|tumor|hiv|aids|reuma|arthritis|migraine|ms"
    r"|parkinson"
    r"|dement\w*|alzheimer|bipola\w*|borderline|schizo\w*|psychose|psychosis|ptss|ptsd|trauma"
    r"|tourette"
    r"|ocd|hartafwijking|hartziekte|heart (?:condition|disease)|chronisch\w*|chronic\w*"
    r"|fibromyalgie"
    r"|crohn|coeliakie|allergi\w*|zwanger|pregnant|miskraam|miscarriage|abortus|abortion|verslaafd"
    r"|verslaving|addict\w*|alcoholis\w*|zelfmoord\w*|suicid\w*|zelfbeschadiging|self-harm\w*"
    r"|hersenschudding|concussion|slechthorend|doof|deaf|slechtziend|rolstoel|wheelchair"
    r"|gehandicapt"
    r"|disabled|disability|beperking|hoogsensitief|hoogbegaafd|pfeiffer|long covid|corona|covid"
    r"|beroerte|herseninfarct|stroke|herseninfarct|hartaanval|nierziekte|stoornis|disorder"
    r"|alopecia|vitiligo|albin\w*|netelroos|rosacea|c(?:o)?eliac|prikkelbaredarm\w*|ibs|colitis"
    r"|reflux|gastritis|kleurenblind|colou?r[- ]?blind|nachtblind|slechtziendheid|blindheid"
    r"|tinnitus|oorsuizen|ménière|hooikoorts|hay fever|bloedarmoede|an(?:a)?emi\w*|hemochromatose"
    r"|schildklier\w*|hypothyre\w*|hyperthyre\w*|hypertensi\w*|hartruis|hartritmestoornis\w*"
    r"|ziekte van \w+|lyme|q-koorts|meningitis|hersenvliesontsteking|malaria|dengue|sepsis"
    r"|open rug|spina bifida|cerebral palsy|cerebrale parese|klompvoet\w*|dwerggroei|dwarfism"
    r"|hydrocefal\w*|waterhoofd|kunstbeen|beenprothese|prothese|prosthe\w*|geamputeerd"
    r"|amputat\w*|verlamd|paralys\w*|dwarslaesie|ehlers-danlos|marfan|huntington"
    r"|insomnia|slapeloosheid|overspannen|overspannenheid|burn(?:ed|t) out|breakdown|postnatal\w*"
    r"|postpartum|paranoi\w*|agorafobi\w*|agoraphobi\w*|smetvrees|odd|fas|hsp"
    r"|transplantati\w*|transplant|donornier|dialys\w*|pacemaker|stoma|voedingssonde"
    r"|herpes|chlamydia|soa|std|endometri\w*|ivf|onvruchtbaar\w*|infertil\w*|menopauze"
    r"|cystitis|blaasontsteking|incontinent\w*|nierstenen|kidney (?:stones|failure|disease)"
    r"|liver disease|leverziekte|pancreatitis|sarco[iï]dose|sarcoidosis|myasthenia|guillain\S*)"
)
_CARE = (
    r"(?:psycholoog|psychiater|psychologist|psychiatrist|therapeut|therapist|therapie|therapy"
    r"|counsell?or|ggz|opgenomen|ritalin|concerta|medicijnen|medicatie|medication|antidepressiva"
    r"|antidepressants|insuline|insulin|chemo\w*|verslavingszorg|jeugdzorg|rehab)"
)
_HEALTH = (
    re.compile(
        rf"\b(?:heb|had|kreeg|krijg|slik|slikte|gebruik|gebruikte|neem|nam) ik (?:\w+ ){{0,5}}"
        rf"(?:{_ILLNESS}|{_CARE})\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:ik|mijn|mn|m'n|i|my)\b[^.!?\n]{0,60}\b(?:vanwege|wegens|ziek door|because of|due to)"
        rf" (?:(?:mijn|mn|een|de|my|an?|the) )?(?!corona|covid){_ILLNESS}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:ik|i|hij|zij|ze|he|she|{_KIN})\b[^.!?\n]{{0,30}}\b(?:zit|zat|sits?|sat|uses?|gebruikt?"
        rf"|belandde|am|is|was) (?:\w+ ){{0,3}}(?:rolstoel|wheelchair|scootmobiel|crutches)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:ik weet dat je|ik weet dat jij|omdat (?:je|jij)|i know(?: that)? you|because you"
        rf"|since you)\b(?: \w+){{0,3}} {_ILLNESS}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:thuis|uitgevallen|uit de running|afwezig|ziekgemeld|at home|off work|off sick"
        rf"|on sick leave)(?: \w+){{0,3}} (?:met|door|vanwege|with|because of)"
        rf" (?:(?:een|haar|zijn|an?|her|his) )?(?:\w+ )?{_ILLNESS}\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:ik (?:stotter|stotterde|lisp)|i (?:stutter|stammer))\b", re.IGNORECASE),
    re.compile(
        rf"(?:\b(?:ik|i|i've|i’ve)\b(?: \w+){{0,2}}? )?\b(?:heb|had|kreeg|krijg|lijd(?: aan)?"
        rf"|leed aan"
        rf"|have|got|suffer(?:ed)? from|gediagnosticeerd met|diagnosed with|diagnose"
        rf"|diagnosis(?: of)?"
        rf"|last van|struggl(?:ed?|ing) with)\b(?: \w+){{0,6}}? {_ILLNESS}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:ik ben|ik was|i am|i was|i'm|i’m)\b(?: \w+){{0,3}}? {_ILLNESS}\b", re.IGNORECASE
    ),
    re.compile(rf"\bik (?:\w+ ){{0,2}}{_ILLNESS} (?:heb|had|ben|was|kreeg)\b", re.IGNORECASE),
    re.compile(rf"\b(?:mijn|m'n|my)\b(?: \w+)? {_ILLNESS}\b", re.IGNORECASE),
    re.compile(
        rf"\b(?:mijn|mn|m'n|my|onze|our)(?: \w+)? {_KIN}\b(?: \w+){{0,3}}? (?:heeft|had|kreeg"
        rf"|is|was|has|got|suffers from|lijdt aan|leed aan|overleed aan|died of|died from|lag|ligt"
        rf"|stierf aan"
        rf"|overleed|died|revalideert|herstelt van)\b(?: \w+){{0,6}}? {_ILLNESS}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:(?:mijn|m'n|my) {_CARE}|(?:ik|i|wij|we)\b(?: \w+){{0,4}}? (?:slik|slikte|gebruik"
        rf"|gebruikte|neem|take|took|see|saw|zie|loop|ging|ga|krijg|kreeg|had|heb|have|go to"
        rf"|went to"
        rf"|moest|ben|was|am)\b(?: \w+){{0,4}}? {_CARE})\b",
        re.IGNORECASE,
    ),
)
_FAITH = (
    r"(?:moslima?|christen|christelijk|katholiek|protestant\w*|gereformeerd\w*|hervormd|joods|jood"
    r"|hindoe|hindoestaans|boeddhist\w*|gelovig\w*|religieus|atheïst\w*|atheist\w*|jehova\w*|soefi"
    r"|alevi\w*|islamitisch|muslim|christian|catholic|jewish|hindu|buddhist|sikh|religious|mormon"
    r"|evangelisch|evangelical|orthodox|believer)"
)
_RITE = (
    r"(?:[\w-]{1,20}-)?(?:kerk|moskee|synagoge|tempel|mandir|bijbelkring|bijbelstudie"
    r"|catechisatie|zondagsschool"
    r"|koranles|church|mosque|synagogue|temple|bible study|sunday school|koranschool)"
)
_FEAST = (
    r"(?:ramadan|suikerfeest|offerfeest|eid|divali|diwali|holi|chanoeka|hanukkah|sjabbat|shabbat"
    r"|sabbath|sabbat|avondmaal|jom kipoer|yom kippur|pesach|passover|poerim|purim|soekot|sukkot"
    r"|rosj hasjana|rosh hashanah?|asjoera|ashura|navratri|vesak|vaisakhi|holi)"
)
_PARTY = (
    r"(?:ChristenUnie|SGP|PVV|VVD|CDA|PvdA|GroenLinks|GroenLinks-PvdA|D66|SP|DENK|FvD|FVD|BBB|Volt"
    r"|JA21|PvdD|Partij voor de Dieren|Forum voor Democratie|50PLUS|NSC|BIJ1|Piratenpartij|Labour"
    r"|Conservatives|Tories|Greens|AKP|CHP|HDP)"
)
_BELIEF = (
    re.compile(
        rf"\b(?i:ik|je|jij|u|hij|zij|ze|i|you|he|she|{_KIN})\b(?: \w+){{0,3}}? (?i:lid|stem|stemt"
        rf"|stemde|vote|votes|voted|member)\b(?: (?i:ben|bent|is|was))?"
        rf" (?i:van|op|for|of)(?: (?i:de|het|the))? {_PARTY}\b"
    ),
    re.compile(
        rf"\b(?:ik ben|ik was|wij zijn|we zijn|i am|i'm|i’m|i was|we are|as an?"
        rf"|als)\b(?: \w+){{0,3}}? {_FAITH}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:mijn|mn|m'n|my|onze|our)(?: \w+)? (?:{_KIN}|familie|family|ouders|parents"
        rf"|gezin)\b(?: \w+){{0,2}}? (?:is|was|zijn"
        rf"|are)\b(?: \w+){{0,3}}? {_FAITH}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:ik|wij|we|i)\b(?: \w+){{0,3}}? (?:naar|in|to) (?:de |een |the |onze |our "
        rf"|mijn |my )?{_RITE}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:op zondag|elke zondag|op vrijdag|elke vrijdag"
        rf"|zondags)\b(?: \w+){{0,4}}? {_RITE}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:ik|wij|we|i)\b(?: \w+){{0,4}}? (?:vier\w*|celebrat\w*|vast|vastte|vasten"
        rf"|fast|fasted|fasting|deed mee|doe mee"
        rf"|observe\w*)\b(?: \w+){{0,3}}? {_FEAST}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:vast|vastte|vasten|fasted|fasting|vanwege|because of|due to|tijdens de"
        rf"|during) (?:(?:de"
        rf"|mijn|my|onze|our) )?(?:vasten|{_FEAST})\b(?=[^.\n]{{0,60}}\b(?:ik|mijn|wij|i"
        rf"|my)\b)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:mijn|my) (?:geloof|religie|religion|faith|hoofddoek|headscarf|hijab|keppel"
        r"|gebed\w*|prayers?)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:ik draag|ik droeg|i wear|i wore)\b(?: \w+){0,2}? (?:hoofddoek|headscarf"
        r"|hijab|keppel\w*|kippah|turban|tulband|kruisje)\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:ik|i)\b(?: \w+){0,2}? (?:bid|bad|pray|prayed)\b", re.IGNORECASE),
    re.compile(
        r"\b(?:ik ben|i am|i'm|i’m)\b(?: \w+){0,2}? (?:homo(?:seksueel)?|lesbisch"
        r"|biseksueel|transgender|trans|non-binair|queer|gay|lesbian|bisexual"
        r"|non-binary)\b",
        re.IGNORECASE,
    ),
)
_NOT_OWN = re.compile(
    r"\b(?:vind|denk|geloof|think|believe|essay|betoog|onderzoek|research|over|about|geen|niet|not"
    r"|no|als je|if you|stel dat|suppose)\b",
    re.IGNORECASE,
)
_OF_WRITER = re.compile(r"(?:ik|i|i've|i’ve|i'm|i’m|mijn|m'n|my)\b", re.IGNORECASE)
_IN_GENERAL = re.compile(
    r"\b(?:who|that|they|people|patients|children|die|ze|mensen|kinderen|jongeren) $", re.IGNORECASE
)


_NAMED_ILLNESS = re.compile(
    r"(?:,(?: [\w-]+){0,5} (?:who|die|that))?,? (?:heeft|had|kreeg|is|was|lijdt aan|has|got"
    r"|suffers from)\b(?: \w+){0,3}? " + _ILLNESS + r"\b",
    re.IGNORECASE,
)


_THEY = r"\b(?:hij|zij|ze|he|she)"
_THEIR_ILLNESS = re.compile(
    rf"{_THEY}{_NAMED_ILLNESS.pattern}"
    rf"|{_THEY} (?:\w+ ){{0,2}}{_ILLNESS} (?:heeft|had|kreeg|is|was)\b"
    rf"|{_THEY} (?:(?:takes|took|uses|used|slikt|slikte|gebruikt|gebruikte|krijgt|kreeg) )"
    rf"(?:\w+ ){{0,2}}{_CARE}\b",
    re.IGNORECASE,
)


_THEIR_FAITH = re.compile(rf"{_THEY} (?:is|was)(?: an?| een)?(?: \w+)?? {_FAITH}\b", re.IGNORECASE)


def find_named_illness(text: str, end: int) -> Span | None:
    """What is said of the health of the person whose name ends at ``end``."""
    match = _NAMED_ILLNESS.match(text, end)
    if match is None:
        return None
    start = match.start() + len(match.group()) - len(match.group().lstrip(" ,"))
    return "health", start, match.end(), 0.7


def find_told_of_others(text: str) -> Iterator[Span]:
    """What is said of somebody who was named before: "she has asthma", "he is Hindu"."""
    for match in _THEIR_ILLNESS.finditer(text):
        yield "health", match.start(), match.end(), 0.6
    for match in _THEIR_FAITH.finditer(text):
        yield "belief", match.start(), match.end(), 0.6


def find_own_institutes(text: str) -> Iterator[Span]:
    """Schools of higher education in a text whose writer gives a student number."""
    for match in _HIGHER_NAMED.finditer(text):
        yield "organisation", match.start(), match.end(), 0.6


def find_organisations(text: str, lang: Lang) -> Iterator[Span]:
    lists = gazetteer()
    for match in _SMALL_NAMED.finditer(text):
        before = text[max(match.start() - 100, 0) : match.start()]
        if (
            _SOURCE.search(before)
            or (match.group().lower().startswith("camping") and not _WORKS_THERE.search(text))
            or (
                match.group().lower().startswith(_EATING)
                and not _NEAR.search(before + text[match.end() : match.end() + 60])
            )
        ):
            continue
        yield "organisation", match.start(), _trim(text, match.start(), match.end()), 0.8
    for match in _SCHOOL.finditer(text):
        start = match.start()
        lead = re.match(r"(?:(?:Op|In|Het|De|Van|Aan|Mijn|Ons|Bij|Onze|The|At|My|en|de|het|van) )+",
                        match.group())  # fmt: skip
        if lead:
            start += lead.end()
        if start < match.end() - 8 or match.group()[:3] in {"ROC", "AOC"}:
            yield "organisation", start, match.end(), 0.8
    for match in _STUDY.finditer(text):
        yield "organisation", *match.span(1), 0.75
    for pattern in (_ENGLISH_CLUB, _GOES_TO):
        for match in pattern.finditer(text):
            yield "organisation", *match.span(1), 0.7
    for match in _OWN_FIRM.finditer(text):
        first = match.group("name").split()[0].lower()
        asked = match.group().lower().startswith(("opdrachtgever", "client", "klant"))
        named = _ORGANISATION_WORD.search(match.group("name"))
        person = first in lists.known_given or first in lists.known_surnames
        if named or not (asked or person or first in lists.words or first in lists.not_names):
            yield "organisation", *match.span("name"), 0.6
    for match in _CLUB.finditer(text):
        yield "organisation", *match.span(1), 0.6
    for match in _ATTENDS.finditer(text):
        place = match.lastindex or 0
        name = match.group(place).split(" ", 1)[1].lower()
        if name not in lists.not_names and name.split()[0] not in lists.words:
            yield "organisation", *match.span(place), 0.6
    placed = _FIRST_TIME.finditer(text) if _WORKS_THERE.search(text) else ()
    for match in (*_PLACEMENT.finditer(text), *placed):
        words = match.group("name").lower().split()
        person = words[0] in lists.given or words[0] in lists.given_ambiguous
        named = _ORGANISATION_WORD.search(match.group("name"))
        skipped = (
            words[0] in _CHAINS or words[0] in lists.words or words[0] in {"mr", "mrs", "ms", "dhr"}
            or (words[0] in lists.not_names and not named)
        )  # fmt: skip
        if (
            not skipped
            and len(match.group("name")) > 1
            and (named or not person)
            and not (len(words) == 1 and words[0] in lists.surnames)
        ):
            yield "organisation", *match.span("name"), 0.65


def _trim(text: str, start: int, end: int) -> int:
    """Without a last word that begins a new thought."""
    written = text[start:end]
    while True:
        head, _, last = written.rpartition(" ")
        if not head or last.lower() not in gazetteer().words:
            return start + len(written)
        written = head


def find_sensitive(text: str, lang: Lang) -> Iterator[Span]:
    for kind, patterns in (("health", _HEALTH), ("belief", _BELIEF)):
        for pattern in patterns:
            for match in pattern.finditer(text):
                general = _IN_GENERAL.search(text[max(match.start() - 30, 0) : match.start()])
                if (
                    (general and not _OF_WRITER.match(match.group()))
                    or _NOT_OWN.search(match.group())
                    or match.group().endswith((" Ms", " ms"))
                ):
                    continue
                yield kind, match.start(), match.end(), 0.7  # type: ignore[misc]

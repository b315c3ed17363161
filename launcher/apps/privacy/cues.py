"""Words around a name that tell whose name it is. All folded."""


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


TITLES = word_set(
    """
    meneer mijnheer mevrouw mevr mw dhr heer juf juffrouw meester mr mrs ms miss sir madam
    drs dr prof professor ing ir dokter doctor frau herr madame monsieur
    """
)
KIN = word_set(
    "oma opa tante oom ome opoe nan nana gran granddad grandma grandpa granny grandad auntie aunt "
    "uncle"
)
"""Titles too, before a name with a capital: "oma Hilly"."""
SOFT_TITLES = word_set("dr drs prof professor ir ing")
"""Writers of sources carry these too."""

RELATIONS = word_set(
    """
    vriend vriendin vrienden vriendinnen vriendje vriendinnetje broer broertje zus zusje
    zusjes broers neef neefje nicht nichtje tante oom opa oma moeder vader mama papa
    stiefvader stiefmoeder ouders zoon dochter man vrouw partner buurman buurvrouw
    buurjongen buurmeisje buren oppas klasgenoot klasgenote klasgenoten
    studiegenoot studiegenote studiegenoten groepsgenoot groepsgenote groepsgenoten
    teamgenoot teamgenoten teamlid teamleden projectgenoot collega collegas collega's
    medestudent medestudenten medeleerling huisgenoot huisgenoten docent docente leraar
    lerares mentor mentrix decaan coach studiecoach slb'er begeleider begeleidster
    stagebegeleider stagebegeleidster praktijkbegeleider werkbegeleider praktijkopleider
    leerbedrijf werkgroepdocent vakdocent gymdocent wiskundedocent tutor trainer chef baas
    leidinggevende manager teamleider teamleidster stagiair stagiaire opdrachtgever
    opdrachtgeefster client klant patient bewoner bewoonster therapeut psycholoog huisarts
    tandarts jeugdwerker directeur directrice conrector rector conciërge concierge leerling
    student studente leerlinge cursist
    baby peuter kleuter maatje buddy overgrootvader overgrootmoeder schoonzus
    familie gezin eigenaar eigenares medewerker medewerkster souschef boer vriendengroep
    friend friends bestie brother sister cousin aunt auntie uncle grandma grandpa
    grandmother grandfather mother father mum mom dad son daughter husband wife girlfriend
    boyfriend neighbour neighbor classmate classmates roommate roommates housemate colleague
    colleagues teammate teammates groupmate groupmates partner teacher teachers lecturer
    tutor mentor coach supervisor boss manager trainer trainee intern client customer
    patient resident therapist dentist principal student pupil nephew niece buddy
    owner peer coworker co-worker fellow nurse guide adviser advisor adviseur studieadviseur
    oppaskind pleegkind stiefkind
    studiebegeleider ondernemer ondernemster stiefbroer stiefzus halfbroer halfzus pleegouder
    pleegmoeder pleegvader schoonmoeder schoonvader schoonbroer kleinzoon kleindochter neefje
    nichtje petekind peetoom peettante verloofde vriendje ex lerares trainster instructeur
    instructrice fiance instructor counsellor counselor headteacher headmaster mate flatmate
    bandmate landlord landlady employer employee editor caseworker foreman stepbrother
    """
)
RELATION_ENDS = (
    "begeleider", "begeleidster", "coach", "docent", "docente", "leraar", "lerares", "juf",
    "genoot", "genote", "vriend", "vriendin", "collega", "trainer", "opleider", "meester",
    "buurman", "buurvrouw", "mentor", "stagiair", "coordinator", "mate", "worker",
)  # fmt: skip
"""A longer word that ends so is a relation too: "stagecoordinator", "vakdocent"."""
FAMILY = word_set(
    """
    broer broertje zus zusje neef neefje nicht nichtje tante oom opa oma moeder vader zoon zoontje
    dochter dochtertje man vrouw vriend vriendin stiefvader stiefmoeder kleinzoon kleindochter
    brother sister cousin aunt uncle mother father mum mom dad son daughter husband wife friend
    girlfriend boyfriend grandson granddaughter nephew niece stepdad stepmum
    """
)
WORKERS = word_set(
    """
    boswachter gids conciërge concierge kok kokkin ober serveerster verpleegkundige verpleger
    verpleegster verzorger verzorgende boer boerin chauffeur buschauffeur vrachtwagenchauffeur
    monteur loodgieter elektricien timmerman metselaar kapper kapster bakker slager
    groenteman kassiere caissiere vakkenvuller wijkagent agente beveiliger portier postbode
    bezorger bezorgster fysiotherapeut logopedist logopediste dierenarts apotheker assistent
    assistente laborant laborante toa amanuensis bibliothecaris bibliothecaresse mediathecaris
    redacteur vrijwilliger vrijwilligster scheidsrechter
    badmeester invaller invalster onderwijsassistent pleegzorger rondleider rondleidster
    receptionist receptioniste magazijnmedewerker werknemer ploegleider voorman
    penningmeester secretaris notulist jeugdleider juryleid tolk
    boekhouder boekhoudster  zoontje dochtertje
    broertje zusje tweelingbroer tweelingzus achterbuurman overbuurman overbuurvrouw
    kweker kweekster teler imker visser schipper hovenier tuinman smid meubelmaker naaister
    gids ranger cook chef waiter waitress carer caretaker janitor farmer driver mechanic plumber
    electrician carpenter hairdresser baker butcher receptionist volunteer referee
    physiotherapist vet pharmacist assistant technician librarian secretary treasurer
    chair  apprentice babysitter nan nanny stepdad stepmum stepbrother
    stepsister grandson granddaughter
    """
)
"""Ordinary people by their work: "boswachter Tim", "the caretaker, Mr Bos"."""
SOMEBODY = word_set(
    """
    jongen meisje jongetje kindje vrouw man dame gast gozer boy girl guy lad lady kid woman man
    """
)
"""With an article and a name: "een jongen Ilyas", when the writer tells of their own life."""
PETS = word_set(
    """
    hond hondje kat katje poes poesje kater konijn konijntje paard paardje pony hamster cavia
    parkiet papegaai kip schildpad goudvis puppy pup rat muis ezel geit lam kalf dog cat kitten
    wolf olifant gorilla chimpansee panda leeuw leeuwin tijger dolfijn orka walvis elephant lion
    tiger whale dolphin bear beer ape raven crow jackdaw ijsbeer zeehond seal
    rabbit horse parrot tortoise goldfish guinea-pig budgie donkey goat kitty
    """
)
"""What is called so is no person: "our dog Max"."""
NO_SURNAMES = word_set(
    """
    ik i jij je u hij zij ze wij we jullie he she it they you dit dat deze die this that these
    de het een the a an en and of or maar but want omdat als toen when if ook nog zijn haar
    mijn onze hun our my his her their is was heeft had kan zal wil moet says said zei zegt
    """
)
OWN_CIRCLES = word_set(
    "klas klasje groep groepje team school stage werk opleiding jaar buurt straat club "
    "class group course year street neighbourhood internship"
)
WORKS = word_set(
    """
    film films movie boek boeken roman gedicht lied liedje nummer song songs album schilderij
    schilderijen werk werken beeld beelden stilleven portret opera musical toneelstuk stuk
    boekje boekjes strip strips stripboek gedichten liedjes verhalen artikel artikelen column
    columns podcast lezing recept recepten theorie model methode wet stelling book books
    novel poem painting paintings play
    works sculpture portrait series serie theory law theorem method documentary documentaire
    comic comics article articles column podcast lecture recipe recipes
    """
)
"""What is "van X" or "by X" here was made by somebody well known."""
POSSESSIVES = word_set(
    """
    mijn m'n mn onze ons zijn z'n zn haar d'r hun jouw je een my our his her their your a an
    another
    """
)
OWN_POSSESSIVES = word_set("mijn m'n mn onze ons my our")
NAMING = word_set(
    """
    heet heette heten genaamd genoemd named called noemen noemde
    """
)
SPEAKING_OF = word_set("noemen noemde genoemd named")
"""After these stands a nickname, or whoever is mentioned: "hij noemde Kant"."""
PERSONS = word_set("me mij hem haar ze hen hun ons him her them us jou je")
LABELS = word_set(
    """
    naam name voornaam achternaam auteur auteurs author authors door by aan van to from
    coach mentor begeleider stagebegeleider voorzitter notulist aanwezig afwezig groepsleden
    groepslid teamleden team leden members member docent teacher tutor supervisor client
    contact studenten student students leerling leerlingen opdrachtgever contactpersoon
    surname voor cc namen names geschreven gemaakt made written group groep ingeleverd
    inleverdatum present absent chair roepnaam ouder ouders verzorger reviewer feedbackgever
    beoordelaar owner scrummaster partner partners teamgenoot groepsgenoot gids begeleiding
    projectgroep projectleider klant geinterviewde respondent interviewer deelnemers aanwezigen
    gastspreker
    presenter presentator spreker speaker kandidaat candidate deelnemer afzender ontvanger reader
    lezer proefleider proefpersoon leerlinge indiener kok uitvoerder
    interviewee participants attendees
    """
)
AUTHOR_LABELS = word_set(
    "auteur auteurs author authors schrijver schrijfster writer regie regisseur director"
)
BOOK_LABELS = word_set(
    """
    titel title boek book published pages uitgeverij publisher druk verschenen genre jaar year
    bladzijden film movie pagina's paginas isbn
    """
)
"""Beside "Auteur:" these say that the author is not the student."""
GREETINGS = word_set(
    """
    beste hoi hallo hai hey hi hello dear lieve geachte goedemorgen goedemiddag yo heey hee
    """
)
SALUTATIONS = word_set("beste dear geachte hoi hallo lieve hi hello")
LETTERED = word_set(
    "appendix bijlage figure figuur vitamin vitamine groep group klas class deel part section plan"
    " type optie option hepatitis table tabel team"
)
"""A letter after these is no initial."""
CLOSINGS = word_set(
    """
    groet groeten groetjes gr grtjs groetjess mvg regards wishes sincerely cheers liefs
    greetings hoogachtend bedankt thanks xoxo xx xxx kus kusjes doei doeg faithfully yours
    love signed getekend ondertekend
    """
)
WITH = word_set("met with")
PLACING = word_set("in naar uit te near")
TOGETHER = word_set("samen together")
TOWARDS = word_set(
    """
    door by aan voor volgens tegen naast to for namens behalve from told asked thanked
    helped vroeg zei vertelde bedankte bedankt hielp thanks thank dank maatje vind vond
    belde zag hoorde sprak bij called saw heard showed gave gaf liet vroegen stuurde appte
    mailde miste want tussen help helpt ask tell meet visited joined invited between toen
    when omdat because dat that terwijl while maar but and en of or nadat after
    """
)
TEAM_WORK = word_set(
    """
    sprint sprints retro retrospective sprintreview team groep groepje opdrachtgever notulen
    notulist stage stageplek klas teamleden backlog standup daily client meeting minutes
    """
)
"""In notes of a team nobody says "I", and still the names are those of its members."""
OF_PERSONS = word_set(
    """
    tip tips feedback compliment idee moeder vader ouders broer zus broertje zusje vriend vriendin
    telefoon fiets tas jas laptop deel hulp beurt mening verjaardag huis kamer stem opa oma hond
    les lessen advies lesson lessons advice antwoord vraag grap fout schuld bericht appje mailtje
    uitleg handschrift toets toetsen klas vak opdracht groepje kantoor verhaal gegevens rooster
    mother father mum mom dad parents brother sister friend phone bike bag coat part help turn
    opinion birthday house room voice idea question joke message explanation handwriting
    """
)
"""What is said to be of somebody."""
BESIDE = word_set("bij van met voor in op aan naar door over uit")
MEETING = word_set(
    """
    met with aan door bij naast to from for voor tegen tussen between sprak spraken
    interviewde interviewden ontmoette ontmoetten belde hielp bezocht vroeg heb hebben
    interviewed helped called phoned visited asked via dankzij
    """
)
RECORDS = word_set(
    """
    logboek logbook notulen minutes stageverslag stage bpv internship placement sprint sprints
    retrospective retro werklog worklog weekverslag weekreflectie kick-off standup stand-up
    samenwerking teamreflectie groepsreflectie dagverslag
    """
)
"""In the first line: what follows is the work of the writer, also when that is a game or a film."""
OWN_TEXTS = word_set(
    """
    portfolio verslag logboek stageverslag werkstuk onderzoeksplan tekst presentatie profielwerkstuk
    draft report presentation logbook
    """
)
THANKS = word_set("dank dankzij bedankt thanks thank grateful dankbaar complimenten")
SAYING = word_set(
    """
    zei zeggen zegt vertelde vertelt vroeg vraagt antwoordde riep fluisterde merkte legde
    stelde said says told tells asked asks replied answered suggested suggests explained
    reminded agreed disagreed laughed smiled shouted whispered insisted complained
    apologised apologized noticed belde appte mailde lachte huilde glimlachte knikte called
    texted emailed cried nodded
    """
)
DOING = word_set(
    """
    is was heeft had hebben hadden ging gaat kwam komt maakte maakt deed doet liet laat
    hielp helpt gaf geeft vond vindt wilde wil kon kan moest moet zou zat zit stond staat
    werkte werkt schreef nam neemt pakt pakte keek kijkt las leest begon begint bleef blijft
    kreeg krijgt wist weet dacht denkt speelde speelt woont woonde scoorde won verloor viel
    liep loopt bracht zag ziet stuurde reageerde onderzoekt onderzocht regelde organiseerde
    presenteerde tekende kookte rende filmde testte bouwde programmeerde ontwierp zorgde
    lette leerde adviseerde noemde leidde opent opende controleerde meet mat telde schudde
    druppelde sneed draagt droeg deelde has had went goes came comes made makes did does let
    helped helps gave gives found thought thinks wanted wants could can would will took
    takes looked looks read reads started starts stayed stays got gets knew knows played
    plays lives lived scored won lost fell walked brought saw sees sent reacted wrote writes
    led drew works worked kept keeps did showed shows felt feels tested fixed paired
    measured stepped spoke reviewed checked deleted became joined offered stood ran runs
    built designed presented organised organized liked likes loves chose shared listened
    """
)
PUBLIC_ROLES = word_set(
    """
    schrijver schrijfster auteur dichter dichteres filosoof filosofe president presidente
    premier minister minister-president staatssecretaris koning koningin prins prinses
    keizer keizerin burgemeester wethouder zanger zangeres rapper voetballer voetbalster
    coureur acteur actrice regisseur historicus historica columnist columniste journalist
    journaliste wetenschapper onderzoeker onderzoekster politicus politica kunstenaar
    kunstenares schilder componist presentator presentatrice youtuber influencer hoogleraar
    lijsttrekker kamerlid fractievoorzitter woordvoerder econoom socioloog bioloog
    natuurkundige wiskundige uitvinder ontdekkingsreiziger schaatser schaatsster tennisser
    wielrenner atleet atlete astronaut generaal admiraal dictator paus heilige hoofdpersoon
    hoofdpersonage personage personages held heldin detective agent ridder tovenaar heks
    profeet prophet apostel apostle politieman stripheld author writer poet philosopher president
    king queen prince princess
    emperor singer rapper footballer actor actress director historian scientist researcher
    economist painter composer senator politician chancellor pope saint novelist playwright
    activist inventor physicist mathematician psychologist sociologist journalist youtuber
    astronaut general dictator minister character characters protagonist hero heroine
    ombudsman narrator captain lord lady sir explorer biographer astronomer spokesperson
    """
)
ACADEMIC = word_set(
    """
    schrijft schreef stelt betoogt beweert beschrijft beschreef onderscheidt onderscheidde
    bekritiseert concludeert pleit definieert ontdekte bewees argues argued writes wrote
    claims claimed describes described defines states concludes proposes proposed
    distinguishes definieerde definieerden beschreven schreven stelden betoogden ontdekten
    ontwikkelde ontwikkelden bedacht bedachten formuleerde formuleerden introduceerde
    introduceerden concludeerden developed introduced coined formulated discovered
    """
)
FICTION_STRONG = word_set(
    """
    roman novel hoofdpersoon hoofdpersonage personage personages
    boekverslag protagonist narrator verteller verhaallijn dagboek biografie biography
    toneelstuk leesverslag filmrecensie boekrecensie filmverslag filmbespreking boekbespreking
    boekenverslag leesdossier
    """
)
IN_CLASS = word_set(
    "klas les leeskring boekenclub boekenkring discussie nabespreking groepje class "
    "lesson discussion"
)
"""Where a book is talked about: whoever is named there is no character."""
READERS_WORDS = word_set(
    """
    einde motief thema hoofdstuk slot schrijfstijl spanning titel film
    ending motif theme chapter style title movie film
    """
)
"""Of these a reader speaks, not a character."""
NOT_PERSONS = word_set(
    """
    class klasse function functie variable variabele module persona st sint saint server branch
    bot chatbot algoritme algorithm bestand file orkaan hurricane storm cycloon cyclone planeet
    planet maan komeet comet
    """
)
"""What has its name right behind these is no person near."""
CRIMES = word_set("zaak verdachte dader moordenaar case suspect zaak-")
STORY_ROLES = word_set(
    """
    hoofdpersoon hoofdpersonage personage personages bijpersoon character characters protagonist
    narrator verteller antagonist
    """
)
FICTION_WEAK = word_set(
    """
    boek book books verhaal story schrijver author schreef wrote film movie serie series
    plot character characters gedicht poem hoofdstuk chapter motief thema theme scene scenes lezer
    reader wraak
    """
)
FIRST_PERSON = word_set(
    """
    ik mij me mijn m'n mn wij we ons onze i my mine our us i'm i've we've
    """
)
OWN_GROUP = word_set("wij we ons onze us our we've")
"""Who is named together with these is mostly one of the group of the writer."""
PREFIXES = word_set(
    """
    van de der den het 't t ten ter te in op aan uit von zu zum vom la le les du des di del
    della da das do dos el al ben ibn bin ait abu bou o af av y e thi v d s 's
    """
)
MIDDLE_PREFIXES = word_set("in op uit bij aan te do e y s d a o av af")
"""These stand between the parts of a name, and open one only with a capital."""
STRONG_PREFIXES = word_set("der den ten ter el ait ben von ibn bin 't thi")
ARTICLES = word_set(
    """
    de het een the a an dit die deze this these elke elk each geen no
    """
)
BARE_OBJECT = word_set(
    """
    my the your a an een de het je you we they it that this in out on up over jij jullie u
    """
)
THINGS = word_set(
    """
    bedrijf bedrijfje onderneming winkel app website site spel game project team groepje boek film
    serie lied band storm schip boot restaurant company shop book movie series song ship boat
    """
)
"""What is "called X" here is no person."""
PLACES_OF_BUSINESS = word_set(
    "restaurant hotel cafe museum theater theatre winkel firma merk bedrijf band game app bar shop"
)
LAWS = word_set(
    """
    theorie wet model methode stelling principe principes law laws theory theorem model method
    principle principles heuristics rule rules paradox effect
    """
)
"""In "Ohm's law" the name is in every schoolbook."""
SOURCE_HEADINGS = word_set(
    """
    literatuur literatuurlijst bronnen bronnenlijst bronvermelding bibliografie references
    bibliography sources literature referenties
    """
)
SOME = word_set("twee drie vier vijf enkele paar two three four five some few")
ORGANISATION_WORDS = word_set(
    """
    hospital ziekenhuis college university universiteit school museum street road lyceum
    stichting foundation arena stadion theater theatre award prize
    """
)

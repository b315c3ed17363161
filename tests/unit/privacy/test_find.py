"""What is found, what is left alone."""

import pytest

from launcher.apps.privacy import find_leaks, find_private


def found(text: str, lang: str = "nl") -> list[tuple[str, str]]:
    return [(f.kind, f.text) for f in find_private(text, lang="en" if lang == "en" else "nl")]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Mail mij op sanne.b@ziggo.nl.", "email", "sanne.b@ziggo.nl"),
        ("Mail: sanne [at] ziggo.nl", "email", "sanne [at] ziggo.nl"),
        ("Bel 06-21483765 na vijf uur.", "phone", "06-21483765"),
        ("Call me on +44 20 7946 0958.", "phone", "+44 20 7946 0958"),
        ("Mijn BSN is 123456782.", "bsn", "123456782"),
        ("Maak het over op NL91 ABNA 0417 1643 00 voor vrijdag.", "iban", "NL91 ABNA 0417 1643 00"),
        ("Ik ben geboren op 14 maart 2006.", "birth_date", "14 maart 2006"),
        ("Studentnummer: 500812345", "student_number", "500812345"),
        ("Ik woon op Dorpsstraat 12, 1234 AB Utrecht.", "address",
         "Dorpsstraat 12, 1234 AB Utrecht"),
        ("I live at 14 Maple Avenue, Leeds.", "address", "14 Maple Avenue, Leeds"),
        ("Volg me op insta: @its.merel_", "link", "@its.merel_"),
        ("Mijn code: github.com/merelk/app", "link", "github.com/merelk/app"),
        ("Ik zit op basisschool De Vlinder.", "organisation", "basisschool De Vlinder"),
        ("Ik heb dyslexie.", "health", "dyslexie"),
        ("Wessel heeft autisme.", "health", "autisme"),
        ("I am a Muslim.", "belief", "Muslim"),
    ],
)  # fmt: skip
def test_each_kind(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Het nummer 123456789 is geen BSN.",
        "Rekening NL91 ABNA 0417 1643 01 bestaat niet.",
        "Ordernummer 123456782 is verzonden.",
        "Schrijf naar info@example.com.",
        "Anne Frank werd geboren op 12 juni 1929.",
        "Bron: https://www.cbs.nl/nl-nl/nieuws/2024/artikel",
        "Depressie onder jongeren neemt toe. Moslims en christenen merken dat ook.",
        "De gemeente Utrecht en de stad Groningen doen mee in mei.",
        "Volgens Van Dijk et al. (2018) en Smit (2020) werkt dit.",
        "De roos en de bloem staan naast de storm op het schilderij.",
        "Will it rain in May? Mark my words.",
        "Ik gebruik `jan = Persoon()` en dit:\n```\nemma = Persoon('Sanne')\n```",
        "Isaac Newton en Marie Curie werkten hard. Newton viel een appel op het hoofd.",
    ],
)
def test_what_must_stay(text: str) -> None:
    assert found(text) == []


_WEEK = (
    "In dit verslag beschrijf ik hoe de opdracht verliep. De planning was krap, want we hadden "
    "drie weken. {} Aan het eind was het product op tijd klaar en dat gaf een goed gevoel."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Daarom heb ik Zorvik gevraagd om mee te lezen.",
        "Omdat Zorvik ziek was, liep alles uit.",
        "De tip van Zorvik heeft echt geholpen.",
        "Ik had ruzie met Zorvik over de planning.",
        "Alleen Zorvik wist hoe het moest.",
        "De scrummaster was Zorvik.",
        "Zorvik en ik deden de proef.",
        "Zorvik's moeder heeft gereden.",
        "Onze vakdocent van dit jaar is Zorvik.",
    ],
)
def test_an_unknown_word_where_only_a_person_can_stand(sentence: str) -> None:
    assert ("name", "Zorvik") in found(_WEEK.format(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "Daarom heb ik Zorvik gebruikt om het te tekenen.",
        "De winkel van Zorvik ligt in Gent.",
        "Een nieuwe winkel moet volgens Treacy en Wiersema kiezen.",
        "Mijn hond heet Bruno.",
    ],
)
def test_what_is_a_thing_or_well_known(sentence: str) -> None:
    assert found(_WEEK.format(sentence)) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Met Merijn Zonderland schreef ik de inleiding.",
        "Wij, dat zijn Merijn Zonderland, Lau en ik, waren klaar.",
        "De tip van Merijn Zonderland heeft geholpen.",
        "Merijn Zonderland uit mijn klas las mee.",
        "De conciërge, Merijn Zonderland, deed de deur open.",
        "Mijn mentor van dit jaar was Merijn Zonderland.",
    ],
)
def test_a_full_name_that_is_tied_to_the_writer(sentence: str) -> None:
    assert ("name", "Merijn Zonderland") in found(_WEEK.format(sentence))


def test_characters_of_a_review_stay_and_the_sister_does_not() -> None:
    review = (
        "Leesverslag: De brief voor de koning\n\nIn dit boek van Tonke Dragt is Tiuri de "
        "hoofdpersoon. Hij moet een brief naar een ander land brengen en ontmoet Piak in de "
        "bergen. De rode ruiters zitten achter hem aan. Ik vond Piak het leukst. {}"
    )
    assert found(review.format("Het einde was wel wat snel.")) == []
    sister = review.format("Mijn zus Ottoline las het ook en zij vond Tiuri saai.")
    assert found(sister) == [("name", "Ottoline")]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Sinds de scheiding slik ik antidepressiva.", "health", "antidepressiva"),
        ("Mijn tante zit in een rolstoel.", "health", "rolstoel"),
        ("I was diagnosed with dyspraxia when I was nine.", "health",
         "dyspraxia"),
        ("My problem was that I have coeliac disease.", "health", "coeliac"),
        ("Mijn broer is verlamd na een ongeluk.", "health", "verlamd"),
        ("Mijn oom is lid van de ChristenUnie.", "belief", "ChristenUnie"),
        ("Ik ben lid van het CDA.", "belief", "CDA"),
        ("I work at Baker's Dozen on Saturdays.", "organisation", "Baker's Dozen"),
        ("I go to Ridgeway Academy in Bristol.", "organisation", "Ridgeway Academy"),
        ("Ik train bij HV Zeeburg als keeper.", "organisation", "HV Zeeburg"),
        ("Ik zoek werk bij Brasserie 't Gemaal.", "organisation", "Brasserie 't Gemaal"),
        ("Upload: my game is at https://tjebbe.itch.io/ijs now", "link", "https://tjebbe.itch.io/ijs"),
    ],
)  # fmt: skip
def test_more_of_each_kind(text: str, kind: str, value: str) -> None:
    shown = found(text, "en" if text[0] in "IU" and " ik " not in text else "nl")
    assert any(each == kind and value in part for each, part in shown)


@pytest.mark.parametrize(
    "text",
    [
        "People who have diabetes inject insulin.",
        "Door corona en vanwege corona gingen de scholen dicht, en ik zat thuis.",
        "Volgens Stichting Lezen lezen jongeren minder.",
        "De VVD en het CDA stemden tegen.",
        "There are guests that have coeliac disease.",
    ],
)
def test_what_is_said_in_general_stays(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tot woensdag.\n\nGroet, namens de groep,\nRozemarijn van Leuth\n06 5582 0137",
         "Rozemarijn van Leuth"),
        ("Presenter: Lotus\nTopic: hip hop", "Lotus"),
        ("De rest is van mij.\n\nL. Brouwers-Nkrumah, klas I2C", "L. Brouwers-Nkrumah"),
        ("I added it as Appendix C. Oluwaseun proofread my English.", "Oluwaseun"),
        ("Dear Dr Bos,\nMy thesis is on the novel, its protagonist and the narrator. Samira read "
         "it.\nKind regards,\nTom", "Samira"),
    ],
)  # fmt: skip
def test_forms_and_letters(text: str, name: str) -> None:
    assert ("name", name) in found(text)


def test_readers_of_a_book_are_no_characters() -> None:
    review = (
        "Book review: The Book Thief\n\nThe novel is about Liesel and Rudy, who grow up in "
        "Germany. The narrator is Death. Liesel steals a book at a funeral, and Hans teaches her "
        "to read. In the discussion in our class Hadiza said that the silence was loud. Reuben "
        "hated the ending, and I told him that he had not read it well. Hans plays the accordion."
    )
    assert [value for _, value in found(review, "en")] == ["Hadiza", "Reuben"]


def test_the_author_of_a_book_is_no_student() -> None:
    assert (
        found(
            "Boekverslag\nTitel: Het huis aan de gracht\nAuteur: Merijn Zonderland\nEerste druk: "
            "1938, uitgeverij Querido\nHet boek gaat over een familie die haar huis verliest."
        )
        == []
    )
    assert ("name", "Merijn Zonderland") in found("Auteur: Merijn Zonderland\nKlas: 4b")


def test_a_number_below_a_name_is_that_of_a_student() -> None:
    assert ("student_number", "1784093") in found("Met groet,\n\nYaw Asante-Boateng\n1784093\n")
    assert found("De meting gaf een getal\n1784093\n") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Samen met Roos maakte ik de poster.", "Roos"),
        ("Meneer Bloem gaf les.", "Bloem"),
        ("Will is my best friend.", "Will"),
        ("Mijn vriend yusuf kwam ook.", "yusuf"),
        ("Ik heet Xanthor.", "Xanthor"),
        ("Groetjes,\nQuintessa", "Quintessa"),
        ("My teacher Mr Okonkwo-Bright said so.", "Okonkwo-Bright"),
        ("Dat zei J.W. van der Molen gisteren.", "J.W. van der Molen"),
        ("De tekening van Fatima's broer.", "Fatima"),
        ("Wij, Daan, Xylo en Noor, deden het.", "Xylo"),
        ("Hasan Y\u0131ld\u0131r\u0131m kwam binnen.", "Hasan Y\u0131ld\u0131r\u0131m"),
        ("Zoe\u0308 en ik werkten samen.", "Zoe\u0308"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert ("name", name) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Je noemt Mohammed Yilmaz hier bij je mail.",
        "Vraag het aan Mehmet Aydin.",
        "Ik sprak Jan Jansen gisteren.",
        "Gisteren zag ik Piet Hendriks lopen.",
        "Ik heb Anna Visser geholpen.",
        "Mohammed Yilmaz schreef mij.",
    ],
)
def test_a_full_name_in_a_short_text_is_asked_about(text: str) -> None:
    """A single sentence does not tell that somebody is well known, so the student is asked."""
    assert [found.kind for found in find_private(text, lang="nl")] == ["name"]


def test_characters_of_a_book_stay_and_the_classmate_does_not() -> None:
    text = (
        "In deze roman vlucht de hoofdpersoon Jonas met Marieke naar Parijs. Jonas liegt tegen "
        "Marieke. Mijn klasgenoot Tjeerd vond Jonas dapper."
    )
    assert found(text) == [("name", "Tjeerd")]


def test_all_parts_of_a_person_share_a_group() -> None:
    text = "Ik werkte met Sanne Bakker en Gijs Okafor. Sanne las, Okafor schreef mij daarna."
    groups = {f.text: f.group for f in find_private(text, lang="nl")}
    assert groups["Sanne"] == groups["Sanne Bakker"]
    assert groups["Okafor"] == groups["Gijs Okafor"]
    assert groups["Sanne"] != groups["Okafor"]


def test_a_finding_does_not_print_what_it_found() -> None:
    finding = find_private("Mail sanne@ziggo.nl", lang="nl")[0]
    assert "sanne" not in repr(finding)


def test_leaks_in_what_a_model_wrote() -> None:
    original = "Ik heet Fatima El Idrissi. Ik las over Max Havelaar met Joost."
    known = [f for f in find_private(original, lang="nl") if "Fatima" in f.text]
    reply = "Goed gedaan, fatima! Waarom noem je Joost? Vraag het Sjoerd."
    leaks = find_leaks(reply, known=known, lang="nl", allowed_in="Ik las dit met Joost.")
    assert [f.text for f in leaks] == ["fatima", "Sjoerd"]


@pytest.mark.parametrize(
    ("text", "lang", "name"),
    [
        ("Ik maakte het samen met Haruna en Dagny.", "nl", "Dagny"),
        ("Mijn stagecoördinator Wubbechien vroeg om een plan.", "nl", "Wubbechien"),
        ("hoi juf ik ben Mo en mijn zusje shanelly is ziek dus ik kom niet", "nl", "shanelly"),
        ("geachte mevrouw de bruin ik was er niet want ik was ziek", "nl", "de bruin"),
        ("Dit verslag is van Nienke Wouterse.", "nl", "Nienke Wouterse"),
        ("Met dank aan Obbe Castelein voor het meelezen.", "nl", "Obbe Castelein"),
        ("In ons team deed Docent Van der Zalm mee.", "nl", "Van der Zalm"),
        ("We were four: Malik, Xin Yi and me. Xin Yi shouted.", "en", "Xin Yi"),
        ('Mama riep: "Xythe, opstaan!"', "nl", "Xythe"),
        ("Goed gedaan! Succes met versie twee! Xythe", "nl", "Xythe"),
        ("Daarna aten we pom bij oma Xythe.", "nl", "Xythe"),
        ("I read this novel, and the plot was good. Xythe and I liked it.", "en", "Xythe"),
        ("Olivier las voor. De fout van olivier was klein.", "nl", "olivier"),
        ("Mijn baas daar, Xythe Wolters, was streng.", "nl", "Xythe Wolters"),
    ],
)
def test_names_of_many_origins_and_ways_of_naming(text: str, lang: str, name: str) -> None:
    assert ("name", name) in found(text, lang)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        (
            "A spring gets longer when a weight hangs on it, and twice the weight gives twice the "
            "stretch, until the spring stays bent. Robert Hooke published this law in 1678. Hooke "
            "was no friend of Newton. The law holds for rubber only when the stretch is small, "
            "which the table below shows: the line bends after forty grams. Every weight was hung "
            "there three times.",
            "en",
        ),
        ("I read Weapons of Math Destruction by Cathy O'Neil for my plan.", "en"),
        ("Wij zagen een stilleven van Charley Toorop.", "nl"),
        ('naam = "Piet"\nwij = "Sara"\n\nPiet en Sara zijn verzonnen.', "nl"),
        ("Wij vonden Vergeet-mij-niet en Paardenbloem in het veld.", "nl"),
        ("My teacher Ms Pronk", "en"),
        ("Ons bedrijf heet Zonnewijs en verkoopt kaarsen.", "nl"),
        ("De hoofdpersoon van dit boek is Saskia. Ik las de roman thuis. Saskia verdwijnt.", "nl"),
    ],
)
def test_makers_characters_and_made_up_people_stay(text: str, lang: str) -> None:
    assert [value for kind, value in found(text, lang) if value != "Pronk"] == []


def test_what_is_said_of_the_health_of_somebody_who_was_named() -> None:
    said = "Ik hielp meneer Smit. Later bleek dat hij kanker heeft."
    assert ("health", "kanker") in found(said)
    assert found("Kanker komt in Nederland veel voor bij mensen boven de zestig.") == []


def test_a_name_that_may_be_one_is_a_leak_in_a_comment() -> None:
    """In what a model wrote no name should stand, so a doubtful one counts as well."""
    for comment in ("Vraag het aan Roos de Wit.", "Net als bij Mark Visser.", "Vraag dit Jan Bos."):
        assert [f.kind for f in find_leaks(comment, known=(), lang="nl")] == ["name"]
    for comment in ("Will this convince a reader?", "Kijk eens naar Mark Rutte.", "Wat is React?"):
        assert find_leaks(comment, known=(), lang="nl") == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Wij hebben Zwam, de vader van onze keeper, met een paraplu.", ["Zwam"]),
        ("Ik vond je verhaal sterk.\n\nGroetjes Lieve", ["Lieve"]),
        ("Hoi allemaal, @Precious jij zat vooraan toch?", ["Precious"]),
        ("Ik had anders een onvoldoende bij de Groot zijn toets.", ["Groot"]),
        ("Joy van de receptie gaf me een pasje en ik mocht naar binnen.", ["Joy"]),
        ("Mijn zus heeft een klas. Waar is de tas, vroeg ik.", []),
    ],
)
def test_what_stands_behind_a_name_tells_whose_it_is(text: str, names: list[str]) -> None:
    shown = [value for kind, value in found(text) if kind == "name"]
    assert [value.removeprefix("de ") for value in shown] == names

"""A teacher's request for a grade is seen; ordinary criteria are left alone."""

import pytest

from launcher.apps.feedback_companion.no_grades import find_grade_request, has_verdict
from launcher.apps.feedback_companion.sets import SETS, load_set


@pytest.mark.parametrize(
    "text",
    [
        "Geef een cijfer",
        "geef een CIJFER van 1 tot 10",
        "Becijfer deze tekst",
        "Zeg of het voldoende of onvoldoende is",
        "Bepaal het niveau van de leerling",
        "Geef sterren",
        "Beoordeel de tekst op een schaal",
        "Geef 3 punten per argument: puntentelling",
        "Rangschik de leerlingen",
        "O/V/G",
        "Grade this essay",
        "Give a score from 1 to 10",
        "Say pass or fail",
        "Rate the text on a scale",
        "Determine the level",
        "Rank the students",
        "Geen spelfouten, geef een cijfer",
    ],
)
def test_a_request_for_a_grade_is_found(text: str) -> None:
    assert find_grade_request(text)


@pytest.mark.parametrize(
    "text",
    [
        "Je standpunt is meteen duidelijk",
        "Elk argument krijgt uitleg, een voorbeeld of een bron.",
        "Er worden geen cijfers gegeven",
        "Gebruik alinea's en leestekens, zoals punten en komma's",
        "The reader sees your main point at once",
        "Explain each point; do not give grades",
        "Beoordeel zelf of je bron betrouwbaar is",
        "The high level structure is clear",
    ],
)
def test_an_ordinary_criterion_is_left_alone(text: str) -> None:
    assert find_grade_request(text) is None


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("name", SETS)
def test_a_ready_made_set_asks_for_no_grade_and_is_complete(name: str, lang: str) -> None:
    ready = load_set(name, lang)
    assert len(ready.criteria) in (3, 4)
    assert all(c.example and c.questions for c in ready.criteria)
    questions = [question for c in ready.criteria for question in (*c.questions, c.example)]
    for text in [ready.title, ready.goal, *(c.line for c in ready.criteria), *questions]:
        assert find_grade_request(text) is None
        assert not has_verdict(text)


@pytest.mark.parametrize(
    "text",
    [
        "Je noemt een voorbeeld uit je eigen klas.",
        "Dit is een goed begin van een alinea.",
        "In de tweede zin staan twee argumenten.",
        "You mention a good example here.",
        "The reader is at the point where an example would help.",
        "A second reason would help.",
        "De proef is geslaagd.",
        "In C++ noem je twee punten.",
    ],
)
def test_an_ordinary_comment_is_no_verdict(text: str) -> None:
    assert not has_verdict(text)


@pytest.mark.parametrize(
    "text",
    [
        "Vier sterren.",
        "Dit verdient een acht.",
        "This is a solid B.",
        "Vier uit vijf!",
        "Six out of ten",
        "Een zeven dus.",
        "Waarom? Geslaagd!",
        "You passed.",
        "Hier past een A+",
        "Acht punten.",
    ],
)
def test_a_verdict_in_words_is_one(text: str) -> None:
    assert has_verdict(text)


@pytest.mark.parametrize(
    "text",
    [
        "Schrijf je dit met een d.",
        "Je noemt een tien jaar oude bron.",
        "Twee van de tien leerlingen zeggen dit.",
        "Waarom kies je twee van de zes redenen?",
    ],
)
def test_words_for_numbers_are_no_verdict(text: str) -> None:
    assert not has_verdict(text)


@pytest.mark.parametrize(
    "text", ["Dit is een dikke 8 voor je tekst.", "Ik geef je een 7 voor inzet."]
)
def test_a_grade_in_the_middle_of_a_sentence_is_seen(text: str) -> None:
    assert has_verdict(text)


def test_a_number_that_is_no_grade_is_left_alone() -> None:
    assert not has_verdict("Je noemt een 8 meter lange muur.")

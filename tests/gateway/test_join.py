"""Getting in, staying in and getting out."""

import time
from http.cookies import SimpleCookie

import httpx
import pytest

from tests.gateway.conftest import StartGateway
from tests.gateway.harness import CODE, PAGE, TOKEN, RunningGateway, wait_until

WRONG_TOKENS = ["", TOKEN[:-1], TOKEN + "x", TOKEN.swapcase(), "\u00e9" * 22]


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_token_lets_in(gateway: RunningGateway) -> None:
    visitor = gateway.visitor()
    assert visitor.get("/a/demo/").status_code == 401
    answer = visitor.post("/join", json={"token": TOKEN})
    assert answer.json() == {"ok": True, "next": "/a/demo/"}
    assert visitor.get(answer.json()["next"]).status_code == 200


def test_the_session_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(
    gateway: RunningGateway,
) -> None:
    answer = gateway.visitor().post("/join", json={"token": TOKEN})
    cookie = SimpleCookie(answer.headers["set-cookie"])
    (morsel,) = cookie.values()
    assert morsel["httponly"]
    assert morsel["samesite"].lower() == "strict"
    assert morsel["path"] == "/"
    assert 3000 < int(morsel["max-age"]) <= 3600
    assert not morsel["domain"]
    assert len(morsel.value) >= 43


@pytest.mark.parametrize("typed", [CODE, "bcdf-2345", " BCDF 2345 "])
def test_the_typed_code_lets_in_without_scripts(gateway: RunningGateway, typed: str) -> None:
    visitor = gateway.visitor(**PAGE)
    assert 'name="code"' in visitor.get("/").text
    answer = visitor.post("/join", data={"code": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, "/a/demo/")
    assert visitor.get("/a/demo/").status_code == 200


def test_a_browser_without_cookies_is_told_so_and_takes_no_seat(
    gateway: RunningGateway, start_gateway: StartGateway
) -> None:
    """Else it would be asked for the code again and again, and fill the class meanwhile."""
    small = start_gateway(seats=1)
    for _ in range(3):
        answer = small.visitor(**PAGE).post("/join", data={"code": CODE})
        assert answer.status_code == 403
        assert "Je browser bewaart geen cookies." in answer.text
    visitor = small.visitor(**PAGE)
    visitor.get("/")
    assert visitor.post("/join", data={"code": CODE}).status_code == 303


def test_wrong_and_expired_look_the_same(
    gateway: RunningGateway, start_gateway: StartGateway
) -> None:
    expired = start_gateway(expires_at=time.time() - 1)
    answers = [gateway.visitor().post("/join", json={"token": wrong}) for wrong in WRONG_TOKENS]
    answers.append(gateway.visitor().post("/join", json={"code": "ZZZZ9999"}))
    answers.append(gateway.visitor().post("/join", json={"code": "no code"}))
    answers.append(expired.visitor().post("/join", json={"token": TOKEN}))
    answers.append(expired.visitor().post("/join", json={"code": CODE}))
    assert {error_of(answer) for answer in answers} == {(403, "gateway.wrong_code")}
    assert len({answer.text for answer in answers}) == 1
    assert all("set-cookie" not in answer.headers for answer in answers)


def test_a_wrong_code_is_a_page_with_another_try(gateway: RunningGateway) -> None:
    answer = gateway.visitor(**PAGE).post("/join", data={"code": "ZZZZ-9999"})
    assert answer.status_code == 403
    assert "Deze code werkt niet." in answer.text
    assert 'name="code"' in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"[1]", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"token": 1}', "application/json", 403),
        (b"token=" + b"%ff" * 22, "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (TOKEN.encode(), "text/plain", 415),
        (b"", "", 415),
    ],
)
def test_what_is_not_a_join_request(
    gateway: RunningGateway, content: bytes, kind: str, status: int
) -> None:
    answer = gateway.visitor().post("/join", content=content, headers={"content-type": kind})
    assert answer.status_code == status


def identity(client: httpx.Client) -> tuple[str, str]:
    headers = dict(client.get("/a/demo/").json()["headers"])
    return headers["x-paadje-student"], headers["x-paadje-nickname"]


def test_joining_again_keeps_the_student_and_changes_the_cookie(gateway: RunningGateway) -> None:
    student = gateway.student()
    before, old = identity(student), dict(student.cookies)
    student.post("/join", json={"token": TOKEN})
    assert identity(student) == before
    assert dict(student.cookies) != old
    thief = gateway.visitor()
    thief.cookies.update(old)
    assert thief.get("/a/demo/").status_code == 401


def test_a_cookie_that_a_visitor_made_up_is_never_taken_over(gateway: RunningGateway) -> None:
    visitor = gateway.visitor()
    name = "paadje_" + gateway.host.rpartition(":")[2]
    visitor.cookies.set(name, "chosen-by-somebody-else")
    answer = visitor.post("/join", json={"token": TOKEN})
    assert "chosen-by-somebody-else" not in answer.headers["set-cookie"]


def test_every_student_is_somebody_else(start_gateway: StartGateway) -> None:
    gateway = start_gateway(seats=100)
    everyone = [identity(gateway.student()) for _ in range(60)]
    assert len({student for student, _ in everyone}) == 60
    assert len({nickname for _, nickname in everyone}) == 60
    assert all(len(student) == 22 for student, _ in everyone)


def test_a_full_lesson_says_so_and_leaving_makes_room(start_gateway: StartGateway) -> None:
    gateway = start_gateway(seats=2)
    first, second = gateway.student(), gateway.student()
    assert {one.get("/a/demo/").status_code for one in (first, second)} == {200}
    third = gateway.visitor()
    assert error_of(third.post("/join", json={"token": TOKEN})) == (403, "gateway.full")
    assert first.post("/join", json={"token": TOKEN}).status_code == 200
    assert first.post("/leave").status_code == 200
    assert first.get("/a/demo/").status_code == 401
    assert third.post("/join", json={"token": TOKEN}).status_code == 200
    wait_until(lambda: gateway.status().get("joined") == 2, "the number of students")


def test_when_the_lesson_ends_so_do_its_sessions(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    student = gateway.student()
    cookies = dict(student.cookies)
    gateway.change(expires_at=time.time() + 1)

    def over() -> bool:
        student.cookies.update(cookies)
        return student.get("/a/demo/").status_code == 410

    wait_until(over, "the end of the lesson")
    assert "De les is afgelopen." in student.get("/", headers=PAGE).text


def test_five_wrong_codes_stop_one_visitor_and_nobody_else(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    guesser, honest = gateway.visitor(), gateway.visitor()
    for client in (guesser, honest):
        client.get("/")
    wrong = [guesser.post("/join", json={"code": f"ZZZZ999{n}"}) for n in range(2, 7)]
    assert {answer.status_code for answer in wrong} == {403}
    stopped = guesser.post("/join", json={"code": CODE})
    assert error_of(stopped) == (429, "gateway.too_many_guesses")
    assert 0 < int(stopped.headers["retry-after"]) <= 60
    assert honest.post("/join", json={"code": CODE}).status_code == 200
    assert guesser.post("/join", json={"token": TOKEN}).status_code == 200


def test_thirty_wrong_codes_pause_typing_and_the_qr_code_goes_on(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway()
    for _ in range(10):
        guesser = gateway.visitor()
        guesser.get("/")
        for number in range(2, 5):
            assert guesser.post("/join", json={"code": f"ZZZZ999{number}"}).status_code == 403
    paused = gateway.visitor().post("/join", json={"code": CODE})
    assert error_of(paused) == (429, "gateway.typed_codes_paused")
    wait_until(lambda: gateway.status().get("typed_codes_paused") is True, "word to the teacher")
    assert gateway.visitor().post("/join", json={"token": TOKEN}).status_code == 200


def test_the_start_page_asks_for_the_code_until_joined(gateway: RunningGateway) -> None:
    visitor = gateway.visitor(**PAGE)
    assert 'name="code"' in visitor.get("/").text
    away = visitor.get("/a/demo/")
    assert (away.status_code, away.headers["location"]) == (303, "/")
    student = gateway.student()
    assert student.get("/").headers["location"] == "/a/demo/"


def test_several_apps_give_a_menu(start_gateway: StartGateway, gateway: RunningGateway) -> None:
    one = gateway.config["apps"][0]
    two = {**one, "id": "other", "title": {"nl": "<Ander>", "en": "Other"}}
    several = start_gateway(apps=[one, two])
    student = several.visitor()
    assert student.post("/join", json={"token": TOKEN}).json()["next"] == "/"
    menu = student.get("/", headers=PAGE).text
    assert 'href="/a/demo/"' in menu
    assert 'href="/a/other/"' in menu
    assert "&lt;Ander&gt;" in menu
    assert student.get("/a/other/").status_code == 200


@pytest.mark.parametrize(
    ("accepts", "lang"),
    [
        ("en-GB,en;q=0.9,nl;q=0.8", "en"),
        ("de,nl-BE;q=0.7,en;q=0.3", "nl"),
        ("fr", "nl"),
        ("en;q=0,nl;q=0", "nl"),
        ("en;q=x,,;q", "nl"),
    ],
)
def test_pages_follow_the_language_of_the_browser(
    gateway: RunningGateway, accepts: str, lang: str
) -> None:
    page = gateway.visitor(**{"accept-language": accepts}).get("/", headers=PAGE)
    assert f'<html lang="{lang}">' in page.text
    assert page.headers["content-language"] == lang


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("/j", "/j"),
        ("/a/demo/", "/a/demo/"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\r\nset-cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_the_language_can_be_chosen_and_leads_back(
    gateway: RunningGateway, back: str, leads_to: str
) -> None:
    visitor = gateway.visitor(**{"accept-language": "nl"})
    answer = visitor.post("/language", data={"lang": "en", "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)
    assert '<html lang="en">' in visitor.get("/").text


def test_the_chosen_language_reaches_the_app(gateway: RunningGateway) -> None:
    student = gateway.student(**{"accept-language": "nl"})
    student.post("/language", data={"lang": "en"})
    headers = dict(student.get("/a/demo/").json()["headers"])
    assert headers["x-paadje-lang"] == "en"

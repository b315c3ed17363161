import re

import pytest

from launcher.sharing import join


def test_tokens_are_22_base64url_characters_and_differ() -> None:
    tokens = {join.new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)


def test_codes_have_no_look_alikes_and_no_words() -> None:
    assert len(set(join.CODE_LETTERS)) == 31
    codes = [join.new_code() for _ in range(500)]
    assert len(set(codes)) == 500
    for code in codes:
        assert re.fullmatch(r"[A-HJKMNP-Z2-9]{8}", code)
        assert not re.search(r"[A-Z][AEUY][A-Z]", code)
    assert set("".join(codes)) == set(join.CODE_LETTERS)


@pytest.mark.parametrize(
    "typed",
    ["ABCD-2345", "abcd2345", " abcd 2345 ", "AB.CD-23–45", "a b c d 2 3 4 5", "ABCD\u20102345"],
)
def test_how_people_type_a_code(typed: str) -> None:
    assert join.normalise_code(typed) == "ABCD2345"
    assert join.show_code("ABCD2345") == "ABCD-2345"


@pytest.mark.parametrize(
    "typed", ["", "ABCD234", "ABCD23456", "ABCD2340", "ABCDO234", "ABCDI234", "ÀBCD2345", "🙂" * 8]
)
def test_what_cannot_be_a_code(typed: str) -> None:
    assert join.normalise_code(typed) is None


def test_secrets_compare_whole() -> None:
    token = join.new_token()
    assert join.same_secret(token, token)
    for other in ("", token[:-1], token + "A", token.swapcase(), "\ud800"):
        assert not join.same_secret(other, token)


def test_the_token_travels_as_a_fragment() -> None:
    assert join.join_url("192.168.1.10", 42001, "T" * 22) == (
        "http://192.168.1.10:42001/j#" + "T" * 22
    )

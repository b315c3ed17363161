"""Every way to say no: a code with its two sentences, and an HTTP status."""

from launcher.errors import PaadjeError

STATUS = {
    "bad_request": 400,
    "not_joined": 401,
    "wrong_code": 403,
    "foreign_origin": 403,
    "full": 403,
    "no_cookies": 403,
    "locked": 403,
    "kicked": 403,
    "unknown_page": 404,
    "wrong_method": 405,
    "ended": 410,
    "too_large": 413,
    "wrong_type": 415,
    "too_many_guesses": 429,
    "typed_codes_paused": 429,
    "too_fast": 429,
    "headers_too_large": 431,
    "bug": 500,
    "app_restarting": 502,
    "app_silent": 504,
}


class Refusal(PaadjeError):  # noqa: N818 - an answer, not a failure
    """Answered as a friendly page, or as JSON to a script.

    ``retry_after_s`` says when to try again; a page that was asked for with GET then does so.
    """

    def __init__(self, name: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(f"gateway.{name}")
        self.status = STATUS[name]
        self.retry_after_s = retry_after_s


class AnswerBroken(Exception):  # noqa: N818 - what happened
    """An app went away in the middle of its answer; the status line has been sent already."""

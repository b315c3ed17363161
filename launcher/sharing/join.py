"""The two secrets that let a student in: the token in the QR code, and the code that can be typed.

Both are random and live as long as the lesson. Neither is ever logged or put in an argument list.
"""

import hashlib
import hmac
import re
import secrets

TOKEN_CHARACTERS = 22
"""base64url, 6 bits each: 132 bits."""

CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""31 letters without the look-alikes 0 and O, 1, I and L: 8 of them hold 39.6 bits."""

CODE_LENGTH = 8

MOST_SEATS = 1000
"""The most students that one lesson can let in."""

_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_COULD_BE_A_WORD = re.compile(r"[A-Z][AEUY][A-Z]")
_BETWEEN = re.compile(r"[\s\-‐‑–—._]+")


def new_token() -> str:
    """What the QR code carries: 22 base64url characters, 132 random bits."""
    return "".join(secrets.choice(_BASE64URL) for _ in range(TOKEN_CHARACTERS))


def new_code() -> str:
    """What can be typed: 8 letters of :data:`CODE_LETTERS`.

    The code stands on a projector in front of a class, so one that could hold a word (a vowel
    between two letters) is drawn again. That costs less than one bit.
    """
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        if not _COULD_BE_A_WORD.search(code):
            return code


def show_code(code: str) -> str:
    """The code as people read it: ``ABCD-2345``."""
    return f"{code[:4]}-{code[4:]}"


def normalise_code(typed: str) -> str | None:
    """What somebody typed as a code, or None when it cannot be one.

    Lower case, spaces, dots and dashes of every kind are forgiven.
    """
    code = _BETWEEN.sub("", typed).upper()
    if len(code) != CODE_LENGTH or any(letter not in CODE_LETTERS for letter in code):
        return None
    return code


def same_secret(given: str, expected: str) -> bool:
    """Compare two secrets without telling through time where, or at which length, they differ."""
    return hmac.compare_digest(_digest(given), _digest(expected))


def join_url(address: str, port: int, token: str, *, hostname: str | None = None) -> str:
    """What the QR code carries. The token is a fragment: browsers do not send or log it."""
    return f"{lesson_url(address, port, hostname=hostname)}/j#{token}"


def lesson_url(address: str, port: int, *, hostname: str | None = None) -> str:
    """What a student types who cannot scan. ``hostname`` is that of the school's certificate."""
    return f"https://{hostname}:{port}" if hostname else f"http://{address}:{port}"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

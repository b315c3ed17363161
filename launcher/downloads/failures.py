"""What it means when a server refuses or is not there, in words that hold nothing secret."""

import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from launcher.downloads.stream import Retry
from launcher.errors import PaadjeError

if TYPE_CHECKING:
    import requests

CONNECT_ATTEMPTS = 3
LONGEST_RETRY_AFTER_S = 60.0


def interrupted(host: str, detail: str) -> Retry:
    """The connection ended before the file did."""
    return Retry(PaadjeError("models.interrupted", host=host, detail=detail))


def connection_error(error: "requests.RequestException", host: str) -> PaadjeError | Retry:
    """What it means when there is no answer at all."""
    import requests

    # The text of these errors can hold the whole address, with what is secret in it.
    detail = f"{type(error).__name__}: {mask(str(error))}"
    if isinstance(error, requests.exceptions.ProxyError):
        return Retry(
            PaadjeError("models.proxy", host=host, detail=detail), attempts=CONNECT_ATTEMPTS
        )
    if isinstance(error, requests.exceptions.SSLError):
        failure = PaadjeError("models.certificate", host=host, detail=detail)
        return failure if "CERTIFICATE" in detail.upper() else Retry(failure)
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        return Retry(
            PaadjeError("models.unreachable", host=host, detail=detail), attempts=CONNECT_ATTEMPTS
        )
    return PaadjeError("models.bad_address", host=host, detail=detail)


def status_error(answer: "requests.Response", host: str) -> PaadjeError | Retry:
    """What each refusal means, and whether asking again can help."""
    status = answer.status_code
    answered_by = host_of(answer.url)
    detail = f"HTTP {status} from {answered_by}"
    if answer.headers.get("X-Error-Code") == "GatedRepo":
        return PaadjeError("models.gated", host=host, page=host, detail=detail)
    if status in (401, 403):
        code = "models.needs_token" if status == 401 else "models.forbidden"
        error = PaadjeError(code, host=host, detail=detail)
        # After a redirect it is the signature that was too old: a new address may work.
        return Retry(error, attempts=CONNECT_ATTEMPTS) if answer.history else error
    if status in (404, 410):
        return PaadjeError("models.not_found", host=host, detail=detail)
    if status == 407:
        return PaadjeError("models.proxy", host=host, detail=detail)
    if status == 416:
        return PaadjeError("models.range_refused", host=host, detail=detail)
    if status in (408, 429) or status >= 500:
        code = "models.too_busy" if status == 429 else "models.server_error"
        error = PaadjeError(code, host=host, status=status, detail=detail)
        after_s = _retry_after_s(answer.headers.get("Retry-After", ""))
        if after_s is not None and after_s > LONGEST_RETRY_AFTER_S:
            return error
        return Retry(error, after_s=after_s)
    return PaadjeError("models.refused", host=host, status=status, detail=detail)


def _retry_after_s(value: str) -> float | None:
    """``Retry-After`` is a number of seconds or a date (RFC 9110, 10.2.3)."""
    if re.fullmatch(r"[0-9]{1,18}", value.strip()):
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError, OSError):
        return None


def host_of(url: str) -> str:
    """Host and port of an address, and nothing that could be secret."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "?"
    except ValueError:
        return "?"


def mask(text: str) -> str:
    """``text`` without names and passwords in addresses, and without their query strings."""
    text = re.sub(r"(?<=://)[^/@\s'\"]+@", "***@", text)
    return re.sub(r"\?[^\s'\")]*", "?***", text)

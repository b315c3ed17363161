"""A colleague's Paadje on the same network, found by itself. Its word counts for nothing: the
sha256 of our own catalog decides."""

import ipaddress
import threading
import time
from dataclasses import dataclass

from launcher.downloads.http import new_session
from launcher.errors import PaadjeError
from launcher.events import Cancel
from launcher.models.serving import SERVICE_TYPE
from launcher.models.sources import Order

PLACE = "lan"
"""What a user types for "whoever shares it here"."""
LOOK_FOR_S = 4.0
QUIET_S = 1.0
"""Colleagues answer at once; after the first one, no longer than this is waited for others."""
ASK_TIMEOUT_S = 3.0
MOST_COLLEAGUES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A Paadje that shares models. ``url`` has no path."""

    url: str


def discover(cancel: Cancel, *, look_for_s: float = LOOK_FOR_S) -> tuple[Colleague, ...]:
    """Who shares models on this network now."""
    try:
        from zeroconf import Error, IPVersion, ServiceBrowser, ServiceStateChange, Zeroconf
    except ImportError:  # It has no wheel for Intel Macs.
        return ()

    found: dict[str, float] = {}
    lock = threading.Lock()

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is ServiceStateChange.Removed:
            return
        info = zeroconf.get_service_info(service_type, name, timeout=1000)
        if info is None or not info.port:
            return
        for address in info.parsed_addresses(IPVersion.V4Only)[:4]:
            if ipaddress.ip_address(address).is_private:
                with lock:
                    found.setdefault(f"http://{address}:{info.port}", time.monotonic())

    try:
        zeroconf = Zeroconf(ip_version=IPVersion.V4Only)
    except (OSError, Error):
        return ()
    try:
        browser = ServiceBrowser(zeroconf, SERVICE_TYPE, handlers=[changed])
        end = time.monotonic() + look_for_s
        while time.monotonic() < end and not cancel.wait(0.05):
            with lock:
                last = max(found.values(), default=None)
            if last is not None and time.monotonic() - last > QUIET_S:
                break
        browser.cancel()
    finally:
        zeroconf.close()
    cancel.check()
    with lock:
        return tuple(Colleague(url=url) for url in sorted(found)[:MOST_COLLEAGUES])


def has_file(colleague: Colleague, sha256: str, size_bytes: int) -> bool:
    """Whether this colleague says to have the file."""
    import requests

    url = f"{colleague.url}/sha256/{sha256}"
    with new_session(url) as session:
        try:
            answer = session.head(url, timeout=ASK_TIMEOUT_S, allow_redirects=False)
        except requests.RequestException:
            return False
    return answer.status_code == 200 and answer.headers.get("Content-Length") == str(size_bytes)


def fetch_from_lan(order: Order) -> None:
    """Fetch the file from the first colleague who has the right bytes.

    Raises ``models.nobody_shares`` when nobody on the network has it.
    """
    wrong: PaadjeError | None = None
    for colleague in discover(order.cancel):
        if not has_file(colleague, order.file.sha256, order.file.size_bytes):
            continue
        try:
            order.fetch(f"{colleague.url}/sha256/{order.file.sha256}")
        except PaadjeError as error:
            if error.code not in GO_ON_AFTER:
                raise
            wrong = error
        else:
            return
    raise wrong or PaadjeError("models.nobody_shares", file=order.file.name)


GO_ON_AFTER = frozenset(
    {
        "models.hash_mismatch",
        "models.wrong_size",
        "models.not_found",
        "models.unreachable",
        "models.interrupted",
        "models.stalled",
        "models.cut_off",
        "models.refused",
        "models.server_error",
        "models.web_page",
    }
)
"""One laptop that fails says nothing about the next one."""

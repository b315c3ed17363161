"""Look at the network before the lesson does: can models be fetched here, and what is in the way?

Asks the addresses that Paadje needs and nothing else; up to a few megabytes are fetched to see how
fast it goes.
"""

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from launcher import catalog
from launcher.catalog.schema import CatalogModel, HuggingFaceSource, PypiSource
from launcher.downloads.disk import free_bytes, room_needed
from launcher.downloads.failures import connection_error, host_of, mask
from launcher.downloads.http import new_session
from launcher.downloads.proxy_script import find_proxy_script
from launcher.downloads.stream import Retry
from launcher.errors import PaadjeError
from launcher.events import Cancel, Report, StepFinished, StepStarted
from launcher.lesson.doctor import Check
from launcher.lesson.types import Context
from launcher.units import MIB

if TYPE_CHECKING:
    import requests

TIMEOUT_S = 10.0
SPEED_BYTES = 16 * MIB
SPEED_S = 5.0
SLOW_MINUTES = 30
Role = Literal["hub", "hub_files", "packages"]
Inspection = Literal["none", "trusted", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCheck:
    """One address: ``problem`` is None when it answers, else a ``models`` error code.

    ``inspection`` is ``trusted`` when the connection is opened on the way by a filter that this
    computer trusts; ``issuer`` is then who signed for it.
    """

    role: Role
    host: str
    problem: str | None
    detail: str = ""
    inspection: Inspection = "unknown"
    issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDiagnosis:
    """What was found. ``proxy`` is a host without any password; ``None`` is unknown or not there.
    ``proxy_script`` is the host of a script that finds the proxy, or ``wpad``.

    ``bytes_per_s`` was measured on the first bytes of the model ``model``.
    """

    hosts: tuple[HostCheck, ...]
    proxy: str | None
    proxy_script: str | None
    bytes_per_s: float | None
    model: str
    model_bytes: int
    disk_free_bytes: int | None
    checks: tuple[Check, ...]

    @property
    def minutes(self) -> int | None:
        """How long the model would take at this speed."""
        return round(self.model_bytes / self.bytes_per_s / 60) + 1 if self.bytes_per_s else None


def diagnose_network(context: Context, *, report: Report, cancel: Cancel) -> NetworkDiagnosis:
    """Look at every address that Paadje needs. Takes up to half a minute where much is blocked."""
    models = catalog.load_catalog()
    model = models.first_offered()
    assert model.file is not None
    script = find_proxy_script(context.environ)
    hosts: list[HostCheck] = []
    speed = None
    if not context.settings.offline:
        report(StepStarted(step="lesson.network"))
        found, speed = _check_hub(model, context, cancel)
        hosts += found
        cancel.check()
        hosts += _check_packages(models.practice_model(), context, cancel)
        report(StepFinished(step="lesson.network"))
    free = free_bytes(context.models_dir)
    draft = NetworkDiagnosis(
        hosts=tuple(hosts),
        proxy=_proxy(context.settings.hf_endpoint),
        proxy_script=script and (host_of(script) if "://" in script else script),
        bytes_per_s=speed,
        model=model.name,
        model_bytes=model.file.size_bytes,
        disk_free_bytes=free,
        checks=(),
    )
    return replace(draft, checks=tuple(_checks(draft, offline=context.settings.offline)))


def _checks(found: NetworkDiagnosis, *, offline: bool) -> list[Check]:
    if offline:
        return [Check(code="net_offline", state="warning")]
    checks = [
        Check(code="net_proxy", state="ok", params={"proxy": found.proxy})
        if found.proxy
        else Check(code="net_no_proxy", state="ok")
    ]
    if found.proxy_script:
        # Where Paadje gets through without it, it is only good to know.
        hindered = not found.proxy and any(host.problem for host in found.hosts)
        checks.append(
            Check(
                code="net_proxy_script",
                state="warning" if hindered else "ok",
                params={"script": found.proxy_script},
            )
        )
    for host in found.hosts:
        params = {"host": host.host, "role": host.role}
        if host.problem is not None:
            code = _PROBLEMS.get(host.problem, "net_host_blocked")
            checks.append(Check(code=code, state="problem", params=params))
        else:
            checks.append(Check(code="net_host", state="ok", params=params))
        if host.inspection == "trusted":
            issuer = {"issuer": host.issuer or "?"}
            checks.append(Check(code="net_inspected", state="warning", params=params | issuer))
    if found.bytes_per_s and found.minutes:
        slow = found.minutes > SLOW_MINUTES
        checks.append(
            Check(
                code="net_slow" if slow else "net_speed",
                state="warning" if slow else "ok",
                params={
                    "speed_bytes": int(found.bytes_per_s),
                    "model": found.model,
                    "minutes": found.minutes,
                },
            )
        )
    if found.disk_free_bytes is not None:
        little = found.disk_free_bytes < room_needed(found.model_bytes)
        checks.append(
            Check(
                code="disk_little" if little else "disk",
                state="warning" if little else "ok",
                params={"free_bytes": found.disk_free_bytes},
            )
        )
    return checks


_PROBLEMS = {
    "models.certificate": "net_untrusted",
    "models.proxy": "net_proxy_refuses",
    "models.web_page": "net_block_page",
    "models.no_index": "net_no_packages",
}


def _check_hub(
    model: CatalogModel, context: Context, cancel: Cancel
) -> tuple[list[HostCheck], float | None]:
    from launcher.models.sources.huggingface import endpoint_of, file_url, request_headers

    endpoint = endpoint_of(context.settings.hf_endpoint, context.environ).rstrip("/")
    assert model.file is not None
    source = next(source for source in model.file.sources if isinstance(source, HuggingFaceSource))
    url = file_url(source, endpoint, source.revision)
    headers = request_headers(endpoint, context.environ)
    first, location = _ask("hub", url, headers)
    hosts = [first]
    if location is None:
        return hosts, None
    cancel.check()
    second, speed = _measure(location, cancel)
    if host_of(location) != host_of(url):
        hosts.append(second)
    elif second.problem is not None:
        hosts = [second]
    return hosts, speed


def _check_packages(practice: CatalogModel, context: Context, cancel: Cancel) -> list[HostCheck]:
    """The package index of this user: pip knows which."""
    from launcher.models.sources.pypi import resolve_url

    assert practice.file is not None
    for source in practice.file.sources:
        if not isinstance(source, PypiSource):
            continue
        try:
            url = resolve_url(source, context.environ, cancel)
        except PaadjeError as error:
            if error.code != "models.no_index":
                raise
            return [HostCheck(role="packages", host="pip", problem=error.code, detail=error.detail)]
        if urlsplit(url).scheme in ("http", "https"):
            return [_ask("packages", url, {})[0]]
    return []


def _ask(role: Role, url: str, headers: Mapping[str, str]) -> tuple[HostCheck, str | None]:
    """One look at an address, and where its file really is."""
    import requests

    with new_session(url) as session:
        try:
            with session.get(
                url, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
            ) as answer:
                host = _judge(role, url, answer)
                location = answer.headers.get("Location") if answer.is_redirect else None
        except requests.RequestException as error:
            return _failed(role, url, error), None
    if host.problem is not None:
        return host, None
    # A relative address stays on the same host.
    return host, requests.compat.urljoin(url, location) if location else url


def _judge(role: Role, url: str, answer: "requests.Response") -> HostCheck:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    problem = None
    sent_elsewhere = answer.is_redirect and role == "hub" and not _knows_files(answer)
    if sent_elsewhere or (answer.status_code == 200 and kind == "text/html"):
        problem = "models.web_page"
    elif answer.status_code == 407:
        problem = "models.proxy"
    elif answer.status_code >= 400 and not (role == "hub" and _knows_files(answer)):
        problem = "models.refused"
    inspection, issuer = _inspection(url, answer)
    return HostCheck(
        role=role,
        host=host_of(url),
        problem=problem,
        detail=f"HTTP {answer.status_code}",
        inspection=inspection,
        issuer=issuer,
    )


def _knows_files(answer: "requests.Response") -> bool:
    """Whether the Hub itself answers, and not a login page on the way."""
    hub = ("X-Repo-Commit", "X-Linked-Size", "X-Error-Code")
    return any(name in answer.headers for name in hub)


def _measure(url: str, cancel: Cancel) -> tuple[HostCheck, float | None]:
    """The first bytes of a file: is it let through, and how fast?"""
    import requests

    with new_session(url) as session:
        try:
            with session.get(
                url,
                headers={"Range": f"bytes=0-{SPEED_BYTES - 1}"},
                timeout=TIMEOUT_S,
                stream=True,
            ) as answer:
                host = _judge("hub_files", url, answer)
                if host.problem is not None:
                    return host, None
                began, count = time.monotonic(), 0
                for block in answer.iter_content(MIB // 4):
                    cancel.check()
                    count += len(block)
                    if count >= SPEED_BYTES or time.monotonic() - began > SPEED_S:
                        break
                passed = time.monotonic() - began
        except requests.RequestException as error:
            return _failed("hub_files", url, error), None
    return host, count / passed if count and passed > 0 else None


def _failed(role: Role, url: str, error: "requests.RequestException") -> HostCheck:
    failure = connection_error(error, host_of(url))
    known = failure.error if isinstance(failure, Retry) else failure
    return HostCheck(role=role, host=host_of(url), problem=known.code, detail=mask(known.detail))


def _inspection(url: str, answer: "requests.Response") -> tuple[Inspection, str | None]:
    """Whether a filter opens this connection: then only this computer's own list of certificates
    trusts it, and the public list does not."""
    if urlsplit(url).scheme != "https":
        return "unknown", None
    try:
        # The address goes through a pipe: a signed one is a secret.
        result = subprocess.run(
            [sys.executable, "-m", "launcher.downloads.public_trust"],
            input=url,
            capture_output=True,
            text=True,
            timeout=3 * TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "unknown", None
    if result.stdout == "no":
        return "trusted", _issuer(answer)
    return ("none" if result.stdout == "yes" else "unknown"), None


def _issuer(answer: "requests.Response") -> str | None:
    """Who signed for the other side, where the system tells."""
    try:
        connection: Any = answer.raw.connection
        certificate: Any = connection.sock.getpeercert()
        names = {key: value for part in certificate["issuer"] for key, value in part}
    except (AttributeError, KeyError, TypeError, ValueError, OSError):
        return None
    return names.get("organizationName") or names.get("commonName")


def _proxy(endpoint: str) -> str | None:
    """The proxy that the environment or the system names for the Hub, without its password."""
    import requests

    proxies = requests.utils.get_environ_proxies(endpoint)
    proxy = proxies.get(urlsplit(endpoint).scheme) or proxies.get("all")
    if not proxy:
        return None
    return host_of(proxy if "://" in proxy else f"http://{proxy}")

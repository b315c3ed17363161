"""Get a model: from the library when it is there, else from its sources, one after another."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.catalog.schema import CatalogModel, HuggingFaceSource, ModelFile, PypiSource, Source
from launcher.downloads.part import BAD_SUFFIX, PART_SUFFIX, hash_mismatch, note_file_of
from launcher.downloads.stream import Retry
from launcher.downloads.transfer import PACE, PATIENCE, Pace, Patience
from launcher.errors import Cancelled, PaadjeError
from launcher.events import Cancel, Notice, Report, StepFinished, StepStarted
from launcher.models.elsewhere import find_elsewhere
from launcher.models.library import Library
from launcher.models.sources import FETCH_STEP, Order
from launcher.models.sources.file import copy_file, fetch_from_place, is_address, sizes_in
from launcher.models.sources.lan import PLACE as LAN
from launcher.units import GIB

if TYPE_CHECKING:
    from launcher.models.sources.lan import Colleague

KNOWN_FOR_S = 600.0
UNKNOWN_FOR_S = 30.0
"""How long an answer of :func:`reachable` is believed; a bad one shorter: networks come back."""

STOPS_ALL = frozenset(
    {"models.no_disk_space", "models.file_too_big", "models.cannot_write", "models.busy"}
)
"""What no other source can change."""
_TELLING = (
    "models.hash_mismatch",
    "models.gated",
    "models.needs_token",
    "models.forbidden",
    "models.certificate",
    "models.web_page",
    "models.proxy",
    "models.place_missing",
    "models.not_in_place",
    "models.nobody_shares",
    "models.wrong_size",
    "models.not_found",
)
"""What a user can do most about comes first."""


def ensure_model(
    model: CatalogModel,
    library: Library,
    *,
    hf_endpoint: str,
    offline: bool,
    from_place: str | None,
    environ: Mapping[str, str],
    report: Report,
    cancel: Cancel,
    patience: Patience = PATIENCE,
    pace: Pace = PACE,
    mirrors: Sequence[str] = (),
    colleagues: bool = False,
) -> Path:
    """The path of the model's file, fetched and verified where needed.

    What another program has on this computer is taken over. Else the sources are tried in order:
    ``from_place`` (a folder, a file, an address, or ``lan`` for whoever shares it here), those of
    the catalog, ``mirrors``, and with ``colleagues`` whoever shares it on this network; a Notice
    tells when the next one is tried. When all fail, the most telling error is raised, with every
    attempt in its detail. Partial files stay, and the next call goes on with them.
    """
    file = model.file
    if file is None:
        raise PaadjeError("models.withheld", model=model.name)
    path = library.find(file) or library.adopt(file, cancel=cancel, report=report)
    if path is not None:
        return path
    order = Order(
        file=file,
        target=library.target(file),
        environ=environ,
        report=report,
        cancel=cancel,
        patience=patience,
        pace=pace,
    )
    attempts = _attempts(
        order, hf_endpoint=hf_endpoint, offline=offline, from_place=from_place, mirrors=mirrors
    )
    # Last, because it is the slowest to find out; not after it was asked for by name.
    if colleagues and attempts and not offline and from_place != LAN:
        attempts.append((LAN, partial(_ask_colleagues, order)))
    elsewhere = find_elsewhere(file, environ)
    if elsewhere is not None:
        attempts.insert(0, (elsewhere.program, lambda: take_over(elsewhere.path, order)))
    if not attempts:
        raise PaadjeError("models.offline", model=model.name)
    report(StepStarted(step=FETCH_STEP, params={"model": model.name}))
    failures: list[tuple[str, PaadjeError]] = []
    for name, attempt in attempts:
        if failures:
            code = "models.asking_colleagues" if name == LAN else "models.next_source"
            report(Notice(code=code, params={"source": name}))
        try:
            attempt()
        except Cancelled:
            raise
        except PaadjeError as error:
            if error.code in STOPS_ALL:
                raise _with_what_can_go(error, library) from error
            # Nobody shares: that is no news, unless it was asked for.
            if error.code != "models.nobody_shares" or from_place == LAN:
                failures.append((name, error))
            continue
        library.record(order.target, file.sha256, origin="catalog")
        _forget_leftovers(order.target)
        report(StepFinished(step=FETCH_STEP))
        return order.target
    raise _most_telling(failures)


def take_over(path: Path, order: Order) -> None:
    """Take a file of another program by hard link, which costs no room, or as a copy.

    Raises ``models.hash_mismatch`` when it is another file; it is left where it is.
    """
    import os

    from launcher.downloads.hashing import sha256_of
    from launcher.downloads.locks import exclusive, lock_file_of

    source = path.resolve()
    found = sha256_of(source, cancel=order.cancel, report=order.report)
    if found != order.file.sha256:
        raise hash_mismatch(order.file.name, expected=order.file.sha256, found=found)
    try:
        with exclusive(lock_file_of(order.target), busy_name=order.target.name):
            os.link(source, order.target)
    except OSError:
        # Another disk, another owner, or a file system without hard links.
        copy_file(source, order)
    order.report(Notice(code="models.taken_over", params={"file": order.file.name}))


def _attempts(
    order: Order,
    *,
    hf_endpoint: str,
    offline: bool,
    from_place: str | None,
    mirrors: Sequence[str],
) -> list[tuple[str, Callable[[], None]]]:
    attempts: list[tuple[str, Callable[[], None]]] = []
    if from_place == LAN:
        attempts.append((LAN, partial(_ask_colleagues, order)))
    elif from_place is not None and not (offline and is_address(from_place)):
        attempts.append((_shown(from_place), lambda: fetch_from_place(from_place, order)))
    if offline:
        return attempts
    attempts += [
        _attempt(source, order, hf_endpoint)
        for source in order.file.sources
        if not (isinstance(source, HuggingFaceSource) and _hub_is_off(order.environ))
    ]
    for mirror in mirrors:
        attempts.append((_shown(mirror), partial(fetch_from_place, mirror, order)))
    return attempts


def _ask_colleagues(order: Order) -> None:
    from launcher.models.sources.lan import fetch_from_lan

    fetch_from_lan(order)


def _hub_is_off(environ: Mapping[str, str]) -> bool:
    from launcher.models.sources.huggingface import is_offline

    return is_offline(environ)


def _attempt(source: Source, order: Order, hf_endpoint: str) -> tuple[str, Callable[[], None]]:
    if isinstance(source, HuggingFaceSource):
        from launcher.models.sources.huggingface import endpoint_of, fetch_from_hub

        endpoint = endpoint_of(hf_endpoint, order.environ)
        return "Hugging Face", lambda: fetch_from_hub(source, order, endpoint=endpoint)
    from launcher.models.sources.pypi import fetch_from_pypi

    return "PyPI", lambda: fetch_from_pypi(source, order)


def _with_what_can_go(error: PaadjeError, library: Library) -> PaadjeError:
    """No room, and there are files that the user may not need: say how much that would give."""
    freeable = sum(partial.size_bytes for partial in library.partials()) + sum(
        entry.size_bytes for entry in library.entries() if entry.present
    )
    if error.code != "models.no_disk_space" or freeable < GIB // 10:
        return error
    return PaadjeError(
        "models.no_disk_space_here",
        detail=error.detail,
        freeable=round(freeable / GIB, 1),
        **error.params,
    )


def _shown(place: str) -> str:
    """An address can hold a password."""
    from launcher.downloads.failures import host_of

    return host_of(place) if is_address(place) else place


def _most_telling(failures: list[tuple[str, PaadjeError]]) -> PaadjeError:
    def rank(failure: tuple[str, PaadjeError]) -> int:
        code = failure[1].code
        return _TELLING.index(code) if code in _TELLING else len(_TELLING)

    best = min(failures, key=rank)[1]
    best.detail = "; ".join(
        f"{name}: {error.code}" + (f" ({error.detail})" if error.detail else "")
        for name, error in failures
    )
    return best


def _forget_leftovers(target: Path) -> None:
    """What other sources had begun of a file that is complete now."""
    for name in (target.name, f"{target.name}.whl"):
        part = target.with_name(name + PART_SUFFIX)
        for path in (part, note_file_of(part), target.with_name(name + BAD_SUFFIX)):
            path.unlink(missing_ok=True)


_answers: dict[tuple[str, ...], tuple[bool, float]] = {}
_sizes: dict[str, tuple[frozenset[int], float]] = {}
_colleagues: list[tuple[tuple["Colleague", ...], float]] = []
_answers_lock = threading.Lock()


def reachable(
    model: CatalogModel,
    *,
    hf_endpoint: str,
    offline: bool,
    environ: Mapping[str, str],
    timeout_s: float = 2.0,
    from_place: str | None = None,
) -> bool:
    """Whether the bytes could probably be had now; answers within about ``timeout_s``.

    One look at the Hub counts for all models when there is no Hub at all. A package index is
    supposed to be there: it was when Paadje was installed. A file of the right size at
    ``from_place`` counts, also without a network; an address there is supposed to work. With
    ``lan``, the colleagues who share are asked. What another program has here counts.
    """
    if model.file is None:
        return False
    if find_elsewhere(model.file, environ) is not None:
        return True
    if from_place == LAN:
        if _colleague_has(model.file):
            return True
    elif from_place is not None and _place_has(from_place, model.file.size_bytes, offline=offline):
        return True
    if offline:
        return False
    if any(isinstance(source, PypiSource) for source in model.file.sources):
        return True
    if _hub_is_off(environ):
        return False
    from launcher.models.sources.huggingface import endpoint_of

    hf_endpoint = endpoint_of(hf_endpoint, environ)
    return any(
        _hub_answers(source, model.file.size_bytes, hf_endpoint, environ, timeout_s)
        for source in model.file.sources
        if isinstance(source, HuggingFaceSource)
    )


def forget_reachable() -> None:
    """Ask anew: the user says that the network is back, or the stick."""
    with _answers_lock:
        _answers.clear()
        _sizes.clear()
        _colleagues.clear()


def _place_has(place: str, size_bytes: int, *, offline: bool) -> bool:
    if is_address(place):
        return not offline
    with _answers_lock:
        if place not in _sizes or time.monotonic() >= _sizes[place][1]:
            _sizes[place] = (sizes_in(place), time.monotonic() + UNKNOWN_FOR_S)
        return size_bytes in _sizes[place][0]


def _colleague_has(file: ModelFile) -> bool:
    from launcher.models.sources.lan import discover, has_file

    with _answers_lock:
        if not _colleagues or time.monotonic() >= _colleagues[0][1]:
            _colleagues[:] = [(discover(Cancel()), time.monotonic() + UNKNOWN_FOR_S)]
        found = _colleagues[0][0]
    return any(has_file(colleague, file.sha256, file.size_bytes) for colleague in found)


def _hub_answers(
    source: HuggingFaceSource,
    size_bytes: int,
    endpoint: str,
    environ: Mapping[str, str],
    timeout_s: float,
) -> bool:
    hub, this = (endpoint,), (endpoint, source.repo, source.file)
    # One at a time: threads that ask the same at once wait for one answer.
    with _answers_lock:
        for key in (hub, this):
            if key in _answers and time.monotonic() < _answers[key][1]:
                return _answers[key][0]
        there, answer = _ask_hub(source, size_bytes, endpoint, environ, timeout_s)
        lasts_s = KNOWN_FOR_S if answer else UNKNOWN_FOR_S
        _answers[this if there else hub] = (answer, time.monotonic() + lasts_s)
        return answer


def _ask_hub(
    source: HuggingFaceSource,
    size_bytes: int,
    endpoint: str,
    environ: Mapping[str, str],
    timeout_s: float,
) -> tuple[bool, bool]:
    """Whether there is a Hub, and whether it gives this file."""
    from launcher.models.sources.huggingface import gives_file

    found: list[tuple[bool, bool]] = []

    def ask() -> None:
        try:
            answer = gives_file(
                source,
                endpoint=endpoint,
                size_bytes=size_bytes,
                environ=environ,
                timeout_s=timeout_s,
            )
        except (Retry, PaadjeError):
            return
        found.append((True, answer))

    # A look-up of a name can take much longer than any timeout, and cannot be interrupted.
    thread = threading.Thread(target=ask, name="reachable", daemon=True)
    thread.start()
    thread.join(timeout_s)
    return found[0] if found else (False, False)

"""Get a model: from the library when it is there, else from its sources, one after another."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from launcher.catalog.schema import CatalogModel, HuggingFaceSource, PypiSource, Source
from launcher.downloads.part import BAD_SUFFIX, PART_SUFFIX, note_file_of
from launcher.downloads.stream import Retry
from launcher.downloads.transfer import PATIENCE, Patience
from launcher.errors import Cancelled, PaadjeError
from launcher.events import Cancel, Notice, Report, StepFinished, StepStarted
from launcher.models.library import Library
from launcher.models.sources import FETCH_STEP, Order
from launcher.models.sources.file import fetch_from_place, is_address, sizes_in

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
) -> Path:
    """The path of the model's file, fetched and verified where needed.

    The sources are tried in order, ``from_place`` first; a Notice tells when the next one is tried.
    When all fail, the most telling error is raised, with every attempt in its detail. Partial files
    stay, and the next call goes on with them.
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
    )
    attempts = _attempts(order, hf_endpoint=hf_endpoint, offline=offline, from_place=from_place)
    if not attempts:
        raise PaadjeError("models.offline", model=model.name)
    report(StepStarted(step=FETCH_STEP, params={"model": model.name}))
    failures: list[tuple[str, PaadjeError]] = []
    for name, attempt in attempts:
        if failures:
            report(Notice(code="models.next_source", params={"source": name}))
        try:
            attempt()
        except Cancelled:
            raise
        except PaadjeError as error:
            if error.code in STOPS_ALL:
                raise
            failures.append((name, error))
            continue
        library.record(order.target, file.sha256, origin="catalog")
        _forget_leftovers(order.target)
        report(StepFinished(step=FETCH_STEP))
        return order.target
    raise _most_telling(failures)


def _attempts(
    order: Order, *, hf_endpoint: str, offline: bool, from_place: str | None
) -> list[tuple[str, Callable[[], None]]]:
    attempts: list[tuple[str, Callable[[], None]]] = []
    if from_place is not None and not (offline and is_address(from_place)):
        attempts.append((_shown(from_place), lambda: fetch_from_place(from_place, order)))
    if not offline:
        attempts += [_attempt(source, order, hf_endpoint) for source in order.file.sources]
    return attempts


def _attempt(source: Source, order: Order, hf_endpoint: str) -> tuple[str, Callable[[], None]]:
    if isinstance(source, HuggingFaceSource):
        from launcher.models.sources.huggingface import fetch_from_hub

        return "Hugging Face", lambda: fetch_from_hub(source, order, endpoint=hf_endpoint)
    from launcher.models.sources.pypi import fetch_from_pypi

    return "PyPI", lambda: fetch_from_pypi(source, order)


def _shown(place: str) -> str:
    """An address can hold a password."""
    from launcher.downloads.http import host_of

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
    ``from_place`` counts, also without a network; an address there is supposed to work.
    """
    if model.file is None:
        return False
    if from_place is not None and _place_has(from_place, model.file.size_bytes, offline=offline):
        return True
    if offline:
        return False
    if any(isinstance(source, PypiSource) for source in model.file.sources):
        return True
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


def _place_has(place: str, size_bytes: int, *, offline: bool) -> bool:
    if is_address(place):
        return not offline
    with _answers_lock:
        if place not in _sizes or time.monotonic() >= _sizes[place][1]:
            _sizes[place] = (sizes_in(place), time.monotonic() + UNKNOWN_FOR_S)
        return size_bytes in _sizes[place][0]


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

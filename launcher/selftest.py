"""``paadje --selftest``: does this installation work? No screen, no questions; exit code 0 or 1.

It imports every part, reads what came along, starts a real lesson with the practice model in a
folder of its own, and asks for one answer. Nothing is shared, and nothing of it stays.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from launcher import __version__
from launcher.errors import ExitCode, PaadjeError
from launcher.i18n import LANGUAGES, Translator, describe_error, pick_language, translator

APP = "feedback-companion"
ANSWER_WITHIN_S = 120.0
PACKAGES = (
    "babel", "certifi", "cpuinfo", "docx", "filelock", "gguf", "h11", "httpx", "huggingface_hub",
    "jinja2", "mammoth", "numpy", "phonenumbers", "platformdirs", "psutil", "pydantic",
    "pynvml", "pypdf",
    "python_multipart", "requests", "segno", "sqlcipher3", "starlette", "stdnum", "textual",
    "truststore", "uvicorn", "wakepy", "xllamacpp",
)  # fmt: skip
"""The modules of the project's dependencies, but for pip: an installation works without it."""

_IMPORT_ALL = """
import importlib, json, pkgutil, sys
import launcher
found, broken = 0, []
names = [m.name for m in pkgutil.walk_packages(launcher.__path__, "launcher.")]
for name in [*names, *sys.argv[1:]]:
    try:
        importlib.import_module(name)
        found += 1
    except BaseException as error:
        broken.append(f"{name}: {type(error).__name__}: {error}")
print(json.dumps([found, broken]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was tried. ``detail`` is for IT."""

    name: str
    ok: bool
    seconds: float
    detail: str


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run all checks with what follows ``--selftest``; returns the exit code."""
    parser = argparse.ArgumentParser(prog="paadje --selftest", allow_abbrev=False)
    parser.add_argument("--models", type=Path, help="a folder that has the practice model")
    parser.add_argument("--fetch", action="store_true", help="the practice model may be fetched")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lang", choices=LANGUAGES)
    options = parser.parse_args(arguments)
    t = translator(pick_language(options.lang, environ))
    checks: list[Check] = []

    def attempt(name: str, action: Callable[[], str]) -> bool:
        started = time.monotonic()
        try:
            ok, detail = True, action()
        except PaadjeError as error:
            ok, detail = False, f"{describe_error(error, t.lang).message} [{error}]"
        except Exception as error:  # noqa: BLE001 - each check is a boundary: the others go on
            ok, detail = False, f"{type(error).__name__}: {error}"
        check = Check(name=name, ok=ok, seconds=round(time.monotonic() - started, 1), detail=detail)
        checks.append(check)
        if not options.json:
            _tell(check, t)
        return ok

    attempt("parts", _parts)
    attempt("data", _data)
    attempt("engine", _engine)
    with tempfile.TemporaryDirectory(prefix="paadje-", ignore_cleanup_errors=True) as home:
        trial = _Trial(environ, Path(home), options.models, fetch=options.fetch)
        if attempt("model", trial.take_model):
            if attempt("lesson", trial.start):
                attempt("answer", trial.ask)
                attempt("health", trial.health)
            attempt("end", trial.end)
    good = all(check.ok for check in checks)
    if options.json:
        sys.stdout.write(json.dumps(_as_json(checks, t), ensure_ascii=False) + "\n")
    else:
        verdict = "packaging.selftest.good" if good else "packaging.selftest.bad"
        sys.stdout.write(t(verdict, version=__version__) + "\n")
    return ExitCode.OK if good else ExitCode.KNOWN_ERROR


class _Trial:
    """A lesson in a folder of its own, with the practice model."""

    def __init__(
        self, environ: Mapping[str, str], home: Path, models: Path | None, *, fetch: bool
    ) -> None:
        from launcher.lesson import open_context

        own = {name: value for name, value in environ.items() if not name.startswith("PAADJE_")}
        library = open_context(environ).models_dir
        self._places = [place for place in (models, library) if place and place.is_dir()]
        own |= {"PAADJE_HOME": str(home / "Paadje"), "PAADJE_OFFLINE": "" if fetch else "1"}
        self._fetch = fetch
        self._context = open_context(own)

    def take_model(self) -> str:
        from launcher import catalog
        from launcher.events import Cancel, ignore
        from launcher.models.fetch import ensure_model
        from launcher.models.library import Library

        practice = next(m for m in catalog.load_catalog().models if m.status == "practice")
        self._model = practice.id
        failure: PaadjeError | None = None
        for place in [*self._places, *([None] if self._fetch else [])]:
            try:
                return ensure_model(
                    practice,
                    Library(self._context.models_dir),
                    hf_endpoint=self._context.settings.hf_endpoint,
                    offline=place is not None,
                    from_place=str(place) if place else None,
                    environ=self._context.environ,
                    report=ignore,
                    cancel=Cancel(),
                ).name
            except PaadjeError as error:
                failure = error
        raise PaadjeError("packaging.no_practice_model", detail=str(failure or ""))

    def start(self) -> str:
        from launcher import lesson
        from launcher.events import Cancel, ignore
        from launcher.lesson.types import PlanWishes, ShareWishes

        wishes = PlanWishes(model=self._model, students=1)
        plan = lesson.make_plan(self._context, APP, wishes)
        lesson.install(self._context, plan, report=ignore, cancel=Cancel())
        self._lesson = lesson.start(
            self._context, [plan], ShareWishes(mode="local"), report=ignore, cancel=Cancel()
        )
        return f"{self._lesson.share.url}, {plan.context_tokens} tokens, {plan.slots} slots"

    def ask(self) -> str:
        from launcher.lesson.running import live_lessons

        engine = next(iter(live_lessons(self._context))).engine
        answer = _post(
            f"{engine.url}/v1/chat/completions",
            {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 16},
            engine.key,
        )
        text = answer["choices"][0]["message"]["content"]
        if not text.strip():
            raise PaadjeError("packaging.no_answer", detail=json.dumps(answer)[:300])
        return f"{answer['usage']['completion_tokens']} tokens"

    def health(self) -> str:
        """The host answers on its control port, and so do all the programs it looks after."""
        from launcher import lesson
        from launcher.lesson.running import live_lessons

        spec = next(iter(live_lessons(self._context)))
        for service in spec.services:
            if service.health_url:
                _get(service.health_url, service.health_headers)
        found = lesson.find_lesson(self._context, spec.id)
        if found is None or not all(state == "ready" for state in found.services.values()):
            raise PaadjeError("packaging.not_healthy", detail=str(found and found.services))
        return ", ".join(found.services)

    def end(self) -> str:
        from launcher import lesson
        from launcher.events import ignore

        receipts = lesson.stop(self._context, None, report=ignore)
        if lesson.status(self._context):
            raise PaadjeError("packaging.not_ended")
        return ", ".join(name for receipt in receipts for name in receipt.ended)


def _parts() -> str:
    """In a program of their own: the core never imports the programs it starts."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", _IMPORT_ALL, *PACKAGES],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
            "PYTHONSAFEPATH": "1",
        },
    )
    if done.returncode:
        raise PaadjeError("packaging.part_broken", detail=done.stderr[-500:])
    found, broken = json.loads(done.stdout.splitlines()[-1])
    if broken:
        raise PaadjeError("packaging.part_broken", detail="; ".join(broken))
    return str(found)


def _data() -> str:
    from launcher import catalog

    recipes, models = catalog.load_recipes(), catalog.load_catalog().models
    for lang in LANGUAGES:
        if not translator(lang).has("packaging.selftest.good"):
            raise PaadjeError("packaging.text_missing", detail=lang)
    return f"{len(recipes)} recipes, {len(models)} models, {len(LANGUAGES)} languages"


def _engine() -> str:
    from launcher.engines.registry import get_engine

    info = get_engine("xllamacpp").describe()
    if info.problem:
        raise PaadjeError(info.problem)
    return f"{info.version}: {', '.join(info.devices)}"


def _post(url: str, body: object, key: str) -> dict[str, Any]:
    import requests

    with requests.Session() as session:
        session.trust_env = False  # No proxy for loopback.
        answer = session.post(
            url, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=ANSWER_WITHIN_S
        )
        answer.raise_for_status()
        value: dict[str, Any] = answer.json()
        return value


def _get(url: str, headers: Mapping[str, str]) -> None:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        session.get(url, headers=dict(headers), timeout=10).raise_for_status()


def _tell(check: Check, t: Translator) -> None:
    mark = "ok " if check.ok else "!! "
    name = t(f"packaging.selftest.{check.name}")
    with suppress(OSError):
        sys.stdout.write(f"{mark} {name} ({check.seconds:.1f} s): {check.detail}\n")
        sys.stdout.flush()


def _as_json(checks: Sequence[Check], t: Translator) -> dict[str, Any]:
    failed = [check for check in checks if not check.ok]
    error = None
    if failed:
        text = describe_error(
            PaadjeError("packaging.selftest_failed", detail=failed[0].detail), t.lang
        )
        error = {
            "code": "packaging.selftest_failed",
            "message": text.message,
            "advice": text.advice,
            "detail": text.detail,
        }
    return {
        "version": 1,
        "ok": not failed,
        "data": {
            "paadje": __version__,
            "python": platform.python_version(),
            "system": platform.platform(),
            "checks": [asdict(check) for check in checks],
        },
        "error": error,
    }

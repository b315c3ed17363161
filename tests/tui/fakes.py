"""Use cases that answer like the real ones, and wait where a test lets them wait."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from launcher.catalog.schema import CatalogModel, Licence, Localized, Recipe
from launcher.errors import PaadjeError
from launcher.events import (
    Cancel,
    Notice,
    Progress,
    Report,
    ServiceChanged,
    StepFinished,
    StepStarted,
)
from launcher.fit.types import MemoryNeed, Range, SpeedEstimate
from launcher.i18n import pick_language
from launcher.lesson.plan import PLAN_VERSION, Alternative, LaunchPlan, PlannedFile
from launcher.lesson.types import (
    AppCard,
    AppSnapshot,
    Context,
    EngineSnapshot,
    InstallReceipt,
    LessonSnapshot,
    PlanWishes,
    ShareSnapshot,
    ShareWishes,
    StopReceipt,
    Why,
)
from launcher.paths import find_paths
from launcher.settings import load_settings
from launcher.sharing.addresses import Address
from launcher.sharing.reachability import Findings, judge
from launcher.sharing.wifi import Hotspot, wifi_text
from launcher.units import GIB
from tests.tui.sharing_view import JOIN_URL, PROBE_URL, make_sharing


def recipe(app: str, icon: str, nl: tuple[str, str], en: tuple[str, str]) -> Recipe:
    return Recipe.model_validate(
        {
            "schema_version": 1,
            "min_paadje": "0.1.0",
            "id": app,
            "icon": icon,
            "audience": "class",
            "title": {"nl": nl[0], "en": en[0]},
            "summary": {"nl": nl[1], "en": en[1]},
            "description": {"nl": nl[1], "en": en[1]},
            "needs": {"context_tokens": 4096},
            "services": [{"id": "app", "runtime": "builtin", "argv": ["x"]}],
            "expose": {"access": "join", "service": "app"},
            "privacy": {
                "stores": {
                    "nl": "De teksten van leerlingen, de suggesties en hun reacties. Alles staat "
                    "versleuteld op jouw laptop. Leerlingen krijgen een willekeurige bijnaam.",
                    "en": "The students' texts, the suggestions and their reactions. Everything is "
                    "stored encrypted on your laptop. Students get a random nickname.",
                },
                "sends": {
                    "nl": "Niets naar het internet. Teksten gaan alleen naar jouw laptop.",
                    "en": "Nothing to the internet. Texts only go to your laptop.",
                },
                "retention": {
                    "nl": "Tot het einde van de les. Daarna is alles gewist.",
                    "en": "Until the end of the lesson. Then everything is erased.",
                },
            },
        }
    )


FEEDBACK = recipe(
    "feedback-companion",
    "💬",
    (
        "Feedback Companion",
        "Leerlingen krijgen vragen en suggesties bij hun eigen tekst. Jij kijkt eerst mee.",
    ),
    (
        "Feedback Companion",
        "Students get questions and suggestions on their own text. You look first.",
    ),
)
CHAT = recipe(
    "class-chat",
    "🗨",
    ("Klassenchat", "Leerlingen stellen vragen aan een model dat alleen op jouw laptop draait."),
    ("Class chat", "Students ask questions to a model that runs on your laptop only."),
)


def make_plan(
    *,
    app: str = "feedback-companion",
    students: int = 28,
    model: str = "ministral-8b",
    name: str = "Ministral 8B Instruct",
    practice: bool = False,
    fetch_bytes: int = round(4.9 * GIB),
) -> LaunchPlan:
    likely = students * 15.0
    return LaunchPlan(
        version=PLAN_VERSION,
        app=app,
        students=students,
        lang="nl",
        engine="xllamacpp",
        model=model,
        model_name=name,
        quantization="Q4_K_M",
        practice=practice,
        verdict="cpu" if practice else "full_gpu",
        usable=True,
        context_tokens=4096,
        slots=4,
        gpu_layers=-1,
        threads=4,
        kv_type="f16",
        mmap=True,
        files=(
            PlannedFile(
                name=f"{model}.gguf",
                size_bytes=round(4.9 * GIB),
                sha256="0" * 64,
                fetch_bytes=fetch_bytes,
            ),
        ),
        fetch_bytes=fetch_bytes,
        disk_needed_bytes=7 * GIB,
        disk_free_bytes=80 * GIB,
        memory=MemoryNeed(
            weights_bytes=5 * GIB, kv_cache_bytes=GIB, compute_bytes=GIB, basis="estimate"
        ),
        memory_free_bytes=12 * GIB,
        speed=SpeedEstimate(
            decode_tokens_per_s=Range(low=30, likely=40, high=48),
            one_feedback_s=Range(low=8, likely=10, high=14),
            class_first_s=Range(low=20, likely=25, high=40),
            class_last_s=Range(low=likely / 2, likely=likely, high=likely * 2),
            students=students,
            basis="estimate",
        ),
        first_port=42000,
        share="lan",
        reasons=(),
        alternatives=(
            Alternative(
                model="smollm2",
                name="SmolLM2 135M",
                verdict="cpu",
                class_last_s=30.0,
                fetch_bytes=98_362_432,
            ),
            Alternative(
                model="gemma-12b",
                name="Gemma 3 12B",
                verdict="tight",
                class_last_s=1500.0,
                fetch_bytes=8 * GIB,
            ),
        )
        if model == "ministral-8b"
        else (),
        licence="Apache-2.0",
        licence_url="https://example.org/licence",
        licence_needs_acceptance=False,
    )


def make_lesson(**changes: object) -> LessonSnapshot:
    lesson = LessonSnapshot(
        lesson="2026-01-12-a1b2",
        state="ready",
        created_at="2026-01-12T09:00:00+01:00",
        services={"engine": "ready", "feedback-companion": "ready", "gateway": "ready"},
        engine=EngineSnapshot(
            url="http://127.0.0.1:5000",
            model="ministral-8b",
            model_name="Ministral 8B Instruct",
            slots=4,
            context_tokens=4096,
        ),
        apps=(AppSnapshot(id="feedback-companion", teacher_url="http://127.0.0.1:5001/?t=x"),),
        share=ShareSnapshot(
            mode="lan",
            url="http://192.168.178.123:42000",
            join_url=JOIN_URL,
            code="K7PM3WXQ",
            address="192.168.178.123",
            port=42000,
            interface="wlan0",
        ),
        joined=0,
    )
    return replace(lesson, **changes)  # type: ignore[arg-type]


UNCLEAN = make_lesson(
    lesson="2026-01-11-dead", state="ended_uncleanly", services={}, joined=None, why=None
)


def address(ip: str, interface: str, *warnings: str) -> Address:
    return Address(address=ip, interface=interface, score=50, warnings=warnings)


WITHHELD = CatalogModel(
    id="geitje-7b-ultra",
    name="GEITje 7B Ultra",
    publisher="BramVanroy",
    role="chat",
    status="withheld",
    licence=Licence(name="CC-BY-NC-4.0"),
    languages="nl",
    reason=Localized(
        nl="De licentie staat gebruik op school niet toe.",
        en="Its licence does not allow use in schools.",
    ),
)


@dataclass
class FakeUseCases:
    """Whatever a test wants the computer to be. ``hold`` names the calls that wait for ``go``."""

    cards: tuple[AppCard, ...] = ()
    lessons: tuple[LessonSnapshot, ...] = ()
    addresses: tuple[Address, ...] = (address("192.168.178.123", "wlan0"),)
    errors: dict[str, Exception] = field(default_factory=dict)
    hold: set[str] = field(default_factory=set)
    go: threading.Event = field(default_factory=threading.Event)
    calls: list[tuple[str, object]] = field(default_factory=list)
    practice: bool = False
    fetch_bytes: int = round(4.9 * GIB)
    model_name: str = "Ministral 8B Instruct"
    sharing: dict[str, Any] = field(default_factory=make_sharing)
    wishes: list[dict[str, Any]] = field(default_factory=list)
    findings: Findings = field(
        default_factory=lambda: Findings(waited_s=0.0, vpn="no", firewall="no")
    )
    note: Path = Path("/nowhere/ict.html")

    def __post_init__(self) -> None:
        if not self.cards:
            plan = self._plan("feedback-companion", PlanWishes())
            chat = self._plan("class-chat", PlanWishes())
            self.cards = (
                AppCard(recipe=FEEDBACK, installed=False, plan=plan),
                AppCard(recipe=CHAT, installed=False, plan=chat),
            )

    def _plan(self, app: str, wishes: PlanWishes) -> LaunchPlan:
        small = wishes.model == "smollm2" or (self.practice and wishes.model is None)
        return make_plan(
            app=app,
            students=wishes.students or 28,
            model=("smollm2" if small else wishes.model or "ministral-8b"),
            name="SmolLM2 135M" if small else self.model_name,
            practice=small,
            fetch_bytes=self.fetch_bytes,
        )

    def _called(self, name: str, value: object = None) -> None:
        self.calls.append((name, value))
        error = self.errors.pop(name, None)
        if error is not None:
            raise error

    def _wait(self, name: str, cancel: Cancel | None = None) -> None:
        while name in self.hold and not self.go.wait(0.01):
            if cancel is not None:
                cancel.check()

    # --- the use cases ------------------------------------------------------------------------

    def open_context(self, environ: Mapping[str, str], *, lang: str | None = None) -> Context:
        paths = find_paths(environ)
        settings = load_settings(paths, environ)
        return Context(
            paths=paths,
            settings=settings,
            lang=pick_language(lang or settings.language, environ),
            environ=environ,
        )

    def list_apps(self, context: Context) -> tuple[AppCard, ...]:
        self._called("list_apps")
        return self.cards

    def withheld_models(self, context: Context) -> tuple[CatalogModel, ...]:
        return (WITHHELD,)

    def make_plan(self, context: Context, app: str, wishes: PlanWishes) -> LaunchPlan:
        self._called("make_plan", wishes)
        return self._plan(app, wishes)

    def explain_plan(
        self, context: Context, plan: LaunchPlan, *, leave_out: Collection[str] = ()
    ) -> tuple[str, ...]:
        last = round(plan.students * 15 / 60)
        if context.lang == "en":
            return (
                f"{plan.model_name} fits on the graphics card of this laptop in full.",
                f"First answer after about 25 seconds, last after {last} minutes (estimate).",
            )
        return (
            f"{plan.model_name} past helemaal op de videokaart van deze laptop.",
            f"Eerste antwoord na ongeveer 25 seconden, laatste na {last} minuten (schatting).",
        )

    def address_choices(self, context: Context) -> tuple[Address, ...]:
        return self.addresses

    def accept_licence(self, context: Context, model_id: str) -> None:
        self._called("accept_licence", model_id)

    def install(
        self, context: Context, plan: LaunchPlan, *, report: Report, cancel: Cancel
    ) -> InstallReceipt:
        self._called("install", plan)
        total = self.fetch_bytes
        if total:
            report(StepStarted(step="models.fetch", params={"model": plan.model_name}))
            report(Progress(step="models.fetch", done_bytes=0, total_bytes=total))
            done = round(total * 0.37)
            report(
                Progress(
                    step="models.fetch", done_bytes=done, total_bytes=total, bytes_per_s=6_500_000.0
                )
            )
            self._wait("install", cancel)
            self._called("install_end")
            report(Progress(step="models.fetch", done_bytes=total, total_bytes=total))
            report(StepFinished(step="models.fetch"))
            self.fetch_bytes = 0
        return InstallReceipt(app=plan.app, model=plan.model, files=(), fetched_bytes=total)

    def start(
        self,
        context: Context,
        plans: Sequence[LaunchPlan],
        share: ShareWishes,
        *,
        report: Report,
        cancel: Cancel,
    ) -> LessonSnapshot:
        self._called("start", share)
        if self.practice:
            report(Notice(code="lesson.practice_model"))
        report(ServiceChanged(service="engine", state="ready"))
        report(ServiceChanged(service="feedback-companion", state="starting"))
        report(ServiceChanged(service="gateway", state="waiting"))
        self._wait("start", cancel)
        lesson = make_lesson()
        if share.mode == "local":
            local = replace(lesson.share, mode="local", url="http://127.0.0.1:42000")
            lesson = replace(lesson, share=local)
        self.lessons = (lesson, *self.lessons)
        return lesson

    def status(self, context: Context) -> tuple[LessonSnapshot, ...]:
        return self.lessons

    def read_sharing(self, context: Context, lesson: str) -> dict[str, Any]:
        return dict(self.sharing)

    def change_sharing(self, context: Context, lesson: str, **wanted: Any) -> dict[str, Any]:
        """What the host would do; the decision tree of the test with a phone is the real one."""
        self.wishes.append(wanted)
        self._called("change_sharing", wanted)
        done = {
            "lock": {"locked": True},
            "unlock": {"locked": False},
            "new-code": {"code": "NEWC3456"},
            "seats": {"seats": wanted.get("seats")},
            "approve": {"approve_each": wanted.get("each")},
            "move": {"address": wanted.get("address")},
        }.get(wanted["do"], {})
        view = self.sharing | done
        name = wanted.get("nickname")
        if wanted["do"] == "kick":
            view["students"] = [one for one in view["students"] if one != name]
        elif wanted["do"] == "admit":
            let_in = [one for one in view["waiting"] if name in (None, one)]
            view["students"] = [*view["students"], *let_in]
            view["waiting"] = [one for one in view["waiting"] if one not in let_in]
        elif wanted["do"] == "end":
            minutes = wanted.get("minutes")
            view["seconds_left"] = None if minutes is None else 60 * minutes
            view["ends_at"] = None if minutes is None else time.time() + 60 * minutes
        elif wanted["do"] == "hotspot":
            hotspot = Hotspot(name=wanted["name"], password=wanted["password"])
            view["hotspot"] = {"name": hotspot.name, "qr": wifi_text(hotspot)}
        elif wanted["do"] in ("test", "answer"):
            if wanted["do"] == "test":
                self.findings = replace(self.findings, same_wifi="unknown", phone_vpn="unknown")
                view["probe_url"] = f"{PROBE_URL}{len(self.wishes)}"
            else:
                self.findings = replace(self.findings, **{wanted["question"]: wanted["answer"]})
            verdict = asdict(judge(self.findings))
            view["reach"] = verdict | {"testing": True, "seconds_left": 42}
        self.sharing = view
        return dict(view)

    def allow_in_firewall(self, context: Context) -> None:
        self._called("allow_in_firewall")
        self.findings = replace(self.findings, firewall="no", probe_seen=True)

    def write_sharing_note(self, context: Context, lesson: str) -> Path:
        self._called("write_sharing_note", lesson)
        return self.note

    def stop(
        self,
        context: Context,
        lesson_id: str | None,
        *,
        report: Report,
        erase_logs: bool = False,
    ) -> tuple[StopReceipt, ...]:
        self._called("stop", lesson_id)
        report(StepStarted(step="lesson.stopping"))
        self._wait("stop")
        stopped = [one for one in self.lessons if lesson_id in (None, one.lesson)]
        self.lessons = tuple(one for one in self.lessons if one not in stopped)
        report(StepFinished(step="lesson.stopping"))
        return tuple(
            StopReceipt(
                lesson=one.lesson,
                ended=tuple(one.services),
                data_erased=True,
                erased_files=14,
                erased_bytes=2_345_678,
                logs_erased=erase_logs,
            )
            for one in stopped
        )

    def forget(self, context: Context, lesson_id: str) -> None:
        self._called("forget", lesson_id)
        self.lessons = tuple(one for one in self.lessons if one.lesson != lesson_id)


def offline_error() -> PaadjeError:
    return PaadjeError("lesson.no_model_reachable", detail="HTTPSConnectionPool: [Errno 101]")


__all__ = ["UNCLEAN", "FakeUseCases", "Why", "address", "make_lesson", "make_plan"]

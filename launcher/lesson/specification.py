"""What a lesson host is told to run: the recipe filled in, the engine, the gateway, the way in."""

import contextlib
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from launcher import catalog
from launcher.catalog.schema import Recipe, Service
from launcher.engines.primed import primed_folder, tidy
from launcher.engines.protocol import EngineSettings
from launcher.engines.registry import get_engine
from launcher.errors import PaadjeError, UsageError
from launcher.files import write_private_json
from launcher.lesson.addresses import chosen_address
from launcher.lesson.extras import ENDPOINT_KEY, ENDPOINT_URL, adapter_sha256
from launcher.lesson.plan import LaunchPlan, plan_to_dict
from launcher.lesson.planning import planned_model
from launcher.lesson.types import Context, ShareWishes
from launcher.models.library import Library
from launcher.services.logfiles import prune
from launcher.services.ports import LOOPBACK, first_free_port, free_port, is_free
from launcher.services.spec import (
    AppEntry,
    EngineEntry,
    LessonSpec,
    ServiceSpec,
    ShareEntry,
    spec_to_dict,
)
from launcher.services.state import GATEWAY_FILE, GATEWAY_STATUS_FILE, SPEC_FILE
from launcher.sharing.contract import GATEWAY_KEY_HEADER
from launcher.sharing.join import new_code, new_token
from launcher.sharing.places import places

LESSON_HOURS = 8
HANG_TIMEOUT_S = 10.0
GPU_HANG_TIMEOUT_S = 80.0
"""While a graphics card reads a long prompt, the engine sleeps and answers nobody."""


def write_specification(
    context: Context, plans: Sequence[LaunchPlan], share: ShareWishes
) -> LessonSpec:
    """Choose the ports, make the keys, and write it all in a folder of its own.

    Raises ``models.missing`` and its kin, ``lesson.port_taken``, ``lesson.too_long``, and what
    choosing an address raises.
    """
    plan = plans[0]
    model_path, primed = _model_and_primed(context, plan)
    entry = share_entry(context, share)
    lesson = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder = context.paths.lessons / lesson
    logs = context.paths.logs / lesson
    with _new_folder(folder):
        prune(context.paths.logs)
        engine, engine_service = _engine(context, plan, model_path, primed, logs)
        apps = [
            _app(catalog.load_recipe(each.app), each, engine, model_path, folder, logs)
            for each in plans
        ]
        gateway = _gateway(apps, entry, share, folder, logs, context.lang)
        spec = LessonSpec(
            id=lesson,
            lang=context.lang,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            folder=str(folder),
            control_port=free_port(),
            control_token=secrets.token_urlsafe(24),
            services=(engine_service, *(app.service for app in apps), gateway),
            engine=engine,
            apps=tuple(app.entry for app in apps),
            share=entry,
            plan=plan_to_dict(plan),
            primed_folders=() if primed is None else (str(primed),),
        )
        write_private_json(folder / SPEC_FILE, spec_to_dict(spec))
        return spec


@contextlib.contextmanager
def _new_folder(folder: Path) -> Iterator[None]:
    """Half a lesson is nobody's: nothing would ever find its keys again."""
    folder.mkdir(mode=0o700)
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _model_and_primed(context: Context, plan: LaunchPlan) -> tuple[Path, Path | None]:
    """The model's file, and where its prompts are saved; nothing of both on the school's server."""
    if plan.server:
        return Path(), None
    _, file = planned_model(context, plan)
    model_path = Library(context.models_dir).check_quick(file)
    engine = get_engine(plan.engine)
    primed = primed_folder(
        context.paths.primed,
        engine_id=engine.id,
        engine_version=engine.describe().version or "",
        model_sha256=file.sha256,
        kv_type=plan.kv_type,
        adapter_sha256=adapter_sha256(plan),
    )
    tidy(primed)
    return model_path, primed


def share_entry(context: Context, share: ShareWishes) -> ShareEntry:
    """Where the class gets in. A port that was typed must be free; else the next free one."""
    chosen = None if share.mode == "local" else chosen_address(context, share.address)
    address = chosen.address if chosen else LOOPBACK
    if share.port is not None:
        if not (is_free(address, share.port) and is_free(LOOPBACK, share.port)):
            raise PaadjeError("lesson.port_taken", port=share.port)
        port = share.port
    else:
        port = first_free_port(address, context.settings.port)
    now = time.time()
    expires_at = now + LESSON_HOURS * 3600
    if share.ends_at is not None and share.ends_at <= now:
        raise UsageError("lesson.end_in_the_past")
    if share.ends_at is not None and share.ends_at > expires_at:
        raise UsageError("lesson.too_long", hours=LESSON_HOURS)
    return ShareEntry(
        mode=share.mode,
        address=address,
        port=port,
        interface=chosen.interface if chosen else "loopback",
        token=new_token(),
        code=new_code(),
        warnings=(*(chosen.warnings if chosen else ()), *_warnings(share, address)),
        hostname=share.hostname,
        # The host looks there whether the gateway is well, wherever the class comes in.
        loopback_port=free_port() if share.hostname else port,
        seats=share.seats,
        approve_each=share.approve_each,
        local_name=share.local_name,
        expires_at=expires_at,
        ends_at=share.ends_at,
        prewarm_at=share.prewarm_at,
    )


def _warnings(share: ShareWishes, address: str) -> tuple[str, ...]:
    if share.hostname is None:
        return ()
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(share.hostname, None)}
    except OSError:
        found = set()
    return () if address in found else ("hostname_elsewhere",)


def _engine(
    context: Context, plan: LaunchPlan, model_path: Path, primed: Path | None, logs: Path
) -> tuple[EngineEntry, ServiceSpec]:
    key = secrets.token_urlsafe(24)
    command = get_engine(plan.engine).command(
        EngineSettings(
            model_path=model_path,
            model_id=plan.model,
            port=free_port(),
            api_key=key,
            context_tokens=plan.context_tokens,
            slots=plan.slots,
            threads=plan.threads,
            gpu_layers=plan.gpu_layers,
            kv_type=plan.kv_type,
            mmap=plan.mmap,
            slot_dir=primed,
            adapter_path=Path(plan.adapter) if plan.adapter else None,
            idle_unload_s=plan.idle_unload_s,
            endpoint_url=context.environ.get(ENDPOINT_URL, ""),
            endpoint_key=context.environ.get(ENDPOINT_KEY, ""),
        )
    )
    entry = EngineEntry(
        url=command.health_url.removesuffix("/health"),
        key=key,
        model=plan.model,
        model_name=plan.model_name,
        slots=plan.slots,
        context_tokens=plan.context_tokens,
    )
    service = ServiceSpec(
        id="engine",
        kind="engine",
        argv=command.argv,
        env=dict(command.env),
        health_url=command.health_url,
        log_file=str(logs / "engine.log"),
        ready_timeout_s=600.0,
        alive_url=command.alive_url,
        alive_headers=dict(command.alive_headers),
        hang_timeout_s=HANG_TIMEOUT_S if plan.gpu_layers == 0 else GPU_HANG_TIMEOUT_S,
    )
    return entry, service


@dataclass(frozen=True, slots=True, kw_only=True)
class _PreparedApp:
    recipe: Recipe
    entry: AppEntry
    service: ServiceSpec
    upstream: str
    gateway_key: str


def _app(
    recipe: Recipe,
    plan: LaunchPlan,
    engine: EngineEntry,
    model_path: Path,
    folder: Path,
    logs: Path,
) -> _PreparedApp:
    service = next(each for each in recipe.services if each.id == recipe.expose.service)
    port, teacher_port = free_port(), free_port()
    teacher_token, gateway_key = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    log_file = logs / f"{recipe.id}.log"
    values = {
        "model_path": "" if plan.server else str(model_path),
        "model_id": plan.model,
        "model_name": plan.model_name,
        "model_sha256": plan.files[0].sha256 if plan.files else "",
        "practice": "1" if plan.practice else "0",
        "server": plan.server,
        "engine_url": engine.url,
        "engine_key": engine.key,
        "slots": str(engine.slots),
        "context_tokens": str(engine.context_tokens),
        "port": str(port),
        "teacher_port": str(teacher_port),
        "teacher_token": teacher_token,
        "gateway_key": gateway_key,
        "data_dir": str(folder / "data" / recipe.id),
        "log_file": str(log_file),
        "lang": plan.lang,
        # The host fills this one in at every start; it is never written to disk.
        "data_key": "{data_key}",
    }
    return _PreparedApp(
        recipe=recipe,
        entry=AppEntry(
            id=recipe.id,
            service=recipe.id,
            teacher_url=_teacher_url(service, values),
        ),
        service=ServiceSpec(
            id=recipe.id,
            kind="app",
            argv=_argv(service, values),
            env={name: value.format_map(values) for name, value in service.env.items()},
            health_url=f"http://{LOOPBACK}:{port}{service.health_path}",
            log_file=str(log_file),
        ),
        upstream=f"http://{LOOPBACK}:{port}",
        gateway_key=gateway_key,
    )


def _teacher_url(service: Service, values: dict[str, str]) -> str:
    """An app of others has no side for the teacher: then it is what the students have."""
    if any("{teacher_port}" in text for text in (*service.argv, *service.env.values())):
        return f"http://{LOOPBACK}:{values['teacher_port']}/open#{values['teacher_token']}"
    return f"http://{LOOPBACK}:{values['port']}/"


def _argv(service: Service, values: dict[str, str]) -> tuple[str, ...]:
    module, *arguments = service.argv
    filled = (argument.format_map(values) for argument in arguments)
    return (sys.executable, "-X", "utf8", "-m", module, *filled)


def _gateway(
    apps: Sequence[_PreparedApp],
    share: ShareEntry,
    wishes: ShareWishes,
    folder: Path,
    logs: Path,
    lang: str,
) -> ServiceSpec:
    config = folder / GATEWAY_FILE
    log_file = logs / "gateway.log"
    joined = [app for app in apps if app.recipe.expose.access == "join"]
    own_ports: dict[str, int] = {}
    for app in joined:
        if app.recipe.expose.place == "own-port":
            after = max([share.port, *own_ports.values()])
            own_ports[app.recipe.id] = first_free_port(share.address, after + 1)
    bind, hosts = places(share, list(own_ports.values()))
    health_key = secrets.token_urlsafe(24)
    secure: dict[str, object] = {}
    if wishes.certificate is not None and wishes.key is not None:
        secure = {
            "certificate": {
                "file": str(wishes.certificate.absolute()),
                "key_file": str(wishes.key.absolute()),
                "hostname": wishes.hostname,
            },
            "health_port": share.loopback_port,
        }
    write_private_json(
        config,
        {
            "bind": bind,
            "hosts": hosts,
            "token": share.token,
            "code": share.code,
            "seats": share.seats,
            "approve_each": share.approve_each,
            "expires_at": share.expires_at,
            "cookie_tag": str(share.loopback_port),
            "health_key": health_key,
            "lang": lang,
            **secure,
            "apps": [
                {
                    "id": app.recipe.id,
                    "icon": app.recipe.icon,
                    "title": app.recipe.title.model_dump(),
                    "upstream": app.upstream,
                    "key": app.gateway_key,
                    "own_port": own_ports.get(app.recipe.id),
                }
                for app in joined
            ],
            "status_file": str(folder / GATEWAY_STATUS_FILE),
            "log_file": str(log_file),
        },
    )
    return ServiceSpec(
        id="gateway",
        kind="gateway",
        argv=(sys.executable, "-X", "utf8", "-m", "launcher.gateway", str(config)),
        env={},
        health_url=f"http://{LOOPBACK}:{share.loopback_port}/health",
        # Another lesson could have taken the port meanwhile: only our own gateway knows the key.
        health_headers={GATEWAY_KEY_HEADER: health_key},
        log_file=str(log_file),
    )

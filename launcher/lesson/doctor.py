"""Look at this computer and say what is there, what is missing, and what to do about it."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from launcher import __version__, catalog
from launcher.engines.registry import DEFAULT_ENGINE, get_engine
from launcher.errors import PaadjeError
from launcher.files import nearest_existing
from launcher.hardware.cpu import slow_cpu_name
from launcher.hardware.profile import MachineProfile, profile_to_dict
from launcher.lesson.machine import this_machine, with_engine_devices
from launcher.lesson.types import Context
from launcher.models.library import Library
from launcher.sharing.addresses import choose_address
from launcher.units import GIB

LITTLE_DISK_BYTES = 8 * GIB
LITTLE_MEMORY_BYTES = 6 * GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding: ``lesson.check.<code>`` says it, ``lesson.check_advice.<code>`` what to do."""

    code: str
    state: Literal["ok", "warning", "problem", "unknown"]
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All checks, and the profile they were made from."""

    version: str
    python: str
    machine: dict[str, Any]
    checks: tuple[Check, ...]


def diagnose(context: Context) -> Diagnosis:
    """Everything at once; changes nothing and sends nothing to the internet but a reachability
    check of the model addresses."""
    engine = get_engine(DEFAULT_ENGINE)
    info = engine.describe()
    machine = with_engine_devices(this_machine(context, engine), info)
    checks = [
        *_hardware(machine),
        Check(
            code="engine" if info.installed else "engine_missing",
            state="ok" if info.installed else "problem",
            params={"engine": info.id, "version": info.version or "?"},
        ),
        *_writable(context),
        *_network(context),
    ]
    return Diagnosis(
        version=__version__,
        python=".".join(str(part) for part in sys.version_info[:3]),
        machine=profile_to_dict(machine),
        checks=tuple(checks),
    )


def _hardware(machine: MachineProfile) -> list[Check]:
    checks = []
    cores = machine.physical_cores.value
    name = machine.cpu_name.value or slow_cpu_name().value
    if cores is None:
        checks.append(Check(code="cpu_unknown", state="unknown"))
    else:
        checks.append(Check(code="cpu", state="ok", params={"name": name or "?", "cores": cores}))
    used = machine.engine_features.value
    if used:
        features = ", ".join(feature.upper() for feature in used)
        checks.append(Check(code="cpu_features", state="ok", params={"features": features}))
    total, free = machine.memory_total_bytes.value, machine.memory_available_bytes.value
    if total is None or free is None:
        checks.append(Check(code="memory_unknown", state="unknown"))
    else:
        little = free < LITTLE_MEMORY_BYTES
        checks.append(
            Check(
                code="memory_little" if little else "memory",
                state="warning" if little else "ok",
                params={"total_bytes": total, "free_bytes": free},
            )
        )
    if not machine.gpus:
        checks.append(Check(code="no_gpu", state="ok"))
    checks += [
        Check(
            code="gpu" if gpu.usable else "gpu_unused",
            state="ok" if gpu.usable else "warning",
            params={"name": gpu.name},
        )
        for gpu in machine.gpus
    ]
    disk = machine.disk_free_bytes.value
    if disk is None:
        checks.append(Check(code="disk_unknown", state="unknown"))
    else:
        little = disk < LITTLE_DISK_BYTES
        checks.append(
            Check(
                code="disk_little" if little else "disk",
                state="warning" if little else "ok",
                params={"free_bytes": disk},
            )
        )
    if machine.on_battery.value:
        checks.append(Check(code="on_battery", state="warning"))
    return checks


def _writable(context: Context) -> list[Check]:
    folder = context.models_dir
    fine = os.access(nearest_existing(folder), os.W_OK)
    return [
        Check(
            code="models_folder" if fine else "models_folder_closed",
            state="ok" if fine else "problem",
            params={"folder": str(folder)},
        )
    ]


def _network(context: Context) -> list[Check]:
    from launcher.models.fetch import reachable

    checks = []
    try:
        address = choose_address(None)
        checks.append(
            Check(
                code="address",
                state="ok",
                params={"address": address.address, "interface": address.interface},
            )
        )
    except PaadjeError:
        checks.append(Check(code="no_address", state="warning"))
    library = Library(context.models_dir)
    models = catalog.load_catalog()
    places = {"hub": models.first_offered(), "practice_source": models.practice_model()}
    for code, model in places.items():
        here = model.file is not None and library.find(model.file) is not None
        works = here or reachable(
            model,
            hf_endpoint=context.settings.hf_endpoint,
            offline=context.settings.offline,
            environ=context.environ,
        )
        checks.append(
            Check(code=code if works else f"no_{code}", state="ok" if works else "warning")
        )
    return checks

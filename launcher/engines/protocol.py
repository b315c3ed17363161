"""What Paadje asks of an engine.

An engine is a program that runs a model and speaks the OpenAI HTTP API on loopback.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from launcher.hardware.profile import MachineProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """``devices`` are the names of the processors that this build can use, ``device_memory_bytes``
    what each of them has free and in all. ``cpu_features`` are the instructions that it uses of
    the processor, in Linux's names."""

    id: str
    version: str | None
    installed: bool
    devices: tuple[str, ...] = ()
    device_memory_bytes: tuple[tuple[int, int], ...] = ()
    cpu_features: tuple[str, ...] = ()
    problem: str | None = None
    """The code of a `PaadjeError` that using it now would raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Everything an engine needs; chosen by the plan, never by the engine."""

    model_path: Path
    model_id: str
    port: int
    api_key: str = field(repr=False)
    context_tokens: int
    """For each slot."""
    slots: int
    threads: int
    gpu_layers: int
    """-1 is all of them."""
    kv_type: str = "f16"
    mmap: bool = True
    slot_dir: Path | None = None
    """Where primed prompts may be saved."""
    adapter_path: Path | None = None
    """A LoRA adapter (GGUF) that was made for this model."""
    idle_unload_s: int | None = None
    """Give the memory back after so long without work; the next request loads the model again."""
    endpoint_url: str = ""
    """Of a server the school has; only for the engine that uses one."""
    endpoint_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How to start a program. Secrets go in ``env``, never in ``argv``.

    ``health_url`` answers 200 when it is ready. ``alive_url``, asked with ``alive_headers``,
    answers only while the part that does the work goes on; ``health_url`` may answer longer.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    health_url: str
    alive_url: str = ""
    alive_headers: Mapping[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """One engine. A small class without state; all five answer quickly and raise `PaadjeError`."""

    id: str
    max_slots: int | None
    """The most requests that it can handle at once; None is as many as memory allows."""

    def describe(self) -> EngineInfo:
        """What is installed here. Never raises for a missing or broken installation."""

    def supports(self, machine: MachineProfile) -> str | None:
        """None, or the code of the reason why this computer cannot use it."""

    def command(self, settings: EngineSettings) -> Command:
        """How to start it."""

    def explain_failure(self, log_tail: str) -> tuple[str, str]:
        """An error code and the telling line, from the last lines of its log."""

    def metrics(self, url: str, key: str) -> dict[str, Any]:
        """Slots, and tokens processed so far, as the engine counts them."""

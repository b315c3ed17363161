"""The engine for those who have llama-cpp-python already; the extra ``paadje[llama-cpp-python]``.

It is compiled when it is installed (20 minutes of processor time). Compiled with its defaults it
may use instructions that this processor lacks (llama.cpp #20824): set CMAKE_ARGS to
``-DGGML_NATIVE=OFF``. It answers one request at a time.
"""

from typing import Any

from launcher.engines.common import explain, installed_version
from launcher.engines.own import own_counts, own_program
from launcher.engines.protocol import Command, EngineInfo, EngineSettings
from launcher.hardware.profile import MachineProfile


class LlamaCppPythonEngine:
    """llama.cpp through its best known Python package."""

    id = "llama-cpp-python"
    max_slots: int | None = 1

    def describe(self) -> EngineInfo:
        """What is installed. Whether it works shows only when a model is loaded."""
        version = installed_version("llama-cpp-python", "llama_cpp")
        return EngineInfo(
            id=self.id,
            version=version,
            installed=version is not None,
            devices=("CPU",) if version else (),
            problem=None if version else "engines.extra_not_installed",
        )

    def supports(self, machine: MachineProfile) -> str | None:
        """It runs wherever it could be compiled."""
        return None if self.describe().installed else "engines.extra_not_installed"

    def command(self, settings: EngineSettings) -> Command:
        """``slots`` has to be 1: the line of the class waits in the app."""
        values = {
            "model_path": str(settings.model_path),
            "model_id": settings.model_id,
            "port": settings.port,
            "api_key": settings.api_key,
            "context_tokens": settings.context_tokens,
            "threads": settings.threads,
            "gpu_layers": settings.gpu_layers,
            "kv_type": settings.kv_type,
            "mmap": settings.mmap,
            "adapter_path": str(settings.adapter_path) if settings.adapter_path else None,
        }
        return own_program("launcher.engines.llama_cpp_python_server", values, port=settings.port)

    def explain_failure(self, log_tail: str) -> tuple[str, str]:
        """``engines.failed`` when no line says more."""
        return explain(log_tail)

    def metrics(self, url: str, key: str) -> dict[str, Any]:
        """``slots, busy_slots, prompt_tokens, output_tokens`` since the engine started.

        Raises ``engines.unreachable``.
        """
        return own_counts(url, key)

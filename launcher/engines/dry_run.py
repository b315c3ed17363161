"""Ask the engine how much memory a model would take, without loading it.

llama.cpp can lay out a model with nothing behind it (`no_alloc`) and tell what each device would
hold. That needs the header only: a file with a true header and holes for weights does. The answer
is read from its log; the child program is ended as soon as it is there, before anything is loaded.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.engines.cpu import has_avx2
from launcher.errors import PaadjeError
from launcher.units import MIB

KV_TYPES = {
    "f16": "GGML_TYPE_F16",
    "q8_0": "GGML_TYPE_Q8_0",
    "q5_0": "GGML_TYPE_Q5_0",
    "q4_0": "GGML_TYPE_Q4_0",
}
WITHIN_S = 60.0
"""A dry run takes a third of a second; a busy computer gets more."""

HOST = ("Host", "CPU")
_BREAKDOWN = "memory breakdown [MiB]"
_ROW = re.compile(r"\|\s+- (.+?)\s+\|.*?(\d+) =\s*(\d+) \+\s*(\d+) \+\s*(\d+)")
_CONTEXT = re.compile(r"(?:kv_cache\w*|recurrent\w*): size =\s*([\d.]+) MiB")
_COMPUTE = re.compile(r"compute buffer size =\s*([\d.]+) MiB")
_DONE = ("common_fit_params:", "common_params_fit_impl: projected")


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """Bytes as the engine would allocate them, on the processor and on all GPUs together.

    ``weights_bytes`` counts what is kept twice: a CPU build repacks weights, and a table of words
    that also serves as the last layer is then held in both forms.
    """

    weights_bytes: int
    kv_cache_bytes: int
    compute_bytes: int
    on_gpu: tuple[int, int, int] = (0, 0, 0)
    """The part of each of the three that is not in main memory."""

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.kv_cache_bytes + self.compute_bytes


def dry_run(
    model: Path,
    *,
    context_tokens: int,
    slots: int,
    kv_type: str = "f16",
    unified: bool = False,
    gpu_layers: int = 0,
    timeout_s: float = WITHIN_S,
) -> DryRun:
    """What ``model`` (a model file, or a header with holes) would take with these settings.

    ``context_tokens`` is for each slot. Raises ``engines.no_avx2`` and ``fit.dry_run_failed``.
    """
    if has_avx2() is False:
        raise PaadjeError("engines.no_avx2")
    values = {
        "model": str(model),
        "context_tokens": context_tokens,
        "slots": slots,
        "kv_type": KV_TYPES[kv_type],
        "unified": unified,
        "gpu_layers": gpu_layers,
    }
    child = subprocess.Popen(
        [*_program(), json.dumps(values)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert child.stdout is not None
    watchdog = threading.Timer(timeout_s, child.kill)
    watchdog.start()
    try:
        lines = list(_until_done(child.stdout))
    finally:
        watchdog.cancel()
        child.kill()
        child.stdout.close()
        child.wait()
    found = read_breakdown(lines)
    if found is None:
        raise PaadjeError("fit.dry_run_failed", detail=_telling(lines))
    return found


def _program() -> list[str]:
    return [sys.executable, "-X", "utf8", "-m", "launcher.engines.dry_run"]


def read_breakdown(lines: Iterable[str]) -> DryRun | None:
    """The first breakdown of a log: later ones are of settings that were made to fit."""
    rows: list[tuple[str, int, int, int]] = []
    context = compute = 0.0
    for line in lines:
        if match := _ROW.search(line):
            rows.append((match[1], int(match[3]), int(match[4]), int(match[5])))
        elif rows:
            break
        elif match := _CONTEXT.search(line):
            context += float(match[1])
        elif match := _COMPUTE.search(line):
            compute += float(match[1])
    if not rows:
        return None
    weights, kv_cache, buffers = (
        sum(column) for column in zip(*(row[1:] for row in rows), strict=True)
    )
    return DryRun(
        weights_bytes=weights * MIB,
        kv_cache_bytes=round(_finer(context, kv_cache, len(rows)) * MIB),
        compute_bytes=round(_finer(compute, buffers, len(rows)) * MIB),
        on_gpu=_sum([row for row in rows if not row[0].startswith(HOST)]),
    )


def _sum(rows: list[tuple[str, int, int, int]]) -> tuple[int, int, int]:
    weights, kv_cache, buffers = (
        sum(row[1] for row in rows),
        sum(row[2] for row in rows),
        sum(row[3] for row in rows),
    )
    return weights * MIB, kv_cache * MIB, buffers * MIB


def _finer(summed: float, table: int, rows: int) -> float:
    """The table has whole MiB. The lines before it are finer, where they tell of the same."""
    return summed if 0 <= summed - table <= rows + 1 else float(table)


def _until_done(log: Iterable[str]) -> Iterator[str]:
    shown = False
    for line in log:
        yield line
        shown = shown or _BREAKDOWN in line
        if shown and any(mark in line for mark in _DONE):
            return


def _telling(lines: list[str]) -> str:
    errors = [line.strip() for line in lines if re.search(r"\berror|not found|failed|Error", line)]
    return (errors or [lines[-1].strip() if lines else ""])[0][:300]


def main() -> None:
    """The child: lays out the model and prints the library's log."""
    values: dict[str, Any] = json.loads(sys.argv[1])
    import xllamacpp

    from launcher.engines.xllamacpp_server import use_one_gpu

    params = xllamacpp.CommonParams()
    params.model.path = values["model"]
    params.offline = True
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    # The same as `xllamacpp_server`, but for what asks the dry run.
    params.n_parallel = values["slots"]
    params.n_ctx = values["context_tokens"] * values["slots"]
    params.kv_unified = values["unified"]
    params.n_outputs_max = values["slots"]
    params.n_gpu_layers = values["gpu_layers"]
    use_one_gpu(params, xllamacpp)
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
    kv_type = getattr(xllamacpp.ggml_type, values["kv_type"])
    params.cache_type_k = kv_type
    params.cache_type_v = kv_type
    params.swa_full = False
    params.cache_ram_mib = 0
    params.warmup = False
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    params.fit_params = True
    params.fit_params_print = True
    params.verbosity = 10  # Less, and the sizes come in whole MiB only.
    xllamacpp.Server(params)
    os._exit(0)


if __name__ == "__main__":
    main()

"""PROGRAM: runs one model with llama.cpp's server on loopback, until its host ends.

Settings come as JSON in an environment variable (see `XllamacppEngine.command`). Output is the
library's own log; with its standard verbosity it holds no prompts and no answers.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from launcher import lifeline
from launcher.engines.common import NO_AVX2_LINE, SETTINGS_VARIABLE
from launcher.engines.cpu import has_avx2

_KV_TYPES = {"f16": "GGML_TYPE_F16", "q8_0": "GGML_TYPE_Q8_0", "q4_0": "GGML_TYPE_Q4_0"}


def main() -> int:
    settings = json.loads(os.environ.pop(SETTINGS_VARIABLE))
    os.umask(0o077)  # Saved prompts are for this user only.
    if has_avx2() is False:
        # The library would be ended by an illegal instruction while it is imported.
        print(NO_AVX2_LINE, file=sys.stderr, flush=True)  # noqa: T201
        return 1

    # Leaving at once is the polite way here: nothing has to be put away, and taking the server
    # down in order waits for running requests, for as long as those take. The standard action of
    # SIGTERM does the same, also while the model loads.
    lifeline.follow(on_end=lambda: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the front, which tells the host.
    try:
        server = _start(settings)
    except RuntimeError as error:
        print(f"paadje: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return 1
    while server is not None:
        time.sleep(3600)
    return 0


def use_one_gpu(params: Any, xllamacpp: Any) -> None:
    """Of several GPUs the one with the most memory, as the plan assumes.

    llama.cpp would spread a model over all of them: they then work in turns, at the speed of the
    slowest, which is not what the plan promised. It counts integrated graphics only where there is
    no card; so do we.
    """
    kinds = xllamacpp.ggml_backend_dev_type
    found = xllamacpp.get_device_info()
    cards = [each for each in found if each["type"] == kinds.GGML_BACKEND_DEVICE_TYPE_GPU]
    if len(cards) > 1:
        room = [(card["memory_total"], card["memory_free"]) for card in cards]
        params.split_mode = xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_NONE
        params.main_gpu = room.index(max(room))


def _start(settings: dict[str, Any]) -> object:
    """Load the model and listen; raises `RuntimeError` with the reason on standard error only."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["model_path"]
    params.model_alias = {settings["model_id"]}
    params.offline = True

    params.hostnames = ["127.0.0.1"]
    params.port = settings["port"]
    params.api_keys = [settings["api_key"]]
    params.cors_origins = ""
    params.cors_methods = ""
    params.cors_headers = ""
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = True
    params.endpoint_metrics = True

    # The plan has chosen: llama.cpp must not fit the context or the layers to what it finds.
    params.fit_params = False
    params.n_parallel = settings["slots"]
    params.n_ctx = settings["context_tokens"] * settings["slots"]
    params.kv_unified = False
    params.n_outputs_max = settings["slots"]
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    params.n_gpu_layers = settings["gpu_layers"]
    use_one_gpu(params, xllamacpp)
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_AUTO
    kv_type = getattr(xllamacpp.ggml_type, _KV_TYPES[settings["kv_type"]])
    params.cache_type_k = kv_type
    params.cache_type_v = kv_type
    modes = xllamacpp.llama_load_mode
    params.load_mode = (
        modes.LLAMA_LOAD_MODE_MMAP if settings["mmap"] else modes.LLAMA_LOAD_MODE_NONE
    )
    params.warmup = True

    # A cache beside the slots grows without end, and idle slots are what makes a class fast.
    params.cache_ram_mib = 0
    params.cache_idle_slots = False
    params.swa_full = False
    if settings["idle_unload_s"]:
        params.sleep_idle_seconds = settings["idle_unload_s"]
    if settings["adapter_path"]:
        adapter = xllamacpp.CommonAdapterLoraInfo()
        adapter.path = settings["adapter_path"]
        adapter.scale = 1.0
        params.lora_adapters = [adapter]
    if settings["slot_dir"]:
        folder = Path(settings["slot_dir"])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        params.slot_save_path = f"{folder}{os.sep}"  # The library only appends a name.
    return xllamacpp.Server(params)


if __name__ == "__main__":
    sys.exit(main())

"""A LoRA adapter, a model of the user's own, and memory that is given back."""

from pathlib import Path

import gguf
import numpy as np
import psutil
import pytest
import requests

from launcher.events import Cancel, ignore
from launcher.models.library import Library
from launcher.services.process import wait_for
from tests.services.lessons import RunningEngine, engine_running

pytestmark = pytest.mark.engine

QUESTION = {
    "messages": [{"role": "user", "content": "Say something about dogs."}],
    "max_tokens": 12,
    "temperature": 0,
}


def ask(engine: RunningEngine) -> str:
    answer = requests.post(
        f"{engine.url}/v1/chat/completions",
        json=QUESTION,
        headers={"Authorization": f"Bearer {engine.key}"},
        timeout=120,
    )
    answer.raise_for_status()
    return str(answer.json()["choices"][0]["message"]["content"])


def make_adapter(model: Path, adapter: Path, architecture: str = "llama") -> None:
    """A small adapter that changes one matrix a lot, so that the answer must change too."""
    reader = gguf.GGUFReader(model)
    tensor = next(each for each in reader.tensors if each.name == "blk.0.ffn_down.weight")
    columns, rows = (int(size) for size in tensor.shape)
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(adapter, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 4.0)
    writer.add_tensor(f"{tensor.name}.lora_a", random.normal(size=(4, columns)).astype("float32"))
    writer.add_tensor(f"{tensor.name}.lora_b", random.normal(size=(rows, 4)).astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_an_adapter_changes_what_the_model_says(starter_model: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.gguf"
    make_adapter(starter_model, adapter)
    with engine_running(starter_model, tmp_path) as engine:
        without = ask(engine)
    with engine_running(starter_model, tmp_path, adapter_path=adapter) as engine:
        loaded = requests.get(
            f"{engine.url}/lora-adapters",
            headers={"Authorization": f"Bearer {engine.key}"},
            timeout=10,
        ).json()
        assert [each["scale"] for each in loaded] == [1.0]
        assert ask(engine) != without


def test_a_model_of_the_users_own_runs_from_the_library(
    starter_model: Path, tmp_path: Path
) -> None:
    own = tmp_path / "Mijn eigen model – Zoë.gguf"
    own.write_bytes(starter_model.read_bytes())
    library = Library(tmp_path / "models met spatie")
    library.folder.mkdir()
    entry = library.add(own, cancel=Cancel(), report=ignore)
    with engine_running(entry.path, tmp_path, model_id="eigen") as engine:
        assert ask(engine)


def test_memory_is_given_back_when_nobody_asks_and_the_model_comes_back(
    starter_model: Path, tmp_path: Path
) -> None:
    with engine_running(starter_model, tmp_path, idle_unload_s=1, mmap=False) as engine:
        process = psutil.Process(engine.child.pid)
        assert ask(engine)
        full = process.memory_info().rss
        assert wait_for(lambda: process.memory_info().rss < full - 60 * 2**20, 60)
        assert requests.get(f"{engine.url}/health", timeout=10).status_code == 200
        assert ask(engine)

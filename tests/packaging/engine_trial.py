"""Run by the CPython of a Windows build: start the engine as a lesson does, and ask it."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import requests

from launcher.engines.protocol import EngineSettings
from launcher.engines.xllamacpp import XllamacppEngine

KEY = "trial-key-of-a-test"
values = {
    "model_path": Path(sys.argv[1]),
    "model_id": "practice",
    "port": int(sys.argv[2]),
    "api_key": KEY,
    "context_tokens": 1024,
    "slots": 1,
    "threads": 2,
    "gpu_layers": 0,
    "kv_type": "f16",
    "mmap": False,
    "slot_dir": None,
}
known = {field.name for field in dataclasses.fields(EngineSettings)}
command = XllamacppEngine().command(
    EngineSettings(**{k: v for k, v in values.items() if k in known})
)
engine = subprocess.Popen(
    list(command.argv), env={**os.environ, **command.env}, stdin=subprocess.PIPE
)
session = requests.Session()
session.trust_env = False
session.headers["Authorization"] = f"Bearer {KEY}"
try:
    end = time.monotonic() + 120
    while True:
        try:
            if session.get(command.health_url, timeout=5).ok:
                break
        except requests.RequestException:
            pass
        if engine.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"the engine did not start: {engine.returncode}")
        time.sleep(0.5)
    body = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}
    url = command.health_url.removesuffix("/health") + "/v1/chat/completions"
    answer = session.post(url, json=body, timeout=120).json()
    result = {"version": 1, "answer": answer["choices"][0]["message"]["content"]}
    sys.stdout.write(json.dumps(result) + "\n")
finally:
    engine.kill()

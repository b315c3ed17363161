"""However bad a driver is, a teacher waits a second and a half at most."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from launcher import hardware
from launcher.hardware import probe


def test_when_every_probe_hangs_there_is_an_answer_within_a_second_and_a_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drivers that do not return, all at once: the time is that of one, not their sum."""
    never = threading.Event()
    real = probe._probes
    seen: list[str] = []

    def hanging(*arguments: Any) -> dict[str, Any]:
        seen.extend(real(*arguments))
        return dict.fromkeys(seen, never.wait)

    monkeypatch.setattr(probe, "_probes", hanging)
    started = time.perf_counter()
    try:
        found = hardware.probe_machine(tmp_path)
    finally:
        took = time.perf_counter() - started
        never.set()
    assert len(seen) >= 9
    assert probe.PROBE_TIMEOUT_S <= took <= 1.5  # The limit that a teacher waits.
    values = [found.cpu_name, found.memory_total_bytes, found.memory_available_bytes]
    values += [found.disk_free_bytes, found.compute_flops, found.memory_bandwidth_bytes_per_s]
    assert all(value.value is None and value.confidence == "unknown" for value in values)
    assert found.gpus == ()

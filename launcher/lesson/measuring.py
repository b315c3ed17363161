"""Run the real engine for some seconds and see how fast it is and what memory it takes."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from launcher.engines.protocol import Engine, EngineSettings
from launcher.errors import PaadjeError
from launcher.events import Cancel
from launcher.fit.calibration import Measured
from launcher.services import process
from launcher.services.ports import free_port

PROMPT_TOKENS = 512
OUTPUT_TOKENS = 64
SHORT_PROMPT_TOKENS = 16
"""For writing together: what matters there is the writing."""

READY_WITHIN_S = 300.0
"""A large model on a slow disk."""
ANSWER_WITHIN_S = 300.0
ENOUGH_S = 8.0
"""No further round after this: a slow computer has been heard."""
GRACE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """``memory_bytes`` is what the engine's program held at the end, its own modules included."""

    measured: Measured
    memory_bytes: int | None


@contextmanager
def running_engine(
    engine: Engine, settings: EngineSettings, log_file: Path, cancel: Cancel
) -> Iterator["EngineUnderTest"]:
    """The engine with this model on loopback; ended when the block is left.

    Raises what the engine's log tells when it does not start, and `Cancelled`.
    """
    settings = replace(settings, port=free_port(), api_key=secrets.token_urlsafe(24))
    command = engine.command(settings)
    child = process.spawn(command.argv, command.env, log_file)
    try:
        under_test = EngineUnderTest(settings, child.pid)
        deadline = time.monotonic() + READY_WITHIN_S
        while not under_test.healthy():
            cancel.check()
            if child.exit_code() is not None or time.monotonic() > deadline:
                code, line = engine.explain_failure(child.log_tail())
                raise PaadjeError(code, detail=line)
            time.sleep(0.1)
        yield under_test
    finally:
        process.stop(child, GRACE_S)


class EngineUnderTest:
    """A running engine; ``pid`` is its program's."""

    def __init__(self, settings: EngineSettings, pid: int) -> None:
        self.settings = settings
        self.pid = pid
        self._url = f"http://127.0.0.1:{settings.port}"

    def healthy(self) -> bool:
        import requests

        try:
            answer = self._session().get(f"{self._url}/health", timeout=2.0)
        except requests.RequestException:
            return False
        return bool(answer.status_code == 200)

    def memory_bytes(self) -> int | None:
        """Main memory of the engine's program that is really in use."""
        import psutil

        try:
            return int(psutil.Process(self.pid).memory_info().rss)
        except psutil.Error:
            return None

    def prompt_rate(self, tokens: int = PROMPT_TOKENS) -> float:
        """Tokens per second of reading a prompt of one student."""
        timings = self.complete(tokens, 1)
        return float(timings["prompt_n"]) / (float(timings["prompt_ms"]) / 1000)

    def decode_rate(self, batch: int = 1, tokens: int = OUTPUT_TOKENS, prompt: int = 0) -> float:
        """Tokens per second that ``batch`` students get together, while all of them write.

        ``prompt`` tokens come first: their keys and values are read with every token.
        """
        prompt = prompt or SHORT_PROMPT_TOKENS
        with ThreadPoolExecutor(batch) as pool:
            answers = list(pool.map(lambda _: self.complete(prompt, tokens), range(batch)))
        # The first token comes with the prompt; the slowest writer had company all the time.
        slowest = max(
            float(answer["predicted_ms"]) / max(1, int(answer["predicted_n"]) - 1)
            for answer in answers
        )
        return batch / (slowest / 1000)

    def prime(self, shared: Sequence[int], slots: int) -> None:
        """Have every slot read what a class shares; the settings need a ``slot_dir``."""
        self.complete(shared, 0, id_slot=0, cache_prompt=True)
        saved = {"filename": "shared.bin"}
        self._post("/slots/0?action=save", saved)
        for slot in range(1, slots):
            self._post(f"/slots/{slot}?action=restore", saved)

    def class_rate(self, slots: int, *, shared: Sequence[int], own: int, output: int) -> float:
        """Feedbacks per minute when ``slots`` students are helped at once.

        Each has a text of ``own`` tokens behind what the class shares, which every slot has read
        before, and gets an answer of ``output`` tokens.
        """

        def one(slot: int) -> None:
            text = [*shared, *_any_tokens(own)]
            self.complete(text, output, id_slot=slot, cache_prompt=True)

        with ThreadPoolExecutor(slots) as pool:
            begin = time.monotonic()
            list(pool.map(one, range(slots)))
            return 60 * slots / (time.monotonic() - begin)

    def complete(
        self, prompt: int | Sequence[int], output_tokens: int, **changes: object
    ) -> dict[str, Any]:
        """One answer to a prompt, or to so many chance tokens; the engine's own timings of it."""
        body = {
            "prompt": _any_tokens(prompt) if isinstance(prompt, int) else list(prompt),
            "n_predict": output_tokens,
            "ignore_eos": True,
            "cache_prompt": False,
            **changes,
        }
        try:
            return dict(self._post("/completion", body)["timings"])
        except (KeyError, TypeError, ValueError) as error:
            raise PaadjeError("fit.bench_failed", detail=type(error).__name__) from error

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        import requests

        try:
            response = self._session().post(
                f"{self._url}{path}",
                json=dict(body),
                headers={"Authorization": f"Bearer {self.settings.api_key}"},
                timeout=ANSWER_WITHIN_S,
            )
            response.raise_for_status()
            return dict(response.json())
        except (requests.RequestException, ValueError, TypeError) as error:
            raise PaadjeError("fit.bench_failed", detail=type(error).__name__) from error

    def _session(self) -> Any:
        import requests

        session = requests.Session()
        session.trust_env = False  # No proxy for loopback.
        return session


def _any_tokens(count: int) -> list[int]:
    """Any will do; different ones each time, so that nothing is remembered."""
    return [100 + secrets.randbelow(900) for _ in range(count)]


def measure(
    engine: Engine, settings: EngineSettings, log_file: Path, cancel: Cancel, *, rounds: int = 2
) -> Run:
    """About ten seconds: a prompt of 512 tokens, and 64 tokens for one and for all slots.

    The best of ``rounds`` counts: other programs on the computer only ever slow it down.
    """
    prompt: list[float] = []
    single: list[float] = []
    together: list[float] = []
    with running_engine(engine, settings, log_file, cancel) as under_test:
        started = time.monotonic()
        for _ in range(rounds):
            if single and time.monotonic() - started > ENOUGH_S:
                break
            # Interleaved, so that a busy moment does not fall on one kind of work alone.
            cancel.check()
            prompt.append(under_test.prompt_rate(min(PROMPT_TOKENS, settings.context_tokens // 2)))
            cancel.check()
            single.append(under_test.decode_rate())
            cancel.check()
            together.append(
                under_test.decode_rate(settings.slots) if settings.slots > 1 else single[-1]
            )
        memory = under_test.memory_bytes()
    return Run(
        measured=Measured(
            prompt_tokens_per_s=max(prompt),
            decode_tokens_per_s=max(single),
            class_tokens_per_s=max(together),
            slots=settings.slots,
        ),
        memory_bytes=memory,
    )

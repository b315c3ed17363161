"""A real lesson host with a real gateway, in front of the small app; no engine is needed."""

import contextlib
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from launcher.files import write_private_json
from launcher.services.control import ControlClient
from launcher.services.ports import free_port
from launcher.services.spec import EngineEntry, LessonSpec, ServiceSpec, ShareEntry, spec_to_dict
from launcher.services.state import read_record
from launcher.sharing.places import places
from tests.gateway.harness import CODE, KEY, TOKEN, wait_until


class RunningLesson:
    """``share`` changes the entry of the lesson; ``prefix`` runs the host somewhere else.

    With ``own_port`` the app is at the root of that port.
    """

    def __init__(
        self,
        folder: Path,
        app_port: int,
        prefix: tuple[str, ...] = (),
        own_port: int | None = None,
        **share: Any,
    ) -> None:
        self.folder = folder
        self.prefix = prefix
        port = share.pop("port", None) or free_port()
        values: dict[str, Any] = {
            "mode": "local",
            "address": "127.0.0.1",
            "port": port,
            "interface": "loopback",
            "token": TOKEN,
            "code": CODE,
            "loopback_port": port,
            "expires_at": time.time() + 3600,
            **share,
        }
        entry = ShareEntry(**values)
        bind, hosts = places(entry, [own_port] if own_port else [])
        self.config = {
            "bind": bind,
            "hosts": hosts,
            "token": TOKEN,
            "code": CODE,
            "seats": entry.seats,
            "expires_at": entry.expires_at,
            "cookie_tag": str(port),
            "apps": [
                {
                    "id": "demo",
                    "title": {"nl": "Proef", "en": "Demo"},
                    "upstream": f"http://127.0.0.1:{app_port}",
                    "key": KEY,
                    "own_port": own_port,
                }
            ],
            "status_file": str(folder / "gateway-status.json"),
            "log_file": str(folder / "gateway.log"),
        }
        write_private_json(folder / "gateway.json", self.config)
        gateway = ServiceSpec(
            id="gateway",
            kind="gateway",
            argv=(sys.executable, "-m", "launcher.gateway", str(folder / "gateway.json")),
            env={},
            health_url=f"http://127.0.0.1:{port}/health",
            log_file=str(folder / "gateway-out.log"),
        )
        self.spec = LessonSpec(
            id="lesson",
            lang="nl",
            created_at="2026-01-01T00:00:00+00:00",
            folder=str(folder),
            control_port=free_port(),
            control_token=secrets.token_urlsafe(24),
            services=(gateway,),
            engine=EngineEntry(
                url=f"http://127.0.0.1:{app_port}",
                key="k",
                model="m",
                model_name="m",
                slots=1,
                context_tokens=512,
            ),
            apps=(),
            share=entry,
            plan={},
        )
        write_private_json(folder / "spec.json", spec_to_dict(self.spec))
        self.process: subprocess.Popen[bytes] | None = None
        self.clients: list[httpx.Client] = []

    def visitor(self, url: str, **options: Any) -> httpx.Client:
        """A browser-like client of the pages at ``url``, closed with the lesson."""
        client = httpx.Client(
            base_url=url, headers={"origin": url}, trust_env=False, timeout=20, **options
        )
        self.clients.append(client)
        return client

    def __enter__(self) -> "RunningLesson":
        with (self.folder / "host.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "launcher.host", self.folder / "spec.json"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._ready, "the lesson")
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.close()
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=30)

    @property
    def client(self) -> ControlClient:
        """Only for a lesson in our own network namespace."""
        record = read_record(self.folder / "state.json")
        assert record is not None
        return ControlClient(record)

    def end_gateway(self) -> None:
        """As ``kill -9``."""
        assert self.process is not None
        (gateway,) = psutil.Process(self.process.pid).children()
        gateway.kill()
        gateway.wait(20)

    @property
    def control_port(self) -> int:
        record = read_record(self.folder / "state.json")
        assert record is not None
        return record.control_port

    @property
    def host_log(self) -> str:
        return (self.folder / "host.log").read_text()

    def share(self) -> dict[str, Any]:
        """The entry in ``spec.json`` as it is now."""
        value: dict[str, Any] = json.loads((self.folder / "spec.json").read_text())["share"]
        return value

    def gateway_status(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            value: dict[str, Any] = json.loads((self.folder / "gateway-status.json").read_text())
            return value
        return {}

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.host_log
        status = {}
        with contextlib.suppress(OSError, ValueError):
            status = json.loads((self.folder / "status.json").read_text())
        return status.get("state") == "ready" and bool(self.gateway_status())

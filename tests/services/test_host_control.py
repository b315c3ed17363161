"""The control API of the lesson host: who may use it, and what it tells."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from launcher.errors import PaadjeError
from launcher.services import state
from launcher.services.control import ControlClient
from launcher.services.ports import free_port
from tests.services.lessons import Running, fake, running_lesson


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("control")
    with running_lesson(home, (fake("engine", "engine", home / "logs"),)) as lesson:
        lesson.wait_for_state("ready")
        yield lesson


def control_request(lesson: Running, method: str, path: str, **headers: str) -> requests.Response:
    record = lesson.record
    return requests.request(
        method,
        f"http://127.0.0.1:{record.control_port}{path}",
        headers={"Authorization": f"Bearer {record.control_token}", **headers},
        timeout=10,
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/state"), ("GET", "/events"), ("POST", "/stop"), ("GET", "/none"), ("GET", "/")],
)
@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer wrong", "bearer", "Bearer é"])
def test_every_route_needs_the_token(lesson: Running, method: str, path: str, token: str) -> None:
    headers = {"Authorization": token.encode("latin-1").decode("latin-1")}
    assert control_request(lesson, method, path, **headers).status_code == 401
    assert lesson.client.state()["state"] == "ready"


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1", "localhost", "127.0.0.1:1", ""])
def test_another_host_is_refused(lesson: Running, host: str) -> None:
    assert control_request(lesson, "GET", "/state", Host=host).status_code == 400


def test_localhost_is_good(lesson: Running) -> None:
    host = f"localhost:{lesson.record.control_port}"
    assert control_request(lesson, "GET", "/state", Host=host).status_code == 200


def test_no_page_may_read_it(lesson: Running) -> None:
    answer = control_request(lesson, "GET", "/state", Origin="http://evil.test")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert control_request(lesson, "OPTIONS", "/stop", Origin="http://a").status_code == 405
    assert control_request(lesson, "GET", "/stop").status_code == 405


def test_what_it_tells(lesson: Running) -> None:
    (lesson.folder / "gateway-status.json").write_text(json.dumps({"joined": 12}))
    assert lesson.client.state() == {
        "lesson": "les-1",
        "state": "ready",
        "created_at": "2026-01-01T09:00:00+00:00",
        "services": {"engine": "ready"},
        "reason": None,
        "joined": 12,
        "memory_low": False,
        "notices": [],
    }
    for damaged in ("", "[]", '{"joined": "many"}', '{"joined": true}'):
        (lesson.folder / "gateway-status.json").write_text(damaged)
        assert lesson.client.state()["joined"] is None


def test_it_listens_on_loopback_only(lesson: Running) -> None:
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(lesson.host_pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


def test_a_host_that_is_gone_is_told(tmp_path: Path) -> None:
    record = state.LessonRecord(
        lesson="les-1",
        control_port=free_port(),
        control_token="t",
        created_at="2026",
        folder=str(tmp_path),
        **state.record_of_process(os.getpid()),
    )
    client = ControlClient(record)
    for call in (client.state, client.stop, lambda: list(client.events())):
        with pytest.raises(PaadjeError) as caught:
            call()
        assert caught.value.code == "services.host_unreachable"

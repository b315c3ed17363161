"""Starting, restarting and ending; what is left on disk and in the log."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import StartGateway
from tests.gateway.harness import (
    CODE,
    KEY,
    PAGE,
    TOKEN,
    WAIT_S,
    RunningGateway,
    UpstreamApp,
    wait_until,
)


def test_joined_students_stay_who_they_are_after_a_crash(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    students = [gateway.student() for _ in range(3)]
    before = [dict(student.get("/a/demo/").json()["headers"]) for student in students]
    left = gateway.student()
    cookies = dict(left.cookies)
    left.post("/leave")
    gateway.kill()
    gateway.start()
    gateway.wait_ready()
    after = [dict(student.get("/a/demo/").json()["headers"]) for student in students]
    for name in ("x-paadje-student", "x-paadje-nickname"):
        assert [one[name] for one in after] == [one[name] for one in before]
    left.cookies.update(cookies)
    assert left.get("/a/demo/").status_code == 401
    wait_until(lambda: gateway.status().get("joined") == 3, "the number of students")


def test_what_is_kept_is_private_and_holds_no_cookie(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    student = gateway.student(**{"user-agent": "Telltale/1.0"})
    wait_until(lambda: gateway.status().get("joined") == 1, "the number of students")
    (nickname,) = gateway.status()["students"]
    assert gateway.status() == {
        "joined": 1,
        "students": [nickname],
        "waiting": [],
        "unused": 0,
        "typed_codes_paused": False,
        "probe_seen": False,
        "heard_from_outside": False,
        "version": 0,
        "listening": gateway.config["bind"],
    }
    sessions = gateway.folder / "sessions.json"
    for file in (sessions, gateway.folder / "status.json", gateway.folder / "gateway.log"):
        if os.name == "posix":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(sessions.read_text())
    ((_, entry),) = kept["students"].items()
    assert set(entry) == {"id", "nickname", "admitted", "works"}
    for value in (*student.cookies.values(), "127.0.0.1", "Telltale"):
        assert value not in sessions.read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"students": []}', '{"students": {"a": 1}}'])
def test_a_damaged_sessions_file_starts_empty(
    start_gateway: StartGateway, tmp_path: Path, content: str
) -> None:
    (tmp_path / "sessions.json").write_text(content)
    gateway = start_gateway(status_file=str(tmp_path / "status.json"))
    assert gateway.student().get("/a/demo/").status_code == 200


@pytest.mark.parametrize("how", ["lifeline", "signal"])
def test_it_ends_with_its_host_though_a_stream_is_open(
    start_gateway: StartGateway, upstream: tuple[UpstreamApp, int], how: str
) -> None:
    if how == "signal" and os.name != "posix":
        pytest.skip("there are no such signals here")
    gateway = start_gateway()
    student = gateway.student()
    with student.stream("GET", "/a/demo/events") as answer:
        upstream[0].next_chunk.release()
        lines = answer.iter_lines()
        next(lines)
        assert gateway.process is not None
        if how == "signal":
            gateway.process.send_signal(signal.SIGTERM)
            assert gateway.process.wait(timeout=WAIT_S) == 0
        else:
            assert gateway.end() == 0
        with pytest.raises(httpx.TransportError):
            list(lines)
    assert "bug" not in gateway.log()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway.url}/health", trust_env=False)


def test_nothing_secret_or_personal_is_logged(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    student = gateway.student(**{"user-agent": "Telltale/1.0"})
    student.get("/a/demo/echo/mijn-verhaal?naam=Sanne")
    student.post("/a/demo/", content=b"Dit is mijn tekst")
    with pytest.raises(httpx.RemoteProtocolError):
        student.get("/a/demo/breaks?naam=Sanne")
    visitor = gateway.visitor(**PAGE)
    visitor.post("/join", data={"code": "ZZZZ9999"})
    visitor.get("/", headers={"host": "evil.example"})
    visitor.get("/?" + TOKEN)
    sessions = json.loads((gateway.folder / "sessions.json").read_text())["students"]
    hashed, entry = next(iter(sessions.items()))
    assert gateway.end() == 0
    log = gateway.log()
    assert "an answer broke off" in log
    secrets = [TOKEN, CODE, KEY, hashed, entry["id"], entry["nickname"], *student.cookies.values()]
    for text in (*secrets, "ZZZZ9999", "127.0.0.1", "Telltale", "Sanne", "verhaal", "evil"):
        assert text not in log, text


def run_once(folder: Path, content: str) -> subprocess.CompletedProcess[str]:
    file = folder / "config.json"
    file.write_text(content)
    command = [sys.executable, "-m", "launcher.gateway", file]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=WAIT_S,
        check=False,
    )


def changed(gateway: RunningGateway, **values: Any) -> str:
    return json.dumps({**gateway.config, **values})


def test_a_port_that_is_taken_is_a_known_error(gateway: RunningGateway, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        bind = [["127.0.0.1", other.getsockname()[1]]]
        ended = run_once(tmp_path, changed(gateway, bind=bind, log_file=None))
    assert ended.returncode == 1
    assert "gateway.port_taken" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "short-secret"},
        {"code": "SECRET"},
        {"apps": []},
        {"bind": []},
        {"lang": "de"},
        {"surprise": 1},
        {"apps": [{"id": "../x", "title": {}, "upstream": "http://127.0.0.1:1", "key": KEY}]},
        {"apps": [{"id": "x", "title": {}, "upstream": "http://192.168.1.1:1", "key": KEY}]},
    ],
)
def test_a_wrong_configuration_is_named_without_its_values(
    gateway: RunningGateway, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    ended = run_once(tmp_path, changed(gateway, log_file=None, **wrong))
    assert ended.returncode == 2
    assert "gateway.config_invalid" in ended.stderr
    assert next(iter(wrong)) in ended.stderr
    for secret in (TOKEN, CODE, KEY, "short-secret", "SECRET"):
        assert secret not in ended.stderr

"""From another computer: a network namespace, joined to ours by a virtual cable."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require
from tests.gateway.harness import TOKEN, RunningGateway, gateway_config, wait_until

HERE, THERE = "10.213.7.1", "10.213.7.2"

OTHER_COMPUTER = """
import json, socket, sys, urllib.request, urllib.error
here, port, app_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

def answers(port):
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((here, port)) == 0

def status(path, body=None, **headers):
    request = urllib.request.Request(f"http://{here}:{port}{path}", body, headers)
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code

origin = f"http://{here}:{port}"
token = sys.stdin.read()
print(json.dumps({
    "app": answers(app_port),
    "landing": status("/"),
    "health": status("/health"),
    "other_host": status("/", Host="evil.example:%d" % port),
    "join": status("/join", json.dumps({"token": token}).encode(), Origin=origin,
                   **{"content-type": "application/json"}),
}))
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def namespaces() -> Iterator[tuple[str, str]]:
    """Two computers: the teacher's laptop and a student's phone."""
    may = sys.platform.startswith("linux") and shutil.which("ip") and os.geteuid() == 0
    require(bool(may), "network namespaces need Linux, ip and root")
    tag = uuid.uuid4().hex[:6]
    laptop, phone = f"pl{tag}", f"pp{tag}"
    made: list[str] = []
    try:
        for name in (laptop, phone):
            ip("netns", "add", name)
            made.append(name)
            ip("-n", name, "link", "set", "lo", "up")
        cable = (f"l{tag}", f"p{tag}")
        ip("-n", laptop, "link", "add", cable[0], "type", "veth", "peer", "name", cable[1])
        ip("-n", laptop, "link", "set", cable[1], "netns", phone)
        for name, end, address in ((laptop, cable[0], HERE), (phone, cable[1], THERE)):
            ip("-n", name, "address", "add", f"{address}/24", "dev", end)
            ip("-n", name, "link", "set", end, "up")
        yield laptop, phone
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "delete", name], check=False)


def test_another_computer_reaches_the_gateway_and_nothing_else(
    namespaces: tuple[str, str], tmp_path: Path
) -> None:
    laptop, phone = namespaces
    inside = ("ip", "netns", "exec", laptop)
    serve_app = (
        "import sys; from tests.gateway.harness import running_app\n"
        "with running_app() as (app, port): print(port, flush=True); sys.stdin.read()"
    )
    app = subprocess.Popen(
        [*inside, sys.executable, "-c", serve_app], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert app.stdin is not None
    assert app.stdout is not None
    config = gateway_config(tmp_path, int(app.stdout.readline()))
    port = config["bind"][0][1]
    config["bind"].append([HERE, port])
    config["hosts"].append(f"{HERE}:{port}")
    gateway = RunningGateway(tmp_path, config, prefix=inside)
    try:
        gateway.start()
        wait_until((tmp_path / "status.json").exists, "the gateway")
        app_port = config["apps"][0]["upstream"].rpartition(":")[2]
        outside = ["ip", "netns", "exec", phone, sys.executable, "-c", OTHER_COMPUTER]
        seen = subprocess.run(
            [*outside, HERE, str(port), app_port],
            input=TOKEN,
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(seen.stdout) == {
            "app": False,
            "landing": 200,
            "health": 404,
            "other_host": 400,
            "join": 200,
        }
        listening = subprocess.run(
            [*inside, "ss", "-Hltn"], capture_output=True, text=True, check=True
        ).stdout
        addresses = {line.split()[3] for line in listening.splitlines()}
        assert {one for one in addresses if not one.startswith("127.")} == {f"{HERE}:{port}"}
    finally:
        gateway.close()
        app.stdin.close()
        app.wait()
        app.stdout.close()

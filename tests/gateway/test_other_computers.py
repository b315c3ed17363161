"""From other computers: what answers, who is suspected, what happens when the address changes."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from launcher.sharing.reachability import Findings, judge
from tests.conftest import require
from tests.gateway.harness import TOKEN, free_port, wait_until
from tests.gateway.lesson import RunningLesson
from tests.gateway.test_network import HERE, THERE, ip, namespaces

__all__ = ["namespaces"]

MOVED = "10.213.7.99"
STUDENTS = [f"10.213.7.{number}" for number in range(100, 130)]
PROGRAM = Path(__file__).with_name("other_computers.py")

SERVE_APP = (
    "import sys; from tests.gateway.harness import running_app\n"
    "with running_app() as (app, port): print(port, flush=True); sys.stdin.read()"
)


@contextmanager
def shared_lesson(folder: Path, laptop: str, **share: Any) -> Iterator[RunningLesson]:
    """A lesson on the laptop of the namespaces, shared on its cable."""
    inside = ("ip", "netns", "exec", laptop)
    app = subprocess.Popen(
        [*inside, sys.executable, "-c", SERVE_APP], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert app.stdin is not None
    assert app.stdout is not None
    try:
        port = int(app.stdout.readline())
        with RunningLesson(
            folder, port, prefix=inside, mode="lan", address=HERE, interface="cable", **share
        ) as lesson:
            yield lesson
    finally:
        app.stdin.close()
        app.wait()
        app.stdout.close()


def open_ports(phone: str, *arguments: str) -> set[int]:
    scan = subprocess.run(
        ["ip", "netns", "exec", phone, "nmap", "-n", "-Pn", "-p-", "-T5", "--min-rate", "20000",
         "-oG", "-", *arguments],
        capture_output=True, text=True, check=True, timeout=250,
    )  # fmt: skip
    return {int(port) for port in re.findall(r"(\d+)/open/tcp", scan.stdout)}


@pytest.mark.slow
def test_only_the_port_of_the_lesson_answers(namespaces: tuple[str, str], tmp_path: Path) -> None:
    require(shutil.which("nmap") is not None, "nmap is not installed")
    laptop, phone = namespaces
    name = cable_of(laptop)
    ip("-n", laptop, "address", "add", "fd00:213::1/64", "dev", name, "nodad")
    phone_end = name.replace("l", "p", 1)
    ip("-n", phone, "address", "add", "fd00:213::2/64", "dev", phone_end, "nodad")
    with shared_lesson(tmp_path, laptop) as lesson:
        port = lesson.spec.share.port
        assert open_ports(phone, HERE) == {port}
        assert open_ports(phone, "-6", "fd00:213::1") == set()


def findings(lesson: RunningLesson, *, answers: bool) -> Findings:
    status = lesson.gateway_status()
    known = {"same_wifi": "yes", "phone_vpn": "no", "firewall": "no", "vpn": "no"}
    return Findings(
        waited_s=61,
        probe_seen=status["probe_seen"],
        heard=status["heard_from_outside"],
        **(known if answers else {}),  # type: ignore[arg-type]
    )


def visit(phone: str, lesson: RunningLesson, *, own: str | None = None) -> bool:
    share = lesson.share()
    source = f"('{own}', 0)" if own else "None"
    code = (
        "import socket, sys\n"
        f"s = socket.create_connection(('{share['address']}', {share['port']}), 2, {source})\n"
        f"s.sendall(b'GET / HTTP/1.1\\r\\nhost: {share['address']}:{share['port']}\\r\\n\\r\\n')\n"
        "sys.exit(0 if s.recv(20).startswith(b'HTTP/1.1 200') else 1)\n"
    )
    done = subprocess.run(
        ["ip", "netns", "exec", phone, sys.executable, "-c", code], check=False, capture_output=True
    )
    return done.returncode == 0


def test_isolation_is_suspected_on_its_exact_signature_only(
    namespaces: tuple[str, str], tmp_path: Path
) -> None:
    """What isolation comes down to for the laptop: nothing of the phone arrives."""
    laptop, phone = namespaces
    with shared_lesson(tmp_path, laptop) as lesson:
        subprocess.run(["ip", "-n", phone, "route", "add", "unreachable", HERE], check=True)
        assert not visit(phone, lesson)
        assert judge(findings(lesson, answers=True)).cause == "isolation"
        # Without the answers of the teacher the question comes first.
        assert judge(findings(lesson, answers=False)).ask == "same_wifi"
        subprocess.run(["ip", "-n", phone, "route", "del", "unreachable", HERE], check=True)
        assert visit(phone, lesson)
        wait_until(lambda: lesson.gateway_status()["heard_from_outside"], "the visit")
        assert judge(findings(lesson, answers=True)).cause == "something_else"


def cable_of(laptop: str) -> str:
    links = subprocess.run(
        ["ip", "-n", laptop, "-o", "link"], capture_output=True, text=True, check=True
    ).stdout
    name = re.search(r"\d+: (l\w+)@", links)
    assert name is not None
    return name[1]


def test_thirty_students_keep_who_they_are_when_the_address_changes(
    namespaces: tuple[str, str],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    laptop, phone = namespaces
    name = cable_of(laptop)
    for address in STUDENTS:
        ip("-n", phone, "address", "add", f"{address}/24", "dev", name.replace("l", "p", 1))
    with shared_lesson(tmp_path, laptop) as lesson:
        class_ = subprocess.Popen(
            ["ip", "netns", "exec", phone, sys.executable, PROGRAM, *STUDENTS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ask = asker(class_, lesson)
        try:
            before = ask(HERE)
            ip("-n", laptop, "address", "del", f"{HERE}/24", "dev", name)
            ip("-n", laptop, "address", "add", f"{MOVED}/24", "dev", name)
            began = time.monotonic()
            wait_until(lambda: lesson.share()["address"] == MOVED, "the new address")
            after = ask(MOVED)
            took_s = time.monotonic() - began
        finally:
            assert class_.stdin is not None
            assert class_.stdout is not None
            class_.stdin.close()
            class_.wait()
            class_.stdout.close()
        assert after == before
        assert len(set(after)) == 30
        assert took_s < 10, took_s
        record_property("seconds_until_30_streams_are_back", round(took_s, 2))
        assert lesson.gateway_status()["joined"] == 30
        # The gateway writes its status after the students are back.
        wait_until(
            lambda: (
                {address for address, _ in lesson.gateway_status()["listening"]}
                == {"127.0.0.1", MOVED}
            ),
            "the old address left",
        )


OTHER_PROGRAM = """
import socket, sys
taken = [socket.create_server((sys.argv[1], int(port))) for port in sys.argv[2:]]
print("listens", flush=True)
sys.stdin.read()
"""
STUDENT = """
import sys, httpx
url, token = sys.argv[1:]
with httpx.Client(base_url=url, headers={"origin": url}, trust_env=False, timeout=20) as phone:
    way_in = phone.post("/join", json={"token": token}).json()["next"]
    page = phone.get(way_in)
    form = phone.get("/j", headers={"accept": "text/html"}).headers["content-security-policy"]
    print(way_in, page.status_code, way_in.rstrip("/") in form)
"""


def test_an_app_on_a_port_of_its_own_moves_along(
    namespaces: tuple[str, str], tmp_path: Path
) -> None:
    """At the new address other programs have both ports: other ones are taken, and links follow."""
    laptop, phone = namespaces
    inside = ("ip", "netns", "exec", laptop, sys.executable, "-c")
    name = cable_of(laptop)
    own = free_port()
    with shared_lesson(tmp_path, laptop, own_port=own) as lesson:
        before = lesson.share()["port"]
        # The laptop has both addresses for a moment, as with a cable beside the Wi-Fi. Within one
        # network the second would go with the first.
        ip("-n", laptop, "address", "add", f"{MOVED}/25", "dev", name)
        other = subprocess.Popen(
            [*inside, OTHER_PROGRAM, MOVED, str(before), str(own)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert other.stdin is not None
        assert other.stdout is not None
        try:
            assert other.stdout.readline()
            ip("-n", laptop, "address", "del", f"{HERE}/24", "dev", name)
            wait_until(lambda: lesson.share()["address"] == MOVED, "the new address")
            now = lesson.share()["port"]
            wait_until(
                lambda: (
                    [MOVED, now] in lesson.gateway_status()["listening"]
                    and len(lesson.gateway_status()["listening"]) == 3
                ),
                "the gateway there",
            )
            seen = subprocess.run(
                ["ip", "netns", "exec", phone, sys.executable, "-c", STUDENT,
                 f"http://{MOVED}:{now}", TOKEN],
                capture_output=True, text=True, check=True, timeout=60,
            )  # fmt: skip
        finally:
            other.stdin.close()
            other.wait()
            other.stdout.close()
        way_in, status, in_policy = seen.stdout.split()
        there = int(way_in.removeprefix(f"http://{MOVED}:").rstrip("/"))
        assert now > before
        assert there > own
        assert (status, in_policy) == ("200", "True")


WHO_IS = """
import socket, sys
own, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
s.bind((own, 0))
s.settimeout(2)
question = bytes(5) + b"\\x01" + bytes(6) + b"\\x06paadje\\x05local\\x00\\x00\\x01\\x00\\x01"
for _ in range(10):
    s.sendto(question, ("224.0.0.251", 5353))
    try:
        answer = s.recv(1500)
    except TimeoutError:
        continue
    # The address is what the record of type A ends with.
    at = answer.index(b"\\x00\\x01\\x80\\x01") if b"\\x00\\x01\\x80\\x01" in answer else (
        answer.rindex(b"\\x00\\x01\\x00\\x01"))
    found = socket.inet_ntoa(answer[at + 10:at + 14])
    with socket.create_connection((found, port), 5) as web:
        web.sendall(b"GET / HTTP/1.1\\r\\nhost: paadje.local:%d\\r\\n\\r\\n" % port)
        print(found, web.recv(20).decode())
    break
"""


def udp_places(laptop: str) -> set[str]:
    told = subprocess.run(
        ["ip", "netns", "exec", laptop, "ss", "-Hlun"], capture_output=True, text=True, check=True
    ).stdout
    return {line.split()[3].rpartition(":")[2] for line in told.splitlines()}


@pytest.mark.parametrize("wanted", [True, False])
def test_a_name_on_the_network_only_when_wanted(
    namespaces: tuple[str, str], tmp_path: Path, wanted: bool
) -> None:
    laptop, phone = namespaces
    with shared_lesson(tmp_path, laptop, local_name=wanted) as lesson:
        if not wanted:
            assert udp_places(laptop) == set()
            return
        wait_until(lambda: "5353" in udp_places(laptop), "the announcement")
        port = str(lesson.share()["port"])
        found = subprocess.run(
            ["ip", "netns", "exec", phone, sys.executable, "-c", WHO_IS, THERE, port],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert found.stdout.startswith(f"{HERE} HTTP/1.1 200")
    assert udp_places(laptop) == set()


def asker(class_: subprocess.Popen[str], lesson: RunningLesson) -> Callable[[str], list[str]]:
    def ask(address: str) -> list[str]:
        assert class_.stdin is not None
        assert class_.stdout is not None
        class_.stdin.write(f"http://{address}:{lesson.share()['port']} {TOKEN}\n")
        class_.stdin.flush()
        who: list[str] = json.loads(class_.stdout.readline())["who"]
        return who

    return ask

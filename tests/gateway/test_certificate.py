"""A lesson behind the school's certificate: HTTPS and nothing else."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.conftest import require
from tests.gateway.harness import (
    TOKEN,
    WAIT_S,
    RunningGateway,
    UpstreamApp,
    free_port,
    gateway_config,
    status_of,
    wait_until,
)

NAME = "les.school.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    require(shutil.which("openssl") is not None, "openssl is not installed")
    return Authority(tmp_path_factory.mktemp("authority"))


def secure_config(
    folder: Path, app_port: int, files: tuple[Path, Path], **changes: Any
) -> dict[str, Any]:
    port = free_port()
    return gateway_config(
        folder,
        app_port,
        bind=[["127.0.0.1", port]],
        hosts=[f"{NAME}:{port}"],
        certificate={"file": str(files[0]), "key_file": str(files[1]), "hostname": NAME},
        health_port=free_port(),
        **changes,
    )


@pytest.fixture(scope="module")
def secure(
    authority: Authority,
    upstream: tuple[UpstreamApp, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    folder = tmp_path_factory.mktemp("secure")
    gateway = RunningGateway(folder, secure_config(folder, upstream[1], authority.issue(NAME)))
    gateway.start()
    wait_until((folder / "status.json").exists, "the gateway")
    yield gateway
    gateway.close()


class Browser:
    """One that trusts the school's signer and finds the name at our address."""

    def __init__(self, gateway: RunningGateway, authority: Authority) -> None:
        self.port = gateway.config["bind"][0][1]
        self.origin = f"https://{NAME}:{self.port}"
        self.context = ssl.create_default_context(cafile=str(authority.file))

    def ask(self, method: str, path: str, *lines: str, body: str = "") -> bytes:
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S) as plain,
            self.context.wrap_socket(plain, server_hostname=NAME) as connection,
        ):
            head = [f"{method} {path} HTTP/1.1", f"host: {NAME}:{self.port}", *lines]
            head += [f"origin: {self.origin}", "connection: close", f"content-length: {len(body)}"]
            connection.sendall("\r\n".join([*head, "", body]).encode())
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer


def test_a_class_joins_over_https(secure: RunningGateway, authority: Authority) -> None:
    browser = Browser(secure, authority)
    kind = "content-type: application/json"
    joined = browser.ask("POST", "/join", kind, body=f'{{"token": "{TOKEN}"}}')
    assert status_of(joined) == 200
    cookie = re.search(rb"set-cookie: (__Host-paadje_\d+=[^;]+); (.*)", joined)
    assert cookie is not None
    assert b"secure" in cookie[2].lower()
    assert b"domain" not in cookie[2].lower()
    # What is said of others who could read along is only said where it is true.
    landing = browser.ask("GET", "/", "accept: text/html").decode()
    assert "gaat versleuteld" in landing
    assert "kan op deze wifi meelezen" not in landing
    inside = browser.ask("GET", "/a/demo/", f"cookie: {cookie[1].decode()}")
    assert status_of(inside) == 200
    assert cookie[1] not in inside
    foreign = browser.ask("POST", "/join", kind, f"origin: http://{NAME}:{browser.port}", body="{}")
    assert status_of(foreign) == 403


def test_there_is_no_plain_http(secure: RunningGateway, authority: Authority) -> None:
    port = secure.config["bind"][0][1]
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as plain:
        plain.sendall(f"GET / HTTP/1.1\r\nhost: {NAME}:{port}\r\n\r\n".encode())
        answer = b""
        try:
            while piece := plain.recv(1000):
                answer += piece
        except ConnectionResetError:
            pass
        assert not answer.startswith(b"HTTP")
    health = ("127.0.0.1", secure.config["health_port"])
    for path, status in (("/health", 200), ("/", 404), ("/join", 404), ("/a/demo/", 404)):
        with socket.create_connection(health, timeout=WAIT_S) as plain:
            plain.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
            assert status_of(plain.recv(1000)) == status


def test_old_protocols_and_weak_ciphers_are_refused(
    secure: RunningGateway, authority: Authority
) -> None:
    browser = Browser(secure, authority)
    for limit in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA"):
        context = ssl.create_default_context(cafile=str(authority.file))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{limit}:@SECLEVEL=0")
        browser.context = context
        with pytest.raises(ssl.SSLError):
            browser.ask("GET", "/")


@pytest.mark.parametrize("what", ["expired", "other name", "other key", "self-signed"])
def test_it_refuses_to_start_with_a_bad_certificate(
    authority: Authority, upstream: tuple[UpstreamApp, int], tmp_path: Path, what: str
) -> None:
    files = {
        "expired": lambda: authority.issue(NAME, days=-1),
        "other name": lambda: authority.issue("elders.example"),
        "other key": lambda: (authority.issue(NAME)[0], authority.issue(NAME)[1]),
        "self-signed": lambda: authority.self_signed(NAME),
    }[what]()
    config = secure_config(tmp_path, upstream[1], files, log_file=None)
    gateway = RunningGateway(tmp_path, config)
    gateway.file.write_text(json.dumps(config))
    ended = subprocess.run(
        [sys.executable, "-m", "launcher.gateway", tmp_path / "gateway.json"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=WAIT_S,
        check=False,
    )
    assert ended.returncode == 2
    assert "sharing.certificate_" in ended.stderr
    assert "Traceback" not in ended.stderr
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", gateway.config["bind"][0][1])) != 0


@pytest.mark.slow
def test_a_scanner_finds_nothing_serious(
    secure: RunningGateway, authority: Authority, tmp_path: Path
) -> None:
    scanner = os.environ.get("PAADJE_TEST_SSLYZE") or shutil.which("sslyze")
    require(scanner is not None, "sslyze is not installed")
    assert scanner is not None
    port = secure.config["bind"][0][1]
    found = subprocess.run(
        [scanner, "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3",
         "--heartbleed", "--openssl_ccs", "--robot", "--compression", "--fallback", "--reneg",
         "--mozilla_config", "disable", "--sni", NAME, f"127.0.0.1:{port}"],
        capture_output=True, text=True, check=False, timeout=120,
    ).stdout  # fmt: skip
    (tmp_path / "sslyze.txt").write_text(found)
    for old in ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"):
        part = found.split(f"* {old} Cipher Suites:")[1].split("*")[0]
        assert "the server rejected all cipher suites" in part
    assert "OK - Not vulnerable to Heartbleed" in found
    assert "OK - Not vulnerable to OpenSSL CCS injection" in found
    assert "VULNERABLE" not in found

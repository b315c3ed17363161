"""What a school puts in the way: proxies, filters that open TLS, and disks that are full."""

import datetime
import ipaddress
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from launcher.downloads import disk, http
from launcher.downloads.transfer import fetch
from launcher.errors import PaadjeError
from launcher.events import Event, Progress
from tests.conftest import require
from tests.fake_hub import FakeHub, unused_port
from tests.services.test_downloads_transfer import (
    CONTENT,
    FILE,
    QUICK,
    REPO,
    SHA256,
    assert_clean,
    failure,
    part_of,
    run,
)


@pytest.fixture
def hub():
    with FakeHub() as hub:
        hub.add(REPO, FILE, CONTENT)
        yield hub


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "modellen van Zoë" / "een model.gguf"


def test_proxy_of_the_environment(hub, target, monkeypatch):
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", hub.endpoint)
    url = hub.url(REPO, FILE).replace(hub.endpoint, "http://models.invalid")
    fetch(url, target=target, size_bytes=len(CONTENT), sha256=SHA256, patience=QUICK)
    assert_clean(target)


def test_proxy_that_is_not_there(target, monkeypatch):
    with unused_port() as port:
        monkeypatch.setenv("http_proxy", f"http://user:secret@127.0.0.1:{port}")
        with pytest.raises(PaadjeError) as caught:
            fetch("http://models.invalid/x", target=target, patience=QUICK)
    assert caught.value.code == "models.proxy"
    assert "secret" not in str(caught.value)


@pytest.fixture
def inspected(hub, tmp_path):
    """The hub behind TLS with a certificate that only this test knows; gives address and file."""
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    hub.use_tls(context)
    return hub.url(REPO, FILE).replace("http://", "https://"), certificate


def test_certificate_that_is_not_trusted(inspected, target, monkeypatch):
    with pytest.raises(PaadjeError) as caught:
        fetch(inspected[0], target=target, patience=QUICK)
    assert caught.value.code == "models.certificate"


def test_certificate_that_the_system_trusts(inspected, target, monkeypatch):
    url, certificate = inspected
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    fetch(url, target=target, size_bytes=len(CONTENT), sha256=SHA256, patience=QUICK)
    assert_clean(target)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    now = datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def test_masking():
    text = http.mask("GET http://me:pw@host/x?sig=abc failed, https://t0ken@h/")
    assert text == "GET http://***@host/x?*** failed, https://***@h/"


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of a few megabytes."""
    folder = tmp_path / "kleine schijf"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    mounted = sys.platform == "linux" and subprocess.run(
        ["mount", *options], check=False, stderr=subprocess.DEVNULL
    )
    require(bool(mounted) and mounted.returncode == 0, "this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_in_the_middle(hub, small_disk, monkeypatch):
    monkeypatch.setattr(disk, "MARGIN_BYTES", 0)
    target = small_disk / "model.gguf"
    others = small_disk / "video van iemand anders"

    def fill(event: Event) -> None:
        if isinstance(event, Progress) and not others.exists():
            others.write_bytes(bytes(2_000_000))

    hub.pace_bytes_per_s = 8_000_000
    error = failure(hub, target, report=fill)
    assert error.code == "models.no_disk_space"
    kept = part_of(target).stat().st_size
    assert part_of(target).read_bytes() == CONTENT[:kept]
    assert kept > 1_500_000
    before = hub.bytes_served
    assert failure(hub, target).code == "models.no_disk_space"
    assert hub.bytes_served == before
    others.unlink()
    run(hub, target)
    assert_clean(target)
    assert hub.ranges()[-1] == f"bytes={kept}-"

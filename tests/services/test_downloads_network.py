"""The look at the school network, and the order of sources that a school can set."""

import os
import random
import re

import pytest

from launcher import catalog, lesson
from launcher.catalog.schema import HuggingFaceSource, ModelFile
from launcher.cli import verb_doctor
from launcher.downloads.transfer import Patience
from launcher.errors import PaadjeError
from launcher.events import Cancel, ignore
from launcher.i18n import translator
from launcher.lesson import network
from launcher.lesson.letter import letter_lines
from launcher.models.fetch import ensure_model, forget_reachable, reachable
from launcher.models.library import Library
from launcher.models.sources.file import addresses_at
from tests.fake_hub import FakeHub, unused_port
from tests.unit.models.catalog_models import model_of

CONTENT = b"GGUF" + random.Random(3).randbytes(500_001)
REPO, NAME = "maker/model-GGUF", "model Q4.gguf"
QUICK = Patience(attempts=2, stall_s=0.5, first_wait_s=0.001, longest_wait_s=0.001)


@pytest.fixture
def hub():
    forget_reachable()
    with FakeHub() as hub:
        yield hub


def file_on(hub: FakeHub, content: bytes = CONTENT) -> ModelFile:
    sha256 = hub.add(REPO, NAME, content)
    return ModelFile(
        name="model-Q4.gguf", size_bytes=len(content), sha256=sha256,
        sources=(HuggingFaceSource(repo=REPO, file=NAME),),
    )  # fmt: skip


def ensure(file, library, **changes):
    options = {
        "hf_endpoint": "https://huggingface.co", "offline": False, "from_place": None,
        "environ": {}, "report": ignore, "cancel": Cancel(), "patience": QUICK, **changes,
    }  # fmt: skip
    return ensure_model(model_of(file), library, **options)


def test_the_endpoint_of_the_hubs_own_tools(hub, tmp_path):
    """As with the Hub's own client: HF_ENDPOINT names another Hub."""
    path = ensure(file_on(hub), Library(tmp_path), environ={"HF_ENDPOINT": hub.endpoint})
    assert path.read_bytes() == CONTENT
    assert hub.requests[0].method == "HEAD"


def test_the_hub_is_left_alone_when_its_own_tools_have_to(hub, tmp_path):
    file = file_on(hub)
    environ = {"HF_HUB_OFFLINE": "1"}
    assert not reachable(model_of(file), hf_endpoint=hub.endpoint, offline=False, environ=environ)
    with pytest.raises(PaadjeError) as caught:
        ensure(file, Library(tmp_path), hf_endpoint=hub.endpoint, environ=environ)
    assert caught.value.code == "models.offline"
    assert not hub.requests


def test_mirrors_in_their_order(hub, tmp_path):
    file = file_on(hub)
    with unused_port() as nobody:
        path = ensure(
            file, Library(tmp_path), hf_endpoint=f"http://127.0.0.1:{nobody}",
            mirrors=(f"http://127.0.0.1:{nobody}", hub.endpoint),
        )  # fmt: skip
    assert path.read_bytes() == CONTENT
    asked = [seen.path for seen in hub.requests]
    assert asked[0] == f"/sha256/{file.sha256}"
    assert any("/resolve/main/" in path for path in asked)


def test_addresses_of_a_mirror():
    with FakeHub() as hub:
        file = file_on(hub)
    assert addresses_at("https://a/b/x.gguf", file) == ("https://a/b/x.gguf",)
    assert addresses_at("https://a/b?x=1", file) == ("https://a/b?x=1",)
    assert addresses_at("https://a/b/", file) == (
        f"https://a/b/sha256/{file.sha256}",
        "https://a/b/model-Q4.gguf",
        "https://a/b/maker/model-GGUF/resolve/main/model%20Q4.gguf",
    )


# --- doctor --network --------------------------------------------------------------------------


@pytest.fixture
def look(hub, home, monkeypatch):
    """Look at a network whose Hub is the fake one; packages are not part of it."""
    monkeypatch.setattr(network, "_check_packages", lambda *_: [])
    offered = next(m for m in catalog.load_catalog().models
                   if m.status == "offer" and m.role == "chat" and m.file)  # fmt: skip
    assert offered.file is not None
    source = next(s for s in offered.file.sources if isinstance(s, HuggingFaceSource))
    hub.add(source.repo, source.file, CONTENT)

    def run(endpoint: str | None = None, **environ: str):
        context = lesson.open_context(
            {**os.environ, "PAADJE_HF_ENDPOINT": endpoint or hub.endpoint, **environ}, lang="nl"
        )
        return lesson.diagnose_network(context, report=ignore, cancel=Cancel())

    return run


def states(found) -> dict[str, str]:
    return {check.code: check.state for check in found.checks}


def test_everything_works(look, hub):
    found = look()
    assert states(found) == {"net_no_proxy": "ok", "net_host": "ok", "net_speed": "ok",
                             "disk": "ok"}  # fmt: skip
    # The file is on another host than the Hub: IT has to know both.
    assert [(host.role, host.host) for host in found.hosts] == [
        ("hub", f"127.0.0.1:{hub.port}"),
        ("hub_files", f"localhost:{hub.port}"),
    ]
    assert hub.bytes_served <= network.SPEED_BYTES


def test_nobody_there(look):
    with unused_port() as port:
        found = look(f"http://127.0.0.1:{port}")
    assert states(found)["net_host_blocked"] == "problem"
    assert found.bytes_per_s is None


def test_login_page(look, hub):
    hub.web_page = True
    assert states(look())["net_block_page"] == "problem"


def test_files_are_blocked_and_the_hub_is_not(look, hub):
    hub.refuse(403)
    found = look()
    assert [host.problem for host in found.hosts] == [None, "models.refused"]
    assert states(found)["net_host_blocked"] == "problem"


def test_offline(look, hub):
    assert states(look(PAADJE_OFFLINE="1")) == {"net_offline": "warning"}
    assert not hub.requests


def test_proxy_without_its_password(look, monkeypatch):
    with unused_port() as port:
        monkeypatch.setenv("http_proxy", f"http://zoe:geheim@127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        found = look("http://hub.example")
    assert found.proxy == f"127.0.0.1:{port}"
    assert "geheim" not in repr(found)
    assert states(found)["net_proxy_refuses"] == "problem"


def test_a_script_for_the_proxy_is_said_where_paadje_does_not_get_through(look, hub, tmp_path):
    script = "http://zoe:geheim@pac.school.example/proxy.pac?key=1"
    assert states(look(auto_proxy=script))["net_proxy_script"] == "ok"
    with unused_port() as port:
        found = look(f"http://127.0.0.1:{port}", auto_proxy=script)
    assert states(found)["net_proxy_script"] == "warning"
    assert found.proxy_script == "pac.school.example"
    assert "geheim" not in repr(found)
    for lang in ("nl", "en"):
        told = " ".join(verb_doctor._lines(found.checks, translator(lang)))
        assert "(PAC): pac.school.example" in told
        assert "HTTPS_PROXY" in told
        lesson.write_letter(tmp_path / "brief.md", found, translator(lang), first_port=42000)
        assert "pac.school.example" in (tmp_path / "brief.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("name", ["brief.html", "brief.md"])
def test_letter_is_one_page_in_both_languages(look, hub, tmp_path, lang, name):
    hub.refuse(403)
    found = look()
    t = translator(lang)
    lesson.write_letter(tmp_path / name, found, t, first_port=42000)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert f"localhost:{hub.port}" in text
    assert "42000" in text
    assert "lesson.letter" not in text
    for host in found.hosts:
        assert host.host in text
    plain = re.sub(r"<style>.*?</style>|<[^>]+>", "", text)
    # About 60 lines of 90 characters fit on a page with room to spare.
    assert sum(1 + len(line) // 90 for line in plain.splitlines() if line.strip()) < 50
    kinds = [kind for kind, _ in letter_lines(found, t, first_port=42000)]
    assert kinds.count("title") == 1


def test_letter_where_nothing_may_be_written(look, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(PaadjeError) as caught:
        lesson.write_letter(tmp_path / "file" / "b.md", look(), translator("nl"), first_port=42000)
    assert caught.value.code == "lesson.letter_unwritable"

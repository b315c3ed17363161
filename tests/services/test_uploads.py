"""Files read by the real process: hostile ones end in time with a friendly message."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import launcher
from launcher.apps.uploads import left_out_sentences, read_upload, read_upload_async, reading
from launcher.apps.uploads.values import LEFT_OUT_CODES, LeftOut, UploadedText
from launcher.errors import PaadjeError
from launcher.i18n import describe_error, translator
from launcher.units import MIB
from tests.unit.uploads.hostile import HARMLESS, HOSTILE, SENTENCE, real_word, slow_pages

MOST_S = 10.0


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_file_gives_a_friendly_message(what: str) -> None:
    name, code, make = HOSTILE[what]
    data = make()
    began = time.monotonic()
    with pytest.raises(PaadjeError) as caught:
        read_upload(name, data)
    assert time.monotonic() - began < MOST_S
    assert caught.value.code == f"uploads.{code}"
    for lang in ("nl", "en"):
        text = describe_error(caught.value, lang)
        assert text.message
        assert "{" not in text.message + text.advice


@pytest.mark.parametrize("what", HARMLESS)
def test_harmless_part_is_read(what: str) -> None:
    name, text, make = HARMLESS[what]
    assert read_upload(name, make()).text == text


def test_word_file_is_read() -> None:
    found = read_upload("verslag.docx", real_word("Een.", "Twee."))
    assert found == UploadedText(kind="docx", paragraphs=("Een.", "Twee."))


def test_time_limit_ends_the_process() -> None:
    before = _children()
    with pytest.raises(PaadjeError) as caught:
        read_upload("a.pdf", slow_pages(), timeout_s=0.5)
    assert (caught.value.code, caught.value.detail) == ("uploads.too_complex", "time limit")
    assert _children() == before


def test_memory_limit_ends_the_reading() -> None:
    assert reading.DEFAULT_MEMORY_BYTES <= 512 * MIB
    with pytest.raises(PaadjeError) as caught:
        read_upload("a.txt", SENTENCE.encode() * 100_000, memory_bytes=48 * MIB)
    assert caught.value.code == "uploads.too_complex"


def test_reader_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(PaadjeError) as caught:
        read_upload("a.txt", b"hallo")
    assert caught.value.code == "uploads.reader_failed"


async def test_a_class_that_uploads_at_once() -> None:
    files = [read_upload_async(f"{n}.txt", f"Tekst nummer {n}.".encode()) for n in range(6)]
    found = await asyncio.gather(*files)
    assert [uploaded.text for uploaded in found] == [f"Tekst nummer {n}." for n in range(6)]


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    read_upload("a.docx", real_word(SENTENCE))
    assert not list(tmp_path.rglob("*"))


def test_the_reader_gets_nothing_of_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("APP_DATA_KEY", "00" * 32)
    assert not {"HTTP_PROXY", "APP_DATA_KEY", "HOME", "PATH"} & set(reading._environment())


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.socket()",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
        "import os; os.system('true')",
        "open('written', 'w')",
        "open('written', 'rb+')",
        "import os; os.open('written', os.O_WRONLY | os.O_CREAT)",
        "import os; os.remove('kept')",
        "import tempfile; tempfile.TemporaryFile()",
    ],
)
def test_a_parser_cannot_reach_out(attempt: str, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("x")
    program = (
        "from launcher.apps.uploads.confine import Refused, forbid_reaching_out\n"
        "forbid_reaching_out()\n"
        f"try:\n    {attempt}\nexcept Refused:\n    print('refused')\n"
    )
    environment = {"PYTHONPATH": str(Path(launcher.__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "refused\n"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.skipif(sys.platform == "win32", reason="a job object does this there")
def test_memory_watch_where_the_address_space_has_no_limit() -> None:
    program = (
        "import sys\nfrom launcher.apps.uploads.confine import watch_memory\n"
        "watch_memory(60 * 1024 * 1024).is_alive()\nheld = []\n"
        "while True:\n    held.append(bytearray(1_000_000))\n"
        "    if len(held) > 4000: sys.exit('not watched')\n"
    )
    environment = {"PYTHONPATH": str(Path(launcher.__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert done.returncode == 3


def test_every_code_has_its_sentences() -> None:
    uploaded = UploadedText(
        kind="pdf",
        paragraphs=("x",),
        left_out=tuple(LeftOut(code=code, count=n) for code in LEFT_OUT_CODES for n in (1, 2)),
    )
    for lang in ("nl", "en"):
        sentences = left_out_sentences(uploaded, translator(lang))
        assert not [text for text in sentences if "uploads." in text or "{" in text]
        for code in reading.CHILD_CODES:
            assert translator(lang).has(f"uploads.error.{code}.message")


def test_output_that_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_ask_reader", lambda *_, **__: json.loads('{"error": "<b>"}'))
    with pytest.raises(PaadjeError) as caught:
        read_upload("a.txt", b"hallo")
    assert caught.value.code == "uploads.damaged"


def _children() -> set[str]:
    tasks = Path(f"/proc/{os.getpid()}/task")
    if not tasks.is_dir():
        return set()
    return {pid for task in tasks.iterdir() for pid in (task / "children").read_text().split()}

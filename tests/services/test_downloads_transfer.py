"""Every way a server can fail: then the file is right, or the error is clear and the part stays."""

import errno
import hashlib
import os
import random
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.downloads import disk, transfer
from launcher.downloads.part import PartFile, note_file_of
from launcher.downloads.transfer import Patience, Request, fetch
from launcher.errors import Cancelled, PaadjeError
from launcher.events import Cancel, Event, Notice, Progress
from launcher.i18n import describe_error
from tests.fake_hub import FakeHub, unused_port

CONTENT = b"GGUF" + random.Random(1).randbytes(3_000_001)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HALF = 1_500_000
REPO, FILE = "maker/model", "model.gguf"
QUICK = Patience(attempts=3, stall_s=20.0, first_wait_s=0.001, longest_wait_s=0.001)
STALLS_SOON = replace(QUICK, stall_s=0.5)
"""A busy computer is no stall; where one is meant, it is noticed soon."""


class Events(list[Event]):
    def notices(self) -> list[str]:
        return [event.code for event in self if isinstance(event, Notice)]

    def progress(self) -> list[Progress]:
        return [event for event in self if isinstance(event, Progress)]


@pytest.fixture
def hub():
    with FakeHub() as hub:
        hub.add(REPO, FILE, CONTENT)
        yield hub


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "modellen van Zoë" / "een model.gguf"


def run(hub: FakeHub, target: Path, events: Events | None = None, **changes: object) -> Path:
    options: dict[str, object] = {
        "target": target,
        "size_bytes": len(CONTENT),
        "sha256": SHA256,
        "report": (events if events is not None else Events()).append,
        "patience": QUICK,
        **changes,
    }
    return fetch(hub.url(REPO, FILE), **options)  # type: ignore[arg-type]


def part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def bad_of(target: Path) -> Path:
    return target.with_name(target.name + ".bad")


def assert_clean(target: Path) -> None:
    assert target.read_bytes() == CONTENT
    assert not part_of(target).exists()
    assert not note_file_of(part_of(target)).exists()
    assert not bad_of(target).exists()


def failure(hub: FakeHub, target: Path, **changes: object) -> PaadjeError:
    with pytest.raises(PaadjeError) as caught:
        run(hub, target, **changes)
    for lang in ("nl", "en"):
        text = describe_error(caught.value, lang)
        assert caught.value.code not in text.message
        assert text.advice
    return caught.value


def leave_half(hub: FakeHub, target: Path) -> None:
    """A part from an earlier run that ended halfway."""
    hub.drop_after_bytes = HALF
    failure(hub, target, patience=Patience(attempts=1))
    hub.drop_after_bytes = None
    assert part_of(target).read_bytes() == CONTENT[:HALF]


def test_whole_file(hub, target):
    events = Events()
    assert run(hub, target, events) == target
    assert_clean(target)
    assert hub.bytes_served == len(CONTENT)
    last = events.progress()[-1]
    assert (last.done_bytes, last.total_bytes) == (len(CONTENT), len(CONTENT))
    assert last.bytes_per_s


def test_progress_at_most_ten_a_second(hub, target):
    events = Events()
    started = time.monotonic()
    run(hub, target, events)
    assert len(events.progress()) <= 10 * (time.monotonic() - started) + 2


def test_drops_are_resumed_within_one_call(hub, target):
    hub.drop_after_bytes = 400_000
    events = Events()
    run(hub, target, events)
    assert_clean(target)
    assert hub.bytes_served == len(CONTENT)
    # Every drop brought something new, so the number of attempts is not limited.
    assert events.notices() == ["models.retrying"] * 7


def test_next_run_goes_on_from_the_last_byte(hub, target):
    leave_half(hub, target)
    events = Events()
    run(hub, target, events)
    assert_clean(target)
    assert hub.ranges()[-1] == f"bytes={HALF}-"
    assert hub.bytes_served == len(CONTENT)
    assert "models.resumed" in events.notices()


def test_a_complete_part_needs_no_server(hub, target):
    target.parent.mkdir(parents=True)
    part = PartFile(target, transfer.PartNote(size_bytes=len(CONTENT), sha256=SHA256))
    part.open(cancel=Cancel(), report=Events().append, step="models.recheck")
    part.append(CONTENT)
    part.close()
    run(hub, target)
    assert_clean(target)
    assert hub.bytes_served == 0


def test_a_file_that_is_there_is_not_fetched_again(hub, target):
    run(hub, target)
    run(hub, target)
    assert hub.bytes_served == len(CONTENT)


def test_range_ignored_starts_from_zero_and_says_so(hub, target):
    leave_half(hub, target)
    hub.ignore_range = True
    events = Events()
    run(hub, target, events)
    assert_clean(target)
    assert "models.from_zero" in events.notices()
    assert hub.bytes_served == HALF + len(CONTENT)


def test_range_ignored_and_dropped_each_time_ends(hub, target):
    hub.ignore_range = True
    hub.drop_after_bytes = HALF
    assert failure(hub, target).code == "models.interrupted"
    assert part_of(target).read_bytes() == CONTENT[:HALF]
    assert len(hub.ranges()) == QUICK.attempts


def test_wrong_piece_is_not_used(hub, target):
    leave_half(hub, target)
    hub.wrong_range = True
    events = Events()
    run(hub, target, events)
    assert_clean(target)
    assert "models.from_zero" in events.notices()


def test_stall_is_noticed_and_resumed(hub, target):
    hub.stall_after_bytes = HALF
    events = Events()

    def report(event: Event) -> None:
        events.append(event)
        if isinstance(event, Notice):
            hub.stall_after_bytes = None

    run(hub, target, report=report, patience=STALLS_SOON)
    assert_clean(target)
    assert hub.ranges() == [None, f"bytes={HALF}-"]


def test_stall_that_stays_ends_with_its_error(hub, target):
    hub.stall_after_bytes = 0
    assert failure(hub, target, patience=Patience(attempts=1, stall_s=0.2)).code == "models.stalled"


@pytest.mark.parametrize("extra", [1000, -1000])
def test_a_lie_about_the_length_is_refused_and_keeps_the_part(hub, target, extra):
    leave_half(hub, target)
    hub.announce_extra_bytes = extra
    assert failure(hub, target).code == "models.wrong_size"
    assert part_of(target).read_bytes() == CONTENT[:HALF]


def test_a_lie_about_the_etag_does_not_matter(hub, target):
    leave_half(hub, target)
    hub.wrong_etag = True
    run(hub, target)
    assert_clean(target)
    assert hub.bytes_served == len(CONTENT)


def test_without_a_length(hub, target):
    hub.no_length = True
    run(hub, target)
    assert_clean(target)


def test_cut_off_without_a_length_is_resumed(hub, target):
    hub.no_length = True
    hub.drop_after_bytes, hub.drop_times = HALF, 1
    run(hub, target)
    assert_clean(target)


def test_unknown_size_and_hash(hub, target):
    run(hub, target, size_bytes=None, sha256=None)
    assert target.read_bytes() == CONTENT


def test_wrong_bytes_are_set_aside_with_both_hashes(hub, target):
    hub.wrong_bytes_from = HALF
    error = failure(hub, target)
    assert error.code == "models.hash_mismatch"
    found = hashlib.sha256(bad_of(target).read_bytes()).hexdigest()
    assert found in error.detail
    assert SHA256 in error.detail
    assert not target.exists()
    assert not part_of(target).exists()
    hub.wrong_bytes_from = None
    run(hub, target)
    assert target.read_bytes() == CONTENT


def test_bad_first_half_does_not_poison_the_next_source(hub, target):
    hub.wrong_bytes_from = 1000
    hub.drop_after_bytes = HALF
    failure(hub, target, patience=Patience(attempts=1))
    hub.wrong_bytes_from = hub.drop_after_bytes = None
    events = Events()
    run(hub, target, events)
    assert target.read_bytes() == CONTENT
    assert "models.resumed_wrong" in events.notices()


def test_part_of_another_file_is_not_continued(hub, target):
    leave_half(hub, target)
    other = CONTENT[::-1]
    hub.add(REPO, FILE, other)
    events = Events()
    run(hub, target, events, sha256=hashlib.sha256(other).hexdigest())
    assert target.read_bytes() == other
    assert "models.part_of_other_file" in events.notices()
    # Only the user removes what was fetched.
    kept = part_of(target.with_name(target.name + ".1"))
    assert kept.read_bytes() == CONTENT[:HALF]
    assert note_file_of(kept).is_file()


def test_wrong_file_is_not_in_the_way_of_the_right_one(hub, target, monkeypatch):
    target.parent.mkdir(parents=True)
    bad_of(target).write_bytes(b"wrong")
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 2**32 * (not bad_of(target).exists()))
    events = Events()
    run(hub, target, events)
    assert_clean(target)
    assert events.notices() == ["models.bad_removed"]


def test_login_page_of_a_network_does_not_eat_the_part(hub, target):
    leave_half(hub, target)
    hub.web_page = True
    assert failure(hub, target).code == "models.web_page"
    assert part_of(target).read_bytes() == CONTENT[:HALF]


@pytest.mark.parametrize(
    ("status", "code", "requests"),
    [
        (401, "models.needs_token", 1),
        (403, "models.forbidden", 1),
        (404, "models.not_found", 1),
        (407, "models.proxy", 1),
        (418, "models.refused", 1),
        (429, "models.too_busy", 3),
        (500, "models.server_error", 3),
        (503, "models.server_error", 3),
    ],
)
def test_refusals(hub, target, status, code, requests):
    leave_half(hub, target)
    before = len(hub.requests)
    hub.refuse(status)
    assert failure(hub, target).code == code
    assert len(hub.requests) - before == requests
    assert part_of(target).read_bytes() == CONTENT[:HALF]
    hub.refusals.clear()
    run(hub, target)
    assert_clean(target)
    assert hub.bytes_served == len(CONTENT)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_passing_failures_are_passed(hub, target, status):
    hub.refuse(status, times=2)
    run(hub, target)
    assert_clean(target)


def test_retry_after_is_waited_for(hub, target):
    class Waits(Cancel):
        seen: list[float] = []  # noqa: RUF012

        def wait(self, timeout_s: float) -> bool:
            self.seen.append(timeout_s)
            return False

    hub.refuse(429, times=1, headers={"Retry-After": "42"})
    run(hub, target, cancel=Waits())
    assert Waits.seen == [42.0]


def test_retry_after_that_is_too_long_is_told_at_once(hub, target):
    hub.refuse(429, headers={"Retry-After": "3600"})
    assert failure(hub, target).code == "models.too_busy"
    assert len(hub.requests) == 1


def test_range_refused_asks_for_the_whole_file(hub, target):
    leave_half(hub, target)
    hub.refuse(416, times=1)
    run(hub, target)
    assert_clean(target)
    assert hub.ranges()[-1] is None


def test_file_that_became_shorter(hub, target):
    leave_half(hub, target)
    hub.add(REPO, FILE, CONTENT[:1000])
    assert failure(hub, target).code == "models.wrong_size"
    assert part_of(target).read_bytes() == CONTENT[:HALF]


def test_nobody_answers(target):
    with unused_port() as port, pytest.raises(PaadjeError) as caught:
        fetch(f"http://user:secret@127.0.0.1:{port}/x?sig=secret", target=target, patience=QUICK)
    assert caught.value.code == "models.unreachable"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://", "nonsense", "ftp://127.0.0.1/x", "http://[::1/x"])
def test_addresses_that_are_none(target, url):
    with pytest.raises(PaadjeError) as caught:
        fetch(url, target=target, patience=QUICK)
    assert caught.value.code in ("models.bad_address", "models.unreachable")


def test_signed_address_is_resolved_for_each_attempt(hub, target):
    hub.single_use_signatures = True
    hub.drop_after_bytes = 1_000_000
    resolved = []

    def resolve() -> Request:
        resolved.append(hub.sign(REPO, FILE))
        return Request(url=resolved[-1])

    fetch(resolve, target=target, size_bytes=len(CONTENT), sha256=SHA256, patience=QUICK)
    assert_clean(target)
    assert len(resolved) == 4


def test_cancel_while_waiting_for_bytes_keeps_the_part(hub, target):
    hub.stall_after_bytes = HALF
    cancel = Cancel()

    def work() -> None:
        with pytest.raises(Cancelled):
            run(hub, target, cancel=cancel, patience=Patience())

    thread = threading.Thread(target=work)
    thread.start()
    assert hub.stalled.wait(30)
    wait_until(lambda: part_of(target).stat().st_size == HALF)
    cancel.request()
    # Before the stall would be noticed, and long before the socket gives up.
    thread.join(20)
    assert not thread.is_alive()
    assert part_of(target).read_bytes() == CONTENT[:HALF]
    hub.stall_after_bytes = None
    run(hub, target)
    assert_clean(target)


def test_cancel_before_the_start_fetches_nothing(hub, target):
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        run(hub, target, cancel=cancel)
    assert hub.bytes_served == 0


def test_no_room_is_refused_before_the_first_byte(hub, target, monkeypatch):
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 2**31)
    error = failure(hub, target)
    assert error.code == "models.no_disk_space"
    assert (error.params["needed"], error.params["free"]) == (3, 2)
    assert not hub.requests


def test_disk_full_in_the_middle_keeps_the_part(hub, target, monkeypatch):
    real_write = os.write
    written = []

    def write(descriptor: int, data: bytes) -> int:
        if sum(written) >= HALF:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real_write(descriptor, data[: HALF - sum(written)])
        written.append(count)
        return count

    monkeypatch.setattr("launcher.downloads.part.os.write", write)
    assert failure(hub, target).code == "models.no_disk_space"
    assert part_of(target).read_bytes() == CONTENT[:HALF]
    monkeypatch.undo()
    run(hub, target)
    assert_clean(target)
    assert hub.ranges()[-1] == f"bytes={HALF}-"


def test_folder_that_cannot_be_written(hub, tmp_path):
    (tmp_path / "file").write_text("x")
    assert failure(hub, tmp_path / "file" / "model.gguf").code == "models.cannot_write"


def test_second_process_is_told_that_it_is_busy(hub, target):
    hub.stall_after_bytes = HALF
    cancel = Cancel()

    def work() -> None:
        with pytest.raises(Cancelled):
            run(hub, target, cancel=cancel, patience=Patience())

    thread = threading.Thread(target=work)
    thread.start()
    assert hub.stalled.wait(30)
    assert failure(hub, target).code == "models.busy"
    cancel.request()
    thread.join(30)
    hub.stall_after_bytes = None
    run(hub, target)
    assert_clean(target)


@pytest.mark.parametrize(
    "value", ["", "soon", "-1", "9" * 5000, "Mon, 01 Jan 0001 00:00:00", "Mon, 99 Jan 2024"]
)
def test_retry_after_that_is_nonsense(hub, target, value):
    hub.refuse(503, times=1, headers={"Retry-After": value})
    run(hub, target)
    assert_clean(target)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Range": "bytes"},
        {"Content-Range": f"bytes {'1' * 5000}-2/3"},
        {"Content-Range": "bytes 0-10/*"},
    ],
)
def test_partial_answer_that_is_nonsense(hub, target, headers):
    leave_half(hub, target)
    hub.refuse(206, times=1, headers=headers)
    run(hub, target)
    assert_clean(target)


def wait_until(condition, limit_s: float = 30.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.01)

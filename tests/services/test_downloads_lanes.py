"""Several connections for one file: the right bytes, none of them twice, whatever goes wrong."""

import hashlib
import random
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.downloads.pace import Pace, Patience
from launcher.downloads.part import bytes_in_part
from launcher.downloads.transfer import fetch
from launcher.errors import Cancelled, PaadjeError
from launcher.events import Cancel, Event, Notice, Progress
from tests.fake_hub import FakeHub

CHUNK = 256 * 1024
CONTENT = b"GGUF" + random.Random(5).randbytes(40 * CHUNK + 12_345)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
REPO, FILE = "maker/model", "model.gguf"
QUICK = Patience(attempts=3, stall_s=20.0, first_wait_s=0.001, longest_wait_s=0.001)
STALLS_SOON = replace(QUICK, stall_s=0.5)
CONNECTIONS = 4
WIDE = Pace(
    connections=CONNECTIONS,
    chunk_bytes=CHUNK,
    least_bytes=CHUNK,
    probe_s=0.0,
    enough_bytes_per_s=float("inf"),
)


@pytest.fixture
def hub():
    with FakeHub() as hub:
        hub.add(REPO, FILE, CONTENT)
        yield hub


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "een model.gguf"


def run(hub: FakeHub, target: Path, events: list[Event] | None = None, **changes: object) -> Path:
    options: dict[str, object] = {
        "target": target,
        "size_bytes": len(CONTENT),
        "sha256": SHA256,
        "report": (events if events is not None else []).append,
        "patience": QUICK,
        "pace": WIDE,
        **changes,
    }
    return fetch(hub.url(REPO, FILE), **options)  # type: ignore[arg-type]


def notices(events: list[Event]) -> list[str]:
    return [event.code for event in events if isinstance(event, Notice)]


def assert_clean(target: Path) -> None:
    assert target.read_bytes() == CONTENT
    assert sorted(path.name for path in target.parent.iterdir() if path.name[0] != ".") == [
        target.name
    ]


def test_more_connections_at_the_same_time(hub, target):
    hub.pace_bytes_per_s = 4_000_000
    events: list[Event] = []
    run(hub, target, events)
    assert_clean(target)
    assert notices(events) == ["models.several_connections"]
    # The first connection may not have noticed yet that it was left.
    assert hub.most_at_once in (CONNECTIONS, CONNECTIONS + 1)
    assert len([event for event in events if isinstance(event, Progress)]) > 2


def test_one_connection_is_enough_on_a_fast_network(hub, target):
    run(hub, target, pace=Pace(chunk_bytes=CHUNK, least_bytes=CHUNK, probe_s=0.0,
                               enough_bytes_per_s=1.0))  # fmt: skip
    assert_clean(target)
    assert hub.ranges() == [None]
    assert hub.bytes_served == len(CONTENT)


def test_server_that_says_nothing_of_ranges_has_one_connection(hub, target):
    hub.says_ranges = False
    run(hub, target)
    assert_clean(target)
    assert hub.ranges() == [None]


def test_server_that_promises_pieces_and_gives_the_whole(hub, target):
    hub.ignore_range = True
    events: list[Event] = []
    run(hub, target, events)
    assert_clean(target)
    assert "models.from_zero" in notices(events)


def test_server_that_gives_another_piece(hub, target):
    hub.wrong_range = True
    run(hub, target)
    assert_clean(target)


def test_every_connection_drops(hub, target):
    hub.drop_after_bytes = 100_000
    run(hub, target)
    assert_clean(target)
    # Only what was under way on the first connection can have been for nothing.
    assert hub.bytes_served <= len(CONTENT) + 100_000


def test_server_that_allows_two_connections(hub, target):
    hub.most_connections = 2
    hub.pace_bytes_per_s = 8_000_000
    run(hub, target)
    assert_clean(target)
    assert hub.most_at_once == 2


def test_one_connection_stalls_and_the_others_go_on(hub, target):
    hub.stall_once_from = 8 * CHUNK
    run(hub, target, patience=STALLS_SOON)
    assert hub.stalled.is_set()
    assert_clean(target)


def test_all_refused_ends_with_the_error_and_keeps_the_part(hub, target):
    def refuse_after_a_while(event: Event) -> None:
        if isinstance(event, Progress) and event.done_bytes > 10 * CHUNK:
            hub.refuse(403)

    hub.pace_bytes_per_s = 4_000_000
    with pytest.raises(PaadjeError) as caught:
        fetch(hub.url(REPO, FILE), target=target, size_bytes=len(CONTENT), sha256=SHA256,
              report=refuse_after_a_while, patience=QUICK, pace=WIDE)  # fmt: skip
    assert caught.value.code == "models.forbidden"
    kept = bytes_in_part(target.with_name(target.name + ".part"))
    assert kept > 10 * CHUNK
    hub.refusals.clear()
    before = hub.bytes_served
    hub.pace_bytes_per_s = None
    run(hub, target)
    assert_clean(target)
    assert hub.bytes_served - before <= len(CONTENT) - kept + CONNECTIONS * CHUNK


def test_cancel_keeps_every_byte(hub, target):
    hub.pace_bytes_per_s = 4_000_000
    cancel = Cancel()
    asked: list[float] = []

    def stop_halfway(event: Event) -> None:
        if isinstance(event, Progress) and event.done_bytes > len(CONTENT) // 2 and not asked:
            asked.append(time.monotonic())
            cancel.request()

    with pytest.raises(Cancelled):
        run(hub, target, report=stop_halfway, cancel=cancel)
    assert time.monotonic() - asked[0] < 0.5
    kept = bytes_in_part(target.with_name(target.name + ".part"))
    assert kept > len(CONTENT) // 2
    before = hub.bytes_served
    hub.pace_bytes_per_s = None
    run(hub, target)
    assert_clean(target)
    # What was under way when we stopped.
    under_way = CONNECTIONS * CHUNK
    assert hub.bytes_served - before <= len(CONTENT) - kept + under_way


def test_a_part_with_gaps_is_finished_over_one_connection(hub, target):
    test_cancel = Cancel()

    def stop(event: Event) -> None:
        if isinstance(event, Progress) and event.done_bytes > 12 * CHUNK:
            test_cancel.request()

    hub.pace_bytes_per_s = 4_000_000
    with pytest.raises(Cancelled):
        run(hub, target, report=stop, cancel=test_cancel)
    hub.pace_bytes_per_s = None
    run(hub, target, pace=Pace(connections=1))
    assert_clean(target)


def test_wrong_bytes_over_several_connections_are_set_aside(hub, target):
    hub.wrong_bytes_from = 20 * CHUNK
    with pytest.raises(PaadjeError) as caught:
        run(hub, target)
    assert caught.value.code == "models.hash_mismatch"
    assert not target.exists()
    hub.wrong_bytes_from = None
    run(hub, target)
    assert target.read_bytes() == CONTENT


def test_a_note_that_lies_does_not_give_a_wrong_file(hub, target):
    part = target.with_name(target.name + ".part")
    part.write_bytes(bytes(len(CONTENT)))
    part.with_name(part.name + ".json").write_text(
        f'{{"version": 1, "layout": "spans", "size_bytes": {len(CONTENT)}, "sha256": "{SHA256}",'
        f' "spans": [[0, {len(CONTENT)}]]}}'
    )
    events: list[Event] = []
    run(hub, target, events)
    assert target.read_bytes() == CONTENT
    assert "models.resumed_wrong" in notices(events)


def test_limit_of_the_speed(hub, target):
    limit = 8_000_000
    began = time.monotonic()
    run(hub, target, pace=Pace(limit_bytes_per_s=limit))
    assert_clean(target)
    assert len(CONTENT) / (time.monotonic() - began) <= 1.05 * limit
    assert hub.most_at_once == 1


CHILD = """
import sys
from pathlib import Path
from launcher.downloads.transfer import Pace, fetch
url, target, size, sha256, chunk, ways = sys.argv[1:]
pace = Pace(connections=int(ways), chunk_bytes=int(chunk), least_bytes=0, probe_s=0.0,
            enough_bytes_per_s=float("inf"))
fetch(url, target=Path(target), size_bytes=int(size), sha256=sha256, pace=pace)
"""


@pytest.mark.parametrize(("connections", "chunk"), [(1, 1024 * 1024), (CONNECTIONS, 256 * 1024)])
def test_killed_at_ten_random_moments(tmp_path, connections, chunk):
    """Counted by the server: after each kill at most one chunk per connection comes again."""
    size = 48 * 1024 * 1024
    content = b"GGUF" + random.Random(7).randbytes(size)
    target = tmp_path / "model.gguf"
    seed = random.randrange(10**6)
    moments = sorted(random.Random(seed).randrange(size // 48, size // 6 * 5) for _ in range(10))
    with FakeHub() as hub:
        sha256 = hub.add(REPO, FILE, content)
        # A connection that is slow enough to have little under way in the network itself.
        hub.pace_bytes_per_s = 24_000_000 / connections
        command = [sys.executable, "-c", CHILD, hub.url(REPO, FILE), str(target)]
        command += [str(len(content)), sha256, str(chunk), str(connections)]
        for moment in moments:
            reached = threading.Event()
            # Already passed by what came again: kill as soon as anything more comes.
            hub.tell_at(max(moment, hub.bytes_served + 1), reached)
            child = subprocess.Popen(command)
            try:
                assert reached.wait(60), f"seed {seed}"
            finally:
                child.kill()
                child.wait()
        subprocess.run(command, check=True, timeout=120)
        assert target.read_bytes() == content
        again = hub.bytes_served - len(content)
        assert again <= 10 * connections * chunk, f"seed {seed}: {again} bytes again"
        print(f"{connections} connections: {again / chunk:.2f} chunks again after ten kills")  # noqa: T201

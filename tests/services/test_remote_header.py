"""Headers of model files that are still on a server."""

import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from launcher import catalog
from launcher.catalog.schema import HuggingFaceSource, ModelFile
from launcher.errors import Cancelled, PaadjeError
from launcher.events import Cancel
from launcher.models.gguf import GgufHeader, read_header
from launcher.models.remote_header import RemotePart, header_of_model, read_remote_header
from launcher.units import KIB, MIB
from tests.fake_hub import FakeHub
from tests.unit.models import making

REPO = "maker/model-GGUF"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub() as running:
        yield running


def put(hub: FakeHub, content: bytes, name: str = "m.gguf") -> RemotePart:
    hub.add(REPO, name, content)
    return RemotePart(url=hub.url(REPO, name), name=name, size_bytes=len(content))


def read(*parts: RemotePart, **more: object) -> GgufHeader:
    return read_remote_header(parts, headers={}, cancel=Cancel(), **more)  # type: ignore[arg-type]


def with_long_header(megabytes: int) -> bytes:
    """A file whose vocabulary takes so many MB, with 4 MB of weights behind it."""
    words = making.text(b"w" * 1016) * (megabytes * KIB)
    keys = [
        making.string("general.architecture", "llama"),
        making.array("tokenizer.ggml.tokens", 8, megabytes * KIB, words),
        making.uint32("llama.block_count", 2),
    ]
    data = making.head(len(keys), 1) + b"".join(keys) + making.tensor("w", (4 * MIB,), 24, 0)
    return data + b"\0" * (-len(data) % 32) + bytes(4 * MIB)


def test_the_real_model_is_read_from_its_first_piece(hub: FakeHub, starter_model: Path) -> None:
    found = read(put(hub, starter_model.read_bytes()))
    assert found == read_header(starter_model)
    assert hub.ranges() == [f"bytes=0-{2 * MIB - 1}"]


def test_a_long_header_is_fetched_in_growing_pieces(hub: FakeHub) -> None:
    found = read(put(hub, with_long_header(5)))
    assert (found.shape.layers, found.shape.vocabulary_size) == (2, 5 * KIB)
    edges = [0, 2 * MIB, 4 * MIB, 8 * MIB]
    assert hub.ranges() == [f"bytes={start}-{end - 1}" for start, end in pairwise(edges)]


def test_a_header_beyond_32_mb_is_refused_and_no_more_is_asked_for(hub: FakeHub) -> None:
    with pytest.raises(PaadjeError, match="gguf_broken"):
        read(put(hub, with_long_header(40)))
    assert hub.ranges()[-1] == f"bytes={16 * MIB}-{32 * MIB - 1}"
    assert hub.bytes_served <= 32 * MIB


def test_through_the_hubs_redirect_from_the_catalog(hub: FakeHub, starter_model: Path) -> None:
    content = starter_model.read_bytes()
    sha256 = hub.add(REPO, "m.gguf", content)
    file = ModelFile(
        name="m.gguf",
        size_bytes=len(content),
        sha256=sha256,
        sources=(HuggingFaceSource(repo=REPO, file="m.gguf"),),
    )
    found = header_of_model(file, hf_endpoint=hub.endpoint, environ={}, cancel=Cancel())
    shape, known = found.shape, catalog.load_catalog().practice_model().shape
    assert (shape.layers, shape.kv_heads) == (known.layers, known.kv_heads)


def split_part(number: int, count: int, tensor: bytes, size: int) -> bytes:
    keys = [
        making.string("general.architecture", "llama"),
        making.text("split.no") + struct.pack("<IH", 2, number),
        making.text("split.count") + struct.pack("<IH", 2, count),
        making.uint32("llama.block_count", 2),
    ]
    data = making.head(len(keys), 1) + b"".join(keys) + tensor
    return data + b"\0" * (-len(data) % 32) + bytes(size)


def test_a_split_model_is_read_part_by_part(hub: FakeHub) -> None:
    parts = [
        put(hub, split_part(0, 2, making.tensor("token_embd.weight", (64,), 2, 0), 36), "a.gguf"),
        put(hub, split_part(1, 2, making.tensor("blk.0.w_exps.w", (128,), 0, 0), 512), "b.gguf"),
    ]
    header = read(*parts)
    assert (header.tensor_count, header.sizes.total_bytes) == (2, 36 + 512)
    assert header.shape.expert_bytes == 512
    assert header.shape.repeated_bytes == 36
    with pytest.raises(PaadjeError, match="gguf_broken"):
        read(parts[0])


def test_a_connection_that_breaks_is_said(hub: FakeHub, starter_model: Path) -> None:
    hub.drop_after_bytes, hub.drop_times = 300_000, 1
    with pytest.raises(PaadjeError) as caught:
        read(put(hub, starter_model.read_bytes()))
    assert caught.value.code in {"models.unreachable", "models.interrupted", "models.bad_address"}


def test_a_server_that_gives_whole_files_only_is_not_read_to_the_end(hub: FakeHub) -> None:
    hub.ignore_range = True
    found = read(put(hub, making.small_gguf()))
    assert found.shape.layers == 2
    with pytest.raises(PaadjeError, match="range_refused"):
        read(put(hub, with_long_header(5)))


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"web_page": True}, "models.not_gguf"),
        ({"wrong_bytes_from": 3}, "models.not_gguf"),
        ({"wrong_bytes_from": 4}, "models.gguf_broken"),
    ],
)
def test_what_a_server_may_do_wrong(hub: FakeHub, fault: dict[str, object], code: str) -> None:
    part = put(hub, making.small_gguf())
    for name, value in fault.items():
        setattr(hub, name, value)
    with pytest.raises(PaadjeError) as caught:
        read(part)
    assert caught.value.code == code


def test_another_piece_than_was_asked_for_is_refused(hub: FakeHub) -> None:
    hub.wrong_range = True
    with pytest.raises(PaadjeError, match="range_refused"):
        read(put(hub, with_long_header(5)))


def test_a_server_that_drips_is_given_up(hub: FakeHub, starter_model: Path) -> None:
    hub.pace_bytes_per_s = 200_000
    with pytest.raises(PaadjeError, match="unreachable"):
        read(put(hub, starter_model.read_bytes()), within_s=0.5)


def test_nothing_is_there(hub: FakeHub) -> None:
    gone = RemotePart(url=hub.url(REPO, "gone.gguf"), name="gone.gguf", size_bytes=99)
    with pytest.raises(PaadjeError, match="not_found"):
        read(gone)


def test_it_can_be_cancelled(hub: FakeHub) -> None:
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        read_remote_header([put(hub, making.small_gguf())], headers={}, cancel=cancel)

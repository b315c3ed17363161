"""Counting what leaves for the internet, from the system's own words."""

from collections.abc import Sequence

import pytest

from launcher.sharing.outbound import Connection, OutboundMeter, is_internet, parse_ss

SS = """\
ESTAB 0      0      127.0.0.1:43767    127.0.0.1:50218 users:(("python3",pid=10,fd=26))
\t ts sack cubic wscale:10,10 bytes_sent:384 bytes_acked:384 bytes_received:795 segs_out:4
ESTAB 0      0      192.168.1.5:42000    192.168.1.77:50218 users:(("python3",pid=10,fd=27))
\t ts sack cubic bytes_sent:5000 bytes_acked:384
ESTAB 0      0      192.168.1.5:51000    93.184.216.34:443 users:(("curl",pid=11,fd=5),("sh",pid=12,fd=5)) timer:(keepalive,1min,0)
\t ts sack cubic bytes_sent:517 bytes_acked:517
SYN-SENT 0   1      [2001:db8::5%eth0]:51000    [2606:2800:220:1::1]:443 users:(("x",pid=13,fd=5))
\t cubic rto:1000
ESTAB 0      0      192.168.1.5:51001    93.184.216.34:443
\t cubic bytes_sent:9
"""  # noqa: E501


def test_the_words_of_ss() -> None:
    assert parse_ss(SS) == [
        Connection(pid=10, local="127.0.0.1:43767", remote="127.0.0.1", sent_bytes=384),
        Connection(pid=10, local="192.168.1.5:42000", remote="192.168.1.77", sent_bytes=5000),
        Connection(pid=11, local="192.168.1.5:51000", remote="93.184.216.34", sent_bytes=517),
        Connection(pid=12, local="192.168.1.5:51000", remote="93.184.216.34", sent_bytes=517),
        Connection(
            pid=13, local="[2001:db8::5%eth0]:51000", remote="2606:2800:220:1::1", sent_bytes=0
        ),
    ]


@pytest.mark.parametrize(
    ("address", "internet"),
    [
        ("127.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("fe80::1%eth0", False),
        ("192.168.1.77", False),
        ("10.9.9.9", True),
        ("93.184.216.34", True),
        ("2606:2800::1", True),
        ("nonsense", True),
        ("", True),
    ],
)
def test_the_network_of_the_class_is_not_the_internet(address: str, internet: bool) -> None:
    assert is_internet(address, ("192.168.1.0/24",)) == internet


def meter(outputs: list[str], pids: set[int]) -> OutboundMeter:
    def run(argv: Sequence[str]) -> str:
        return outputs.pop(0)

    return OutboundMeter(
        pids=lambda: pids, own_networks=("192.168.1.0/24",), run=run, platform="linux"
    )


def test_only_our_own_programs_count_and_nothing_is_counted_twice() -> None:
    later = SS.replace("bytes_sent:517", "bytes_sent:600")
    counting = meter([SS, later, SS], {10, 11})
    assert counting.reading.clean is False  # Nothing was looked at yet.
    assert counting.look().bytes == 517
    assert counting.look().bytes == 600
    last = counting.look()
    assert (last.bytes, last.connections, last.looks, last.method) == (600, 1, 3, "bytes")
    assert last.clean is False


def test_a_lesson_that_stays_in_the_room_is_clean() -> None:
    reading = meter([SS], {10}).look()
    assert (reading.bytes, reading.connections, reading.clean) == (0, 0, True)


def test_without_counters_it_says_so() -> None:
    counting = meter([""], {2**30})
    assert counting.look().method == "connections"

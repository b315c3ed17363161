"""Free ports, on real sockets."""

import socket

import pytest

from launcher.errors import PaadjeError
from launcher.services import ports


@pytest.fixture
def taken() -> object:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_can_be_listened_on() -> None:
    port = ports.free_port()
    assert ports.is_free("127.0.0.1", port)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))


def test_a_port_with_a_listener_is_not_free(taken: int) -> None:
    assert not ports.is_free("127.0.0.1", taken)


def test_a_listener_on_all_addresses_counts() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        assert not ports.is_free("127.0.0.1", listener.getsockname()[1])


def test_a_port_of_a_connection_that_winds_down_is_free() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = listener.getsockname()
        with socket.create_connection(address) as client:
            accepted, _ = listener.accept()
            accepted.close()  # Closing first leaves this end in TIME_WAIT.
            assert client.recv(1) == b""
    assert ports.is_free(*address)


def test_the_next_free_port_is_taken(taken: int) -> None:
    assert ports.first_free_port("127.0.0.1", taken) > taken


def test_no_free_port_within_the_count(taken: int) -> None:
    with pytest.raises(PaadjeError) as caught:
        ports.first_free_port("127.0.0.1", taken, count=1)
    assert caught.value.params == {"port": taken}


def test_an_address_that_is_not_ours_is_not_free() -> None:
    assert not ports.is_free("192.0.2.1", 42000)

"""Which ports are free. A port that is free now can be taken a moment later: bind, then trust."""

import socket
import sys

from launcher.errors import PaadjeError

LOOPBACK = "127.0.0.1"


def is_free(address: str, port: int) -> bool:
    """Whether a program could listen on ``address``:``port`` now."""
    with socket.socket(_family(address), socket.SOCK_STREAM) as probe:
        if sys.platform == "win32":
            # Windows would let two programs share the port without this.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # Connections that are winding down do not keep a new listener away.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A free port on loopback, chosen by the system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def first_free_port(address: str, start: int, count: int = 50) -> int:
    """The first free port of ``start`` … ``start + count - 1``; else ``services.port_taken``."""
    for port in range(start, min(start + count, 65536)):
        if is_free(address, port):
            return port
    raise PaadjeError("services.port_taken", port=start)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET

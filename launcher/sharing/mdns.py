"""A name on the local network beside the address: a bonus, never the only way in.

Older Android phones cannot resolve names that end in ``.local``, and many schools block multicast.
Without the library, or without multicast, a lesson simply has no name.
"""

import contextlib
import socket
from typing import Any

NAME = "paadje"


class Announcement:
    """``<name>.local`` while it lasts. ``name`` is None when the network does not take it."""

    def __init__(self) -> None:
        self._zeroconf: Any = None
        self.name: str | None = None

    def start(self, address: str, port: int) -> None:
        """Announce on this address only; nothing happens where that is not possible."""
        self.stop()
        try:
            from zeroconf import BadTypeInNameException, ServiceInfo, Zeroconf
            from zeroconf import Error as ZeroconfError
        except ImportError:
            return
        info = ServiceInfo(
            "_http._tcp.local.",
            f"{NAME}._http._tcp.local.",
            addresses=[socket.inet_aton(address)],
            port=port,
            server=f"{NAME}.local.",
        )
        try:
            self._zeroconf = Zeroconf(interfaces=[address])
            self._zeroconf.register_service(info, allow_name_change=True)
        except (OSError, ZeroconfError, BadTypeInNameException):
            self.stop()
            return
        self.name = f"{NAME}.local"

    def stop(self) -> None:
        if self._zeroconf is not None:
            with contextlib.suppress(OSError):
                self._zeroconf.close()
        self._zeroconf = None
        self.name = None

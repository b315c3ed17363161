"""How a running lesson is shared: the address, the codes, who is in, the clock, the counters.

The files in the lesson's folder are the truth: a change is written to ``spec.json`` (for the
fronts) and ``gateway.json`` (for the gateway, also when it starts again), and then the gateway is
told to read its file. What the gateway knows comes back through its status file.
"""

import asyncio
import contextlib
import dataclasses
import ipaddress
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from launcher.errors import PaadjeError, UsageError
from launcher.events import Event, Notice
from launcher.files import read_json_object, write_private_json
from launcher.host.alarms import alarms
from launcher.host.awake import Awake
from launcher.host.ports import class_port, own_ports, ports_now
from launcher.host.prewarm import prewarm
from launcher.host.reach import ReachTest
from launcher.services.ports import LOOPBACK
from launcher.services.spec import LessonSpec, ServiceSpec, ShareEntry, spec_to_dict
from launcher.services.state import GATEWAY_FILE, GATEWAY_STATUS_FILE, SPEC_FILE
from launcher.sharing import firewall
from launcher.sharing.addresses import (
    InterfaceAddress,
    choose_address,
    read_default_source,
    read_interfaces,
)
from launcher.sharing.join import MOST_SEATS, join_url, lesson_url, new_code, new_token
from launcher.sharing.mdns import Announcement
from launcher.sharing.outbound import OutboundMeter
from launcher.sharing.places import places
from launcher.sharing.reachability import hotspot_advice
from launcher.sharing.wifi import Hotspot, read_hotspot, wifi_text
from launcher.units import minutes_left

GATEWAY = "gateway"
LOOK_EVERY_S = 1.0
METER_EVERY_S = 3.0
GONE_AFTER_LOOKS = 2
"""How often an address must be missing: a Wi-Fi card that reconnects is away for a moment."""

TELLS_WITHIN_S = 2.0
PORT_TRIES = 5
WARN_BEFORE_S = (300, 60)
LONGEST_MINUTES = 8 * 60

log = logging.getLogger("launcher.host")

ReadInterfaces = Callable[[], Sequence[InterfaceAddress]]


class SharingControl:
    """Used in the loop of the lesson host. ``send`` writes to the gateway's standard input."""

    def __init__(
        self,
        spec: LessonSpec,
        folder: Path,
        *,
        send: Callable[[str, Mapping[str, object]], None],
        publish: Callable[[Event], None],
        stop: Callable[[], object],
        interfaces: ReadInterfaces = read_interfaces,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spec = spec
        self._folder = folder
        self._send = send
        self._publish = publish
        self._stop = stop
        self._interfaces = interfaces
        self._clock = clock
        self._missing = 0
        self._moved_at: float | None = None
        self._no_address = False
        self._warned: set[int] = set()
        self._paused = False
        self._prewarmed = False
        self._test = ReachTest()
        self._hotspot: Hotspot | None = None
        self._awake = Awake()
        self._announcement = Announcement()
        self._changing = asyncio.Lock()
        self._status: dict[str, Any] = {}
        self._meter = OutboundMeter(
            pids=lambda: family_of(os.getpid()), own_networks=self._own_networks()
        )

    @property
    def share(self) -> ShareEntry:
        return self._spec.share

    async def run(self) -> None:
        """Until cancelled: watch the address, the clock, the gateway and the counters."""
        if self._gateway_file() is None:
            return  # Nothing is shared.
        await asyncio.to_thread(self._awake.begin)
        if self.share.mode == "lan":
            await asyncio.to_thread(self._look_around)
        measuring = asyncio.create_task(self._measure())
        try:
            while True:
                self._status = self._gateway_status()
                self._watch_codes()
                self._watch_clock()
                if self.share.mode == "lan":
                    await self._watch_address()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            measuring.cancel()
            self._awake.end()
            await asyncio.to_thread(self._announcement.stop)

    def view(self) -> dict[str, Any]:
        """How it is shared now, with what is needed to get in: for this user's fronts only."""
        share, now, reading = self.share, self._clock(), self._meter.reading
        left_s = None if share.ends_at is None else max(0.0, share.ends_at - now)
        moved_s = None if self._moved_at is None else now - self._moved_at
        paused = self._typed_codes_paused
        return {
            "mode": share.mode,
            "url": lesson_url(share.address, share.port, hostname=share.hostname),
            "join_url": join_url(share.address, share.port, share.token, hostname=share.hostname),
            "probe_url": join_url(share.address, share.port, share.probe, hostname=share.hostname)
            if share.probe
            else None,
            "local_name": self._announcement.name,
            "code": share.code,
            "address": share.address,
            "port": share.port,
            "interface": share.interface,
            "warnings": list(share.warnings),
            "locked": share.locked,
            "seats": share.seats,
            "approve_each": share.approve_each,
            "joined": self._status.get("joined"),
            "students": self._status.get("students", []),
            "waiting": self._status.get("waiting", []),
            "unused": self._unused,
            "typed_codes_paused": paused,
            "ends_at": share.ends_at,
            "seconds_left": None if left_s is None else math.ceil(left_s),
            "moved_seconds_ago": None if moved_s is None else round(moved_s),
            "no_address": self._no_address,
            "reach": self._test.view(share, self._status, has_address=not self._no_address),
            "firewall": dataclasses.asdict(self._test.firewall)
            | {"rule_would_help": self._test.firewall.rule_would_help},
            "internet": dataclasses.asdict(reading) | {"clean": reading.clean},
            "kept_awake": self._awake.active,
            "hotspot": {"name": self._hotspot.name, "qr": wifi_text(self._hotspot)}
            if self._hotspot
            else None,
            "hotspot_advice": self._hotspot_advice(),
            "alarms": [
                {"code": each.code, "params": dict(each.params)}
                for each in alarms(
                    no_address=self._no_address,
                    moved_s=moved_s,
                    codes_paused=paused,
                    unused_seats=self._unused if self._full else 0,
                    left_s=left_s,
                    internet=reading,
                )
            ],
        }

    @property
    def hotspot(self) -> Hotspot | None:
        """The Wi-Fi of this laptop, to be scanned before the join code."""
        return self._hotspot

    async def do(self, wanted: Mapping[str, Any]) -> None:
        """One thing that the teacher wants: ``{"do": …}``. Raises `PaadjeError`.

        ``new-code``, ``lock``, ``unlock``, ``kick {nickname}``, ``admit {nickname?}``, ``free``
        (the seats that nobody uses), ``seats {seats}``, ``approve {each}``, ``move {address}``,
        ``end {at?, minutes?}``, ``test``, ``answer {question, answer}``, ``hotspot {name?,
        password?}``. ``end`` alone takes the end time away.
        """
        name = wanted.get("do")
        if name == "new-code":
            await self._change(token=new_token(), code=new_code())
        elif name in ("lock", "unlock"):
            await self._change(locked=name == "lock")
        elif name == "kick":
            await self._tell("kick", self._known(wanted.get("nickname"), "students", "waiting"))
        elif name == "admit":
            who = wanted.get("nickname")
            await self._tell("admit", None if who is None else self._known(who, "waiting"))
        elif name == "free":
            if self._unused:
                await self._tell("free", None)
        elif name == "seats":
            await self._change(seats=_number(wanted.get("seats"), 1, MOST_SEATS))
        elif name == "approve":
            await self._change(approve_each=wanted.get("each") is True)
        elif name == "move":
            await self._move(str(wanted.get("address")))
        elif name == "end":
            at, minutes = wanted.get("at"), wanted.get("minutes")
            if minutes is not None:
                at = self._clock() + 60 * _number(minutes, 1, LONGEST_MINUTES)
            await self._end_at(None if at is None else float(_number(at, 0, 2**40)))
        elif name == "test":
            self._test.begin()
            await self._change(probe=new_token())
        elif name == "answer":
            self._test.answer(str(wanted.get("question")), str(wanted.get("answer")))
        elif name == "hotspot":
            await self._take_hotspot(wanted)
        else:
            raise UsageError("host.unknown_wish", detail=repr(name)[:40])

    async def _change(self, *, apps: list[Any] | None = None, **fields: Any) -> None:
        """``apps`` are those of the gateway, when they get other ports."""
        async with self._changing:
            self._spec = dataclasses.replace(
                self._spec, share=dataclasses.replace(self.share, **fields)
            )
            await asyncio.to_thread(self._write, apps)
            self._send(GATEWAY, {"do": "reload"})

    def _write(self, apps: list[Any] | None = None) -> None:
        config = self._gateway_file()
        if config is None:
            return
        if apps is not None:
            config["apps"] = apps
        share = self.share
        config |= {
            "token": share.token,
            "code": share.code,
            "probe": share.probe,
            "seats": share.seats,
            "locked": share.locked,
            "approve_each": share.approve_each,
            "expires_at": share.expires_at,
            "version": int(config.get("version", 0)) + 1,
        }
        if share.hostname is not None:
            config["health_port"] = share.loopback_port
        config["bind"], config["hosts"] = places(share, own_ports(config))
        write_private_json(self._folder / GATEWAY_FILE, config)
        write_private_json(self._folder / SPEC_FILE, spec_to_dict(self._spec))

    async def _watch_address(self) -> None:
        found = await asyncio.to_thread(self._interfaces)
        here = any(one.up and one.address == self.share.address for one in found)
        self._missing = 0 if here else self._missing + 1
        if here:
            self._no_address = False
        if self._missing < GONE_AFTER_LOOKS:
            return
        source = await asyncio.to_thread(read_default_source)
        try:
            chosen = choose_address(found=found, default_source=source)
        except PaadjeError:
            if not self._no_address:
                self._no_address = True
                self._publish(Notice(code="host.no_address"))
            return
        try:
            await self._move(chosen.address, found)
        except PaadjeError as error:
            # It may have gone again meanwhile: the next look finds out.
            log.warning("cannot move: %s", error.code)

    async def _move(self, address: str, found: Sequence[InterfaceAddress] | None = None) -> None:
        if self.share.mode != "lan":
            raise UsageError("host.not_on_the_network")
        found = found or await asyncio.to_thread(self._interfaces)
        chosen = choose_address(address, found=found)
        if chosen.address == self.share.address:
            return
        refused: set[int] = set()
        for _ in range(PORT_TRIES):
            config = self._gateway_file() or {"apps": []}
            there = dataclasses.replace(self.share, address=address)
            port = class_port(there, config, refused)
            await self._change(
                apps=config["apps"],
                address=address,
                port=port,
                interface=chosen.interface,
                warnings=chosen.warnings,
            )
            wanted = {port, *own_ports(config)}
            if await self._gateway_tells(partial(_listens_at, address, wanted)):
                break
            # They were free, and taken before the gateway got there.
            refused |= wanted - _ports_at(address, self._gateway_status())
        self._missing = 0
        self._no_address = False
        self._moved_at = self._clock()
        self._meter.own_networks = self._own_networks()
        self._publish(Notice(code="host.address_changed"))
        log.info("the address changed")
        if self._announcement.name is not None:
            await asyncio.to_thread(self._announcement.start, address, port)

    def make_room(self, service: ServiceSpec) -> ServiceSpec:
        """What to start instead of ``service``: when another program took a port of the gateway
        meanwhile, the gateway gets the next one, and the QR code follows.
        """
        config = self._gateway_file()
        if service.id != GATEWAY or config is None:
            return service
        share, before = self.share, own_ports(config)
        try:
            port, local = ports_now(share, config)
        except PaadjeError:
            return service  # The address itself is gone: who watches it finds another.
        if (port, local, before) != (share.port, share.loopback_port, own_ports(config)):
            log.info("another program took a port")
            self._spec = dataclasses.replace(
                self._spec, share=dataclasses.replace(share, port=port, loopback_port=local)
            )
            write_private_json(self._folder / GATEWAY_FILE, config)
            self._write()
        return dataclasses.replace(service, health_url=f"http://{LOOPBACK}:{local}/health")

    async def _gateway_tells(self, expected: Callable[[dict[str, Any]], bool]) -> bool:
        """Give the gateway a moment, so that what is shown next is how it is then."""
        deadline = time.monotonic() + TELLS_WITHIN_S
        while time.monotonic() < deadline:
            status = self._gateway_status()
            if expected(status):
                self._status = status
                return True
            await asyncio.sleep(0.1)
        return False

    def _watch_clock(self) -> None:
        share, now = self.share, self._clock()
        if share.prewarm_at is not None and now >= share.prewarm_at and not self._prewarmed:
            self._prewarmed = True
            self._prewarming = asyncio.create_task(prewarm(self._spec.engine))
        if share.ends_at is None:
            return
        left_s = share.ends_at - now
        for before_s in WARN_BEFORE_S:
            if 0 < left_s <= before_s and before_s not in self._warned:
                self._warned.add(before_s)
                soon = {"minutes": minutes_left(left_s)}
                self._publish(Notice(code="host.ends_soon", params=soon))
        if left_s <= 0:
            self._publish(Notice(code="host.time_is_up"))
            self._stop()

    async def _end_at(self, at: float | None) -> None:
        if at is not None and at <= self._clock():
            raise UsageError("host.end_in_the_past")
        if at is not None and at > self.share.expires_at:
            raise UsageError("host.end_too_late")
        self._warned.clear()
        await self._change(ends_at=at)

    @property
    def _typed_codes_paused(self) -> bool:
        return self._status.get("typed_codes_paused") is True

    @property
    def _unused(self) -> int:
        return int(self._status.get("unused", 0))

    @property
    def _full(self) -> bool:
        taken = len(self._status.get("students", [])) + len(self._status.get("waiting", []))
        return taken >= self.share.seats

    def _watch_codes(self) -> None:
        paused = self._typed_codes_paused
        if paused and not self._paused:
            self._publish(Notice(code="host.typed_codes_paused"))
        self._paused = paused

    async def _measure(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._meter.look)
            await asyncio.sleep(METER_EVERY_S)

    def _look_around(self) -> None:
        self._hotspot = read_hotspot() if "hotspot" in self.share.warnings else None
        if sys.platform == "win32":
            self._test.firewall = firewall.inspect(sys.executable, self.share.interface)
        if self.share.hostname is None and self.share.local_name:
            self._announcement.start(self.share.address, self.share.port)

    def _hotspot_advice(self) -> str | None:
        """For the size of the class that the lesson was planned for."""
        students = self._spec.plan.get("students")
        if "hotspot" not in self.share.warnings or not isinstance(students, int):
            return None
        return hotspot_advice(students)

    async def _take_hotspot(self, wanted: Mapping[str, Any]) -> None:
        name, password = wanted.get("name"), wanted.get("password", "")
        if name is None:
            self._hotspot = await asyncio.to_thread(read_hotspot)
        elif isinstance(name, str) and isinstance(password, str) and 0 < len(name) <= 32:
            if password and not 8 <= len(password) <= 63:
                raise UsageError("host.hotspot_password")  # WPA has no others.
            self._hotspot = Hotspot(name=name, password=password)
        else:
            raise UsageError("host.unknown_wish", detail="hotspot")

    async def _tell(self, do: str, nickname: str | None) -> None:
        before = self._gateway_status()
        message = {"do": do} if nickname is None else {"do": do, "nickname": nickname}
        self._send(GATEWAY, message)
        await self._gateway_tells(lambda now: bool(now) and now != before)

    def _known(self, nickname: object, *lists: str) -> str:
        """The nickname as given, whatever its capitals. Raises ``host.unknown_student``."""
        status = self._gateway_status()
        for name in lists:
            for each in status.get(name, []):
                if isinstance(nickname, str) and each.casefold() == nickname.strip().casefold():
                    return str(each)
        raise UsageError("host.unknown_student")

    def _gateway_status(self) -> dict[str, Any]:
        return read_json_object(self._folder / GATEWAY_STATUS_FILE) or {}

    def _gateway_file(self) -> dict[str, Any] | None:
        return read_json_object(self._folder / GATEWAY_FILE)

    def _own_networks(self) -> tuple[str, ...]:
        """The network of the class: what goes there does not go to the internet."""
        for one in self._interfaces():
            if one.address == self._spec.share.address and one.netmask:
                return (str(ipaddress.ip_network(f"{one.address}/{one.netmask}", strict=False)),)
        return ()


def family_of(pid: int) -> set[int]:
    """The process and everything below it."""
    import psutil

    with contextlib.suppress(psutil.Error):
        return {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    return {pid}


def _listens_at(address: str, ports: set[int], status: Mapping[str, Any]) -> bool:
    return ports <= _ports_at(address, status)


def _ports_at(address: str, status: Mapping[str, Any]) -> set[int]:
    return {port for place, port in status.get("listening", []) if place == address}


def _number(value: object, least: int, most: int) -> int:
    whole = int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if whole is None or not least <= whole <= most:
        raise UsageError("host.unknown_wish", detail="number")
    return whole

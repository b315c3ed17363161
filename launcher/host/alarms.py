"""What the teacher has to see now, the most urgent first; each for as long as it is true."""

from launcher.events import Notice
from launcher.sharing.outbound import Reading
from launcher.units import minutes_left

MOVED_FOR_S = 600.0
"""A class needs a while to scan again."""

ENDS_SOON_S = 300.0


def alarms(
    *,
    no_address: bool,
    moved_s: float | None,
    codes_paused: bool,
    unused_seats: int,
    left_s: float | None,
    internet: Reading,
) -> list[Notice]:
    """``moved_s`` is how long ago the address changed, ``left_s`` what is left of the lesson, both
    in seconds or None. ``unused_seats`` are those of a lesson that is full.
    """
    found: list[Notice] = []
    if no_address:
        found.append(Notice(code="host.no_address"))
    if moved_s is not None and moved_s < MOVED_FOR_S and not no_address:
        found.append(Notice(code="host.address_changed"))
    if internet.looks and not internet.clean:
        seen = {"bytes": internet.bytes, "connections": internet.connections}
        found.append(Notice(code="host.internet_seen", params=seen))
    if left_s is not None and 0 < left_s <= ENDS_SOON_S:
        found.append(Notice(code="host.ends_soon", params={"minutes": minutes_left(left_s)}))
    if unused_seats:
        found.append(Notice(code="host.seats_unused", params={"seats": unused_seats}))
    if codes_paused:
        found.append(Notice(code="host.typed_codes_paused"))
    return found

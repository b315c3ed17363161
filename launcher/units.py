"""Binary units, so that no bare 1024 ** 3 appears elsewhere; and minutes as people say them."""

import math

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


def minutes_left(seconds: float) -> int:
    """What is left as people say it: rounded up, and never less than one minute."""
    return max(1, math.ceil(seconds / 60))

"""Binary units, so that no bare 1024 ** 3 appears elsewhere."""

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

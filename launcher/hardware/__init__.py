"""What this computer has, read without administrator rights and within a second and a half."""

from launcher.hardware.probe import probe_machine
from launcher.hardware.profile import Gpu, MachineProfile, Probed, profile_to_dict, unknown
from launcher.hardware.serial import profile_from_dict

__all__ = [
    "Gpu",
    "MachineProfile",
    "Probed",
    "probe_machine",
    "profile_from_dict",
    "profile_to_dict",
    "unknown",
]

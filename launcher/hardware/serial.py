"""A profile from its JSON: a recorded computer, a bug report, another process."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from launcher.errors import UsageError
from launcher.hardware.profile import MachineProfile


def profile_from_dict(data: dict[str, Any]) -> MachineProfile:
    """The opposite of ``profile_to_dict``. Raises `UsageError` ``hardware.profile_invalid``."""
    try:
        return TypeAdapter(MachineProfile).validate_python(data)
    except ValidationError as error:
        raise UsageError("hardware.profile_invalid", detail=str(error)) from error

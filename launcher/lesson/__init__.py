"""The use cases: what the TUI and the command line can ask of Paadje.

Every function is synchronous and raises `PaadjeError`. Long ones take ``report`` and ``cancel``.
They hold no state between calls: what is running is found through the state files of the lessons.
"""

from launcher.lesson.context import open_context
from launcher.lesson.doctor import diagnose
from launcher.lesson.installing import install, is_installed, uninstall
from launcher.lesson.library import add_model, list_models, remove_model, verify_models
from launcher.lesson.planning import explain_plan, list_apps, make_plan, withheld_models
from launcher.lesson.running import (
    find_lesson,
    forget,
    read_logs,
    running_lesson,
    status,
    stop,
)
from launcher.lesson.starting import address_choices, start

__all__ = [
    "add_model",
    "address_choices",
    "diagnose",
    "explain_plan",
    "find_lesson",
    "forget",
    "install",
    "is_installed",
    "list_apps",
    "list_models",
    "make_plan",
    "open_context",
    "read_logs",
    "remove_model",
    "running_lesson",
    "start",
    "status",
    "stop",
    "uninstall",
    "verify_models",
    "withheld_models",
]

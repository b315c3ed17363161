"""The use cases: what the TUI and the command line can ask of Paadje.

Every function is synchronous and raises `PaadjeError`. Long ones take ``report`` and ``cancel``.
They hold no state between calls: what is running is found through the state files of the lessons.
"""

from launcher.lesson.addresses import address_choices
from launcher.lesson.benching import bench, calibrate
from launcher.lesson.context import open_context
from launcher.lesson.doctor import diagnose
from launcher.lesson.graphics import add_build, wanted_build
from launcher.lesson.installing import install, is_installed, uninstall
from launcher.lesson.kits import check_kit, export_kit, is_kit
from launcher.lesson.letter import write_letter
from launcher.lesson.library import (
    accept_licence,
    add_model,
    import_models,
    licence_accepted,
    list_models,
    model_facts,
    read_licence,
    remove_model,
    share_models,
    verify_models,
)
from launcher.lesson.network import diagnose_network
from launcher.lesson.planning import explain_plan, list_apps, make_plan, withheld_models
from launcher.lesson.running import (
    engine_access,
    find_lesson,
    forget,
    read_logs,
    running_lesson,
    running_lessons,
    status,
    stop,
)
from launcher.lesson.sharing import (
    allow_in_firewall,
    change_sharing,
    read_sharing,
    write_sharing_note,
)
from launcher.lesson.slots import calibrate_slots, settings_for
from launcher.lesson.starting import check_share, start

__all__ = [
    "accept_licence",
    "add_build",
    "add_model",
    "address_choices",
    "allow_in_firewall",
    "bench",
    "calibrate",
    "calibrate_slots",
    "change_sharing",
    "check_kit",
    "check_share",
    "diagnose",
    "diagnose_network",
    "engine_access",
    "explain_plan",
    "export_kit",
    "find_lesson",
    "forget",
    "import_models",
    "install",
    "is_installed",
    "is_kit",
    "licence_accepted",
    "list_apps",
    "list_models",
    "make_plan",
    "model_facts",
    "open_context",
    "read_licence",
    "read_logs",
    "read_sharing",
    "remove_model",
    "running_lesson",
    "running_lessons",
    "settings_for",
    "share_models",
    "start",
    "status",
    "stop",
    "uninstall",
    "verify_models",
    "wanted_build",
    "withheld_models",
    "write_letter",
    "write_sharing_note",
]

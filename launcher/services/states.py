"""The words for how a service and a lesson are doing."""

from typing import Literal

ServiceState = Literal[
    "waiting", "starting", "ready", "unresponsive", "restarting", "stopping", "stopped", "failed"
]

LessonState = Literal[
    "preparing",
    "starting",
    "ready",
    "degraded",
    "stopping",
    "stopped",
    "failed",
    "ended_uncleanly",
]

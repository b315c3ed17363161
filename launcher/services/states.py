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
    "unreachable",
]
"""The last one: the host lives and does not answer, or another program answers in its place."""

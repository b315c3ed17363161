"""Can this computer do it, for this class, and how long will they wait? Pure functions."""

from launcher.fit.explain import explain_fit, explain_reason
from launcher.fit.fitting import fit_model
from launcher.fit.memory import predict_memory
from launcher.fit.ranking import rank
from launcher.fit.reasons import slower_than_predicted
from launcher.fit.speed import predict_speed
from launcher.fit.types import Fit, MemoryNeed, Range, Reason, SpeedEstimate, Verdict

__all__ = [
    "Fit",
    "MemoryNeed",
    "Range",
    "Reason",
    "SpeedEstimate",
    "Verdict",
    "explain_fit",
    "explain_reason",
    "fit_model",
    "predict_memory",
    "predict_speed",
    "rank",
    "slower_than_predicted",
]

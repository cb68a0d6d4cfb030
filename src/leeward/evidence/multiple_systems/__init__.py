"""How many people no list holds: multiple systems estimation (Chan, Silverman & Vincent 2021; Chao 1987)."""

from .bounds import chao
from .estimation import CAUTION, MULTIPLE_SYSTEMS, Gate, SystemsEstimate, estimate, estimate_with
from .existence import Existence, Verdict
from .histories import Histories

__all__ = [
    "CAUTION",
    "MULTIPLE_SYSTEMS",
    "Existence",
    "Gate",
    "Histories",
    "SystemsEstimate",
    "Verdict",
    "chao",
    "estimate",
    "estimate_with",
]

"""The sections of the report: tables, pictures and sentences, made of a document in the active language."""

from .care import barriers, linkage, retention
from .costs import costs
from .groups import equity, group_table
from .harms import harms
from .methods import methods
from .months import followed
from .reaim import reaim
from .sentences import area_sentence, gain_sentence, in_short
from .soundness import accuracy, hidden, limits
from .steps import on_time, steps, training
from .symptoms import courses, symptoms
from .way import compared, flow

__all__ = [
    "accuracy",
    "area_sentence",
    "barriers",
    "compared",
    "costs",
    "courses",
    "equity",
    "flow",
    "followed",
    "gain_sentence",
    "group_table",
    "harms",
    "hidden",
    "in_short",
    "limits",
    "linkage",
    "methods",
    "on_time",
    "reaim",
    "retention",
    "steps",
    "symptoms",
    "training",
]

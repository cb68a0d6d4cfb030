"""Measures and the screening conversation: what they ask, how answers are scored, what a change means."""

from .change import Change, ChangeWord, change
from .errors import AnswerError, ProbabilityError
from .model import (
    DECLINED,
    AlertRule,
    Answer,
    AnswerOption,
    Answers,
    Band,
    CutOff,
    Extra,
    Instrument,
    Item,
    Skip,
    Wording,
)
from .parse import parse_instrument
from .scoring import Diagnosis, NoDiagnosis, NoTotal, Score, read_answer, score

__all__ = [
    "DECLINED",
    "AlertRule",
    "Answer",
    "AnswerError",
    "AnswerOption",
    "Answers",
    "Band",
    "Change",
    "ChangeWord",
    "CutOff",
    "Diagnosis",
    "Extra",
    "Instrument",
    "Item",
    "NoDiagnosis",
    "NoTotal",
    "ProbabilityError",
    "Score",
    "Skip",
    "Wording",
    "change",
    "parse_instrument",
    "read_answer",
    "score",
]

"""Measures and the screening conversation: what they ask, how answers are scored, what a change means."""

from .accuracy import Accuracy, negative_predictive_value, positive_predictive_value
from .change import Change, ChangeWord, change
from .conversation import (
    Audience,
    Conversation,
    Outcome,
    Question,
    Reason,
    Reply,
    Result,
    conclude,
    parse_conversation,
)
from .errors import AnswerError, ProbabilityError
from .indicators import Indicator, IndicatorKind, Indicators, parse_indicators
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
    "Accuracy",
    "AlertRule",
    "Answer",
    "AnswerError",
    "AnswerOption",
    "Answers",
    "Audience",
    "Band",
    "Change",
    "ChangeWord",
    "Conversation",
    "CutOff",
    "Diagnosis",
    "Extra",
    "Indicator",
    "IndicatorKind",
    "Indicators",
    "Instrument",
    "Item",
    "NoDiagnosis",
    "NoTotal",
    "Outcome",
    "ProbabilityError",
    "Question",
    "Reason",
    "Reply",
    "Result",
    "Score",
    "Skip",
    "Wording",
    "change",
    "conclude",
    "negative_predictive_value",
    "parse_conversation",
    "parse_indicators",
    "parse_instrument",
    "positive_predictive_value",
    "read_answer",
    "score",
]

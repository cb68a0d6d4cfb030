"""What can be wrong with a file from another system."""


class ExchangeError(Exception):
    """A file that can't be used. `str()` is one plain sentence; `hint` says what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class QuestionnaireError(ExchangeError):
    """A questionnaire that can't be used."""


class PlanDefinitionError(ExchangeError):
    """A plan definition that can't be used."""

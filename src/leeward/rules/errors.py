"""What can be wrong with a rule, said to the person who wrote it."""

from __future__ import annotations


class RuleError(Exception):
    """A rule can't be used. `str()` is one plain sentence; `hint` says what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class DefinitionError(RuleError):
    """A definition file is wrong: which file, which line, what is wrong, what would be right.

    `also` carries the further mistakes of the same file, so that an author mends them in one go.
    """

    def __init__(
        self,
        *,
        file: str,
        line: int,
        problem: str,
        remedy: str,
        also: tuple[DefinitionError, ...] = (),
    ) -> None:
        super().__init__(f"{file}, line {line}: {problem}", hint=remedy)
        self.file = file
        self.line = line
        self.problem = problem
        self.remedy = remedy
        self.also = also

    @property
    def every(self) -> tuple[DefinitionError, ...]:
        """This mistake and the others of the same file, first line first."""
        return (self, *self.also)


class ConditionError(RuleError):
    """A condition is outside the permitted subset of SQL, or names what does not exist."""


class DurationError(RuleError):
    """A length of time that can't be understood, or that is not the same length every time."""


class TimelineError(RuleError):
    """Events that can't be put in order: a time without a zone, or one id used twice."""

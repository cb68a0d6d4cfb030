"""What can be wrong with a wish for a synthetic centre."""


class SimulationError(Exception):
    """The centre can't be made. `str()` is one plain sentence; `hint` says what to do about it."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

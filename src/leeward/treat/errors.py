"""What can go wrong with measures, sessions and plans, each with a sentence for the reader and a way out."""

from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError


class TreatError(PeopleError):
    """A refusal of this room."""


class NothingAnswered(TreatError):
    def __init__(self) -> None:
        super().__init__(
            _("No question was answered."),
            _("Mark at least one answer, or record that they would rather not fill this in."),
        )


class WrongDay(TreatError):
    """A day on which this can't have happened."""


class SafetyFirst(TreatError):
    """The measure raised the safety question, and nobody has recorded a talk about it yet."""

    def __init__(self) -> None:
        super().__init__(
            _("The safety question of this check-in was answered above zero."),
            _("Talk about safety and record it first. Then the check-in can be corrected."),
        )


class AlreadyCorrected(TreatError):
    def __init__(self) -> None:
        super().__init__(_("This check-in was corrected already."), _("Open the corrected one."))


class NoGoals(TreatError):
    def __init__(self) -> None:
        super().__init__(
            _("No goal is written down."),
            _("Write at least one goal in their words, or record that they do not want a plan now."),
        )


class ChangedMeanwhile(TreatError):
    """A colleague saved a newer version while this one was being written."""

    def __init__(self, version: int) -> None:
        super().__init__(
            _("A colleague saved version %(version)s while you were writing.") % {"version": version},
            _("Read it, then save again. What you typed is still here."),
        )

"""What can go wrong with plans and needs, each with a sentence for the reader and a way out."""

from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError


class SupportError(PeopleError):
    """A refusal of this room."""


class NothingWritten(SupportError):
    def __init__(self) -> None:
        super().__init__(
            _("Nothing is written in the plan yet."),
            _("Fill in at least one part, or record that they do not want a plan now."),
        )


class ChangedMeanwhile(SupportError):
    """A colleague saved a newer version while this one was being written."""

    def __init__(self, version: int) -> None:
        super().__init__(
            _("A colleague saved version %(version)s while you were writing.") % {"version": version},
            _("Read it, then save again. What you typed is still here."),
        )


class NoNeedChosen(SupportError):
    def __init__(self) -> None:
        super().__init__(
            _("No need is marked."),
            _("Mark at least one, or record that they do not want to talk about needs."),
        )

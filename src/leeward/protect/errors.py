"""Refusals of the gate, each with its reason in the reader's language."""

from collections.abc import Sequence

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.rules.consent import Reason


class NotPermitted(PeopleError):
    """The law, or the lack of a permission, says no. `rows` are the law's rows that decided."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        words = " ".join(reason.text.in_(get_language() or "en") for reason in reasons)
        super().__init__(words, _("Nothing was shared."))
        self.rows = tuple(reason.about for reason in reasons if reason.about)


class NoticeMissing(PeopleError):
    """A copy must carry a text that the law's definition does not hold, so it does not leave (C-06)."""

    def __init__(self, obligation: str) -> None:
        super().__init__(
            _("The text that must go with each copy is missing: %(name)s.") % {"name": obligation},
            _("Nothing was shared. Tell the privacy officer."),
        )
        self.obligation = obligation


class OnlyToRead(PeopleError):
    """Somebody who opened a record in an emergency would write in it."""

    def __init__(self) -> None:
        super().__init__(
            _("You opened this record in an emergency, to read."),
            _("Only the care team writes here. Ask one of them to add you. Nothing was changed."),
        )


class NotAllowedHere(PeopleError):
    """Somebody without the role gave a command; the same answer for an address that nobody has (K-03)."""

    def __init__(self) -> None:
        super().__init__(_("Nobody with this address may do this."), _("It takes the centre's privacy officer."))


class AskerGone(PeopleError):
    """Who asked may not go on: their session ended, they left, or their role, agency or purpose changed."""

    def __init__(self) -> None:
        super().__init__(_("You are signed out."), _("Sign in and start again."))


class TakenBack(PeopleError):
    """The permission was taken back while something was being shown under it."""

    def __init__(self) -> None:
        super().__init__(_("The permission was taken back."), _("Nothing was shared."))

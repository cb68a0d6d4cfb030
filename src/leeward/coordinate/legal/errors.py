"""What stops an answer to a legal request."""

from collections.abc import Sequence

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.protect.words import named
from leeward.rules.consent import Opening, Process


class Closed(PeopleError):
    """These papers don't open what counsel would give (L-01, P-06). `openings` say why for each class."""

    def __init__(self, openings: Sequence[Opening], process: Process) -> None:
        language = get_language() or "en"
        said = []
        for one in openings:
            lacks = "; ".join(process.elements[name].in_(language) for name in sorted(one.missing))
            why = lacks if one.rows and not one.silent else _("nothing that was asked with opens it")
            said.append(f"{named(one.data_class.value)}: {why}")
        super().__init__(
            _("These papers do not open: %(classes)s.") % {"classes": " · ".join(said)}, _("Nothing was given.")
        )
        self.openings = tuple(openings)


class NotReady(PeopleError):
    """Something must come first: the call-back, counsel's decision, or a choice."""


class AlreadyAnswered(PeopleError):
    """A request is answered once."""

    def __init__(self) -> None:
        super().__init__(_("This request was answered before."), _("A new demand is a new request."))

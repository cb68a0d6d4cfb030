"""What can stop a referral."""

from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError


class NoPermission(PeopleError):
    """No active grant covers what the referral would show (C-01). `row` is the law's row that asks for one."""

    def __init__(self, rows: tuple[str, ...]) -> None:
        super().__init__(
            _("They have not given permission to share this with this agency."),
            _("Ask for the permission first. Rule: %(rows)s.") % {"rows": ", ".join(rows)},
        )
        self.rows = rows


class NotOpen(PeopleError):
    """The referral was answered, closed or called back before."""

    def __init__(self) -> None:
        super().__init__(_("This referral is finished."), _("Send a new one if help is still needed."))

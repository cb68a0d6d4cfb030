"""What training opens: whether a member of staff may do something today, and what would let them."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leeward import catalogue
from leeward.people.errors import PeopleError
from leeward.people.models import Completion, Staff
from leeward.rules import competence as rules


class NotTrained(PeopleError):
    """The training that opens this action has lapsed or was never done. `courses` would open it."""

    def __init__(self, verdict: rules.Verdict) -> None:
        language = get_language() or "en"
        courses = ", ".join(course.title.in_(language) for course in verdict.remedy)
        super().__init__(
            " ".join(reason.text.in_(language) for reason in verdict.reasons),
            _("Complete: %(courses)s.") % {"courses": courses} if courses else "",
        )
        self.verdict = verdict


def completions_of(staff: Staff) -> list[rules.Completion]:
    """The courses that a member of staff completed."""
    rows = Completion.objects.filter(staff=staff).values_list("course", "completed_on")
    return [rules.Completion(course, day) for course, day in rows]


def may_now(staff: Staff, action: str, now: datetime) -> rules.Verdict:
    """Whether they may do the action on the site's present day."""
    today = timezone.localtime(now).date()
    return rules.may(catalogue.competence(), completions_of(staff), staff.role, action, today)


def require(staff: Staff, action: str, now: datetime) -> rules.Verdict:
    """Like `may_now`, but raises NotTrained for a no (R15)."""
    verdict = may_now(staff, action, now)
    if not verdict.permitted:
        raise NotTrained(verdict)
    return verdict

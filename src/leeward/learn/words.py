"""What the codes of a document are called on pages, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leeward.rules.durations import parse_duration
from leeward.rules.errors import DurationError

Words = Mapping[str, str | Promise]

ERAS: Final[Words] = {"before": _("Before go-live"), "since": _("Since go-live")}
STAGES: Final[Words] = {
    "seen": _("Came to us"),
    "noticed": _("Signs noticed"),
    "asked": _("Talked with alone"),
    "screened": _("Screened"),
    "identified": _("Screening positive"),
    "accepted": _("Accepted help"),
    "referred": _("Referred to a partner"),
    "linked": _("Linked to the partner"),
    "treated": _("Began treatment"),
    "retained": _("Stayed in treatment"),
}
#: Ends the sentence "Of 100 people at this stage, 40 …".
NOT_REACHED: Final[Words] = {
    "asked": _("were not talked with alone"),
    "screened": _("were not screened"),
    "accepted": _("did not come to accept help"),
    "referred": _("were not referred to a partner"),
    "linked": _("were not linked to a partner"),
    "treated": _("did not begin treatment"),
    "retained": _("did not stay in treatment"),
}
CHANGES: Final[Words] = {
    "recovered": _("Recovered"),
    "improved": _("Improved"),
    "unchanged": _("No reliable change"),
    "deteriorated": _("Worse"),
    "harmed": _("Worse, and now in the clinical range"),
}
INCIDENTS: Final[Words] = {
    "breach": _("Breach of privacy"),
    "police_contact": _("Unwanted contact with police"),
    "retrafficking": _("Exploited again"),
    "retaliation": _("Retaliation"),
    "hospitalisation": _("Hospital stay"),
    "attempt": _("Suicide attempt"),
    "death": _("Death"),
    "complaint": _("Complaint"),
}
ACCURACY: Final[Words] = {
    "ppv": _("Right when positive"),
    "npv": _("Right when negative"),
    "sensitivity": _("Found, of those concerned"),
    "specificity": _("Cleared, of those not concerned"),
}
METHODS: Final[Words] = {
    "wilson": _("Wilson score interval"),
    "clopper_pearson": _("exact interval of Clopper and Pearson"),
    "newcombe": _("Newcombe’s interval for a difference of two shares"),
    "student_t": _("Student’s t interval"),
    "kaplan_meier_log_log": _("Kaplan–Meier estimate, log-log interval"),
    "begg_greenes": _("corrected for partial verification (Begg and Greenes), delta-method interval"),
}
WARNINGS: Final[Words] = {
    "too_few_people": _("So few people came that nearly everything is hidden."),
    "no_go_live": _("The data do not say when the protocol began, so before and since can’t be compared."),
    "nobody_since_go_live": _("Nobody has come since the protocol began."),
    "no_scores": _("There are no scores, so nothing can be said about symptoms."),
}


def said(words: Words, code: str) -> str:
    """The words for a code; a code that is new to this page stands for itself."""
    return str(words.get(code, code.replace("_", " ")))


def length(iso: str) -> str:
    """`PT72H` as people say it."""
    try:
        seconds = int(parse_duration(iso).total_seconds())
    except DurationError:
        return iso
    if seconds == 0:
        return str(_("at once"))
    days, rest = divmod(seconds, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    parts = []
    if days:
        parts.append(ngettext("%(n)d day", "%(n)d days", days) % {"n": days})
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return ", ".join(parts)

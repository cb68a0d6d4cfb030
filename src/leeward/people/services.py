"""What people need from us and from partners: one list of codes, in plain words, grouped as people speak of it.

The codes are the list of services that grantees report (case management to spiritual help), so that a need, an offer
and a referral can be matched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Group:
    title: Promise
    needs: tuple[tuple[str, Promise], ...]


GROUPS: Final = (
    Group(
        _("Safety and somewhere to live"),
        (
            ("crisis", _("Somebody to call day and night")),
            ("safety_planning", _("A plan to stay safe")),
            ("shelter", _("A safe bed now")),
            ("transitional_housing", _("A place for some months")),
            ("permanent_housing", _("A home to stay")),
        ),
    ),
    Group(
        _("Everyday life"),
        (
            ("food_clothing", _("Food or clothes")),
            ("transport", _("Getting from place to place")),
            ("financial", _("Money for what can't wait")),
            ("benefits", _("Public benefits")),
            ("id_documents", _("Identity papers")),
            ("child_care", _("Child care")),
            ("interpretation", _("An interpreter")),
        ),
    ),
    Group(
        _("Health"),
        (
            ("medical", _("A doctor or nurse")),
            ("forensic_exam", _("An exam after an assault")),
            ("dental", _("A dentist")),
            ("mental_health", _("Counselling or therapy")),
            ("substance_use", _("Help with alcohol or drugs")),
            ("tattoo_removal", _("Having a tattoo or mark removed")),
        ),
    ),
    Group(
        _("Law and rights"),
        (
            ("civil_legal", _("A lawyer for family, debts or housing")),
            ("immigration_legal", _("Help with immigration")),
            ("criminal_justice_advocacy", _("Somebody at their side with police or court")),
            ("compensation_claim", _("Claiming money as a victim of crime")),
            ("record_clearing", _("Clearing a criminal record")),
        ),
    ),
    Group(
        _("People, work and the future"),
        (
            ("case_management", _("One person who helps with everything")),
            ("peer_support", _("Somebody who has been through it")),
            ("education", _("School or training")),
            ("job", _("Work")),
            ("family_reunification", _("Being with family again")),
            ("repatriation", _("Going back to their country")),
            ("spiritual", _("Faith or spiritual care")),
        ),
    ),
)
WORDS: Final = {code: words for group in GROUPS for code, words in group.needs}
CODES: Final = tuple(WORDS)


def in_order(chosen: Iterable[str], urgent: Iterable[str], first: Sequence[str]) -> tuple[str, ...]:
    """The chosen needs: those that the survivor puts first, in that order, then urgent ones, then the rest."""
    wanted, pressing = set(chosen) | set(first), set(urgent)
    rest = [code for code in CODES if code in wanted and code not in first]
    ahead = list(dict.fromkeys(first))
    return (*ahead, *(c for c in rest if c in pressing), *(c for c in rest if c not in pressing))

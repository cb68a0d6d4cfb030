"""Relief and benefits to offer. None depends on telling this centre anything.

Federal: 8 CFR 214.200 ff. (T status); 22 USC 7105(b)(1) (benefits letters). Mississippi: Miss. Code 99-41
(compensation), 97-3-54.6 (vacating convictions). A site confirms each with counsel before going live.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHECKED: Final = date(2026, 10, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """One kind of help. `checked` is None for what counsel has still to confirm."""

    title: Promise
    facts: tuple[Promise, ...]
    source: str
    checked: date | None
    warning: Promise | None = None


RELIEFS: Final = (
    Relief(
        title=_("Status to stay (T visa)"),
        facts=(
            _("For people from other countries who are here because of what was done to them. Up to four years."),
            _("They help with reasonable requests of the police. Under 18, or too hurt to do so, they need not."),
            _("A lawyer should look at it first."),
        ),
        source="8 CFR 214.200 ff., in force since 28 August 2024",
        checked=CHECKED,
    ),
    Relief(
        title=_("Leave to remain meanwhile (Continued Presence)"),
        facts=(
            _("Asked for by the police, for two years, and again for up to two. It allows work and federal benefits."),
        ),
        source="ice.gov, 30 July 2021; 18 USC 1595",
        checked=CHECKED,
    ),
    Relief(
        title=_("Letters that open federal benefits"),
        facts=(
            _("Adults: a certification letter, after one of the two above."),
            _("Children: an eligibility letter. It is asked for within 24 hours of finding the child."),
        ),
        source="22 USC 7105(b)(1)",
        checked=None,
    ),
    Relief(
        title=_("Money for victims of crime"),
        facts=(
            _("Ask within 36 months; for harm done to a child, from the report. There can be 12 more with good cause."),
            _("Up to 20,000 dollars in all, of it up to 15,000 for medical care. These amounts may be out of date."),
            _("30 days to object to a decision."),
        ),
        source="Miss. Code 99-41",
        checked=CHECKED,
        warning=_("Asking for this money opens the medical records that matter for it. Say so before they ask."),
    ),
    Relief(
        title=_("Clearing a conviction"),
        facts=(_("A court may take back convictions for what they were made to do. No official paper is needed."),),
        source="Miss. Code 97-3-54.6",
        checked=CHECKED,
    ),
)

"""The appendix on methods: what the words of the report count, and how each figure is made, with its source."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .. import reading, words
from ..layout import Section, Table
from ..reading import Part


def methods(whole: Part) -> Section:
    return Section(
        id="methods",
        title=_("Methods and sources"),
        lead=_("For whoever wants to check or repeat this. The same figures, with all digits, stand in results.json."),
        tables=(_counted(whole["about"]), _reckoned()),
    )


def _counted(about: Part) -> Table:
    meanings = {
        "seen": _("Registered, and did not decline that their record is used for results"),
        "noticed": _("An indicator was written down"),
        "asked": _("Spoken to in private"),
        "screened": _("A screening conversation was completed, whatever its result"),
        "identified": _("A screening was positive, or the long assessment"),
        "accepted": _("A plan, a safety plan, a permission to share, a referral or a session"),
        "referred": _("A referral was sent"),
        "linked": _("A referral ended with the person being served"),
        "treated": _("Came to a session"),
        "retained": _("Came %(days)s days or more after the first session, or completed treatment")
        % {"days": reading.whole(about["retained_days"])},
    }
    rows = [
        (
            _("Before or since go-live"),
            _("By the day each person came: they stay in that group to the end of the case"),
        ),
        *((words.said(words.STAGES, stage), meaning) for stage, meaning in meanings.items()),
        (
            _("A step in time"),
            _("Done before its clock and grace ran out; what was declined or not due yet counts neither way"),
        ),
    ]
    return Table(caption=_("What is counted"), columns=(_("Word"), _("What it counts")), rows=tuple(rows), folded=True)


def _reckoned() -> Table:
    rows = (
        (_("Shares"), _("Wilson’s score interval"), "Wilson 1927"),
        (_("Difference of two shares"), _("From both Wilson intervals, method 10"), "Newcombe 1998"),
        (_("Mean values"), _("Student’s t interval"), "Student 1908"),
        (
            _("Days until done, still coming"),
            _("Survival curve, log-log interval; who still waits counts for as long as they have waited"),
            "Kaplan & Meier 1958",
        ),
        (
            _("Reliable change"),
            _("More points than error makes likely, and over the cut-off of the measure; its points stand above"),
            "Jacobson & Truax 1991",
        ),
        (
            _("Mean course"),
            _("Mixed model, start and slope of each person’s own; visits may be missing by what was seen before"),
            "Laird & Ware 1982",
        ),
        (
            _("Month by month"),
            _("p chart, three standard deviations, frozen before go-live; wider for large groups (1,000 on)"),
            "Montgomery 2009; Laney 2002",
        ),
        (
            _("What changed at go-live"),
            _("Interrupted series, quasi-Poisson, people as offset; level, and slope from 8 periods on"),
            "Wagner et al. 2002; Bernal et al. 2017",
        ),
        (
            _("How right the screening is"),
            _("Corrected for those who had no long assessment; limits recovered from Wilson’s"),
            "Begg & Greenes 1983; Zou & Donner 2008",
        ),
        (
            _("Whether groups differ"),
            _("Chi-square, or by permutation where few are expected; on shown figures only"),
            "Pearson 1900",
        ),
        (_("Rank of steps"), _("The same people drawn anew, with replacement"), "Efron 1979"),
        (_("RE-AIM"), _("Five questions, each with its own denominator"), "Glasgow et al. 1999"),
        (
            _("Hidden counts"),
            _(
                "Small counts and whatever would give them away, checked by linear programming beside all results that "
                "were published before"
            ),
            "Centers for Medicare & Medicaid Services",
        ),
    )
    return Table(
        caption=_("How each figure is made"), columns=(_("Figure"), _("Method"), _("Source")), rows=rows, folded=True
    )

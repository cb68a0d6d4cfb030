"""How right the screening is, what the numbers can’t say, and what is hidden."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import reading, words
from ..layout import Section, Table, made
from ..reading import Part


def accuracy(whole: Part) -> Section:
    part = whole["accuracy"]
    rows = [
        (_("Screened, with a clear result"), reading.count(part["screened"])),
        (_("Screening positive"), reading.count(part["positive"])),
        (_("Positive, and assessed at length"), reading.count(part["assessed_positive"])),
        *((words.said(words.ACCURACY, code), reading.percent(part[code])) for code in words.ACCURACY),
    ]
    return Section(
        id="accuracy",
        title=_("How right the screening is"),
        lead=_(
            "Each person’s first clear result, of both eras, whether or not they were talked with alone. Judged by the "
            "long assessment of those who had one, corrected for those who had none."
        ),
        tables=(Table(caption=_("Screening against assessment"), columns=(_("What"), _("Figure")), rows=tuple(rows)),),
        notes=made(whole["accuracy"]),
    )


def limits(whole: Part) -> Section:
    rows = [(words.said(words.KNOWN, each["name"].text), reading.share(each["share"])) for each in whole["known"]]
    return Section(
        id="limits",
        title=_("What these numbers can’t say"),
        lead=_(
            "Few people, one centre, no comparison group, and a record that was kept to help people, not to study them."
        ),
        tables=(Table(caption=_("On record, of everybody"), columns=(_("What"), _("For how many")), rows=tuple(rows)),)
        if rows
        else (),
        notes=(
            _("Before go-live less was written down, so less seems to have happened."),
            _("Who feels better may stop coming, and who feels worse may, too: last scores are of those who stayed."),
            _("Who came since go-live has been followed for a shorter time than who came before."),
            _("Places, seasons, staff and money changed in the same months. None of it is adjusted for."),
            _("Groups of which only few came are hidden; that they are hidden does not mean that they do well."),
            _(
                "A missing answer is missing. Nothing is filled in, except a measure’s single skipped items by its own "
                "rule."
            ),
        ),
    )


def _earlier(about: Part) -> Iterator[str]:
    """What earlier results have to do with what is hidden here. Any reader of both can count it."""
    if (number := int(about["earlier"].number or 0)) > 0:
        yield ngettext(
            "%(n)s earlier set of results was taken into account, so that it can’t be subtracted from this one.",
            "%(n)s earlier sets of results were taken into account, so that none can be subtracted from this one.",
            number,
        ) % {"n": number}
        yield _(
            "Of the counts that the last set showed, %(n)s are hidden now. Most of them changed by so few people that "
            "the change would give them away. Where nothing else helps, a zero hides, too."
        ) % {"n": reading.whole(about["shown_before"])}


def hidden(whole: Part) -> Section:
    rows = [
        (words.said(words.PARTS, each["part"].text), reading.whole(each["cells"]), reading.whole(each["hidden"]))
        for each in whole["hiding"]
    ]
    return Section(
        id="hidden",
        title=_("What is hidden, and why"),
        lead=_(
            "A count hides for one of two reasons, and it is not said which: it is small, or a small one could be "
            "worked out from it. Estimates that rest on hidden counts hide with them."
        ),
        tables=(
            Table(
                caption=_("Counts by part"),
                columns=(_("Part"), _("Counts"), _("Hidden")),
                rows=tuple(rows),
                folded=True,
            ),
        )
        if rows
        else (),
        notes=(
            _("Choices on the page pick among tables that were cleared together, so that no two can be subtracted."),
            *_earlier(whole["about"]),
        ),
    )

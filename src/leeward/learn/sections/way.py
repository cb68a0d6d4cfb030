"""The way of the people who came, and whether it went otherwise before the protocol."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from .. import reading, words
from ..charts import Mark
from ..layout import Section, Table, made, mark, picture
from ..reading import NOTHING, Part


def flow(whole: Part) -> Section:
    marks: list[Mark] = []
    early: list[str] = []
    tables: list[Table] = []
    why_not: list[Table] = []
    for flow in whole["flows"]:
        era = words.said(words.ERAS, flow["era"].text)
        rows = [(words.said(words.STAGES, "seen"), reading.count(flow["seen"]), NOTHING, NOTHING, NOTHING)]
        counts = [("seen", flow["seen"].number)]
        for stage in flow["stages"]:
            code, before = stage["stage"].text, words.said(words.STAGES, stage["of_stage"].text)
            rows.append(
                (
                    words.said(words.STAGES, code),
                    reading.count(stage["reached"]["count"]),
                    _("%(share)s of “%(stage)s”")
                    % {"share": reading.percent(stage["reached"]["share"]), "stage": before}
                    if stage["reached"]["share"]["estimate"].number is not None
                    else _("hidden"),
                    reading.count(stage["declined"]),
                    reading.count(stage["other"]),
                )
            )
            counts.append((code, stage["reached"]["count"].number))
            if stage["too_early"].is_hidden or stage["too_early"].number:
                early.append(
                    _("%(stage)s, %(era)s: too early to tell for %(n)s. In the share they count as not there yet.")
                    % {"stage": words.said(words.STAGES, code), "era": era, "n": reading.count(stage["too_early"])}
                )
        marks += [Mark(words.said(words.STAGES, code), era, number) for code, number in counts if number is not None]
        tables.append(
            Table(
                caption=era,
                columns=(_("Stage"), _("People"), _("Share"), _("Said no"), _("Not reached, for another reason")),
                rows=tuple(rows),
            )
        )
        reasons = [
            (words.said(words.STAGES, stage["stage"].text), words.said(words.WHY_NOT, why), reading.count(number))
            for stage in flow["stages"]
            for why, number in stage["reasons"].items()
        ]
        if reasons:
            why_not.append(
                Table(
                    caption=_("Why a stage was not reached, other than by a no: %(era)s") % {"era": era},
                    columns=(_("Stage"), _("Reason on record"), _("People")),
                    rows=tuple(reasons),
                    folded=True,
                )
            )
    drawn = picture(
        _("How many people reached each stage"),
        _("People"),
        marks,
        bars=True,
        order=[str(s) for s in words.STAGES.values()],
    )
    if tables and drawn:
        tables[-1] = replace(tables[-1], picture=drawn)
    return Section(
        id="way",
        title=_("The way of the people who came"),
        lead=_("Each stage counts people who also reached the one it is a share of."),
        tables=(*reversed(tables), *reversed(why_not)),
        notes=(*reversed(early), *made(whole["flows"])),
    )


def compared(whole: Part) -> Section:
    rows, marks = [], []
    for each in whole["compared"]:
        stage = words.said(words.STAGES, each["stage"].text)
        rows.append(
            (stage, reading.share(each["before"]), reading.share(each["since"]), reading.points(each["difference"]))
        )
        for era in ("before", "since"):
            marks += mark(stage, words.said(words.ERAS, era), each[era]["share"])
    table = Table(
        caption=_("Share of everybody who came"),
        columns=(_("Stage"), _("Before go-live"), _("Since go-live"), _("Difference")),
        rows=tuple(rows),
        picture=picture(_("Shares before and since go-live"), _("Share of everybody who came"), marks, percent=True),
    )
    return Section(
        id="compared",
        title=_("Before and since the protocol"),
        lead=_("A difference may have other causes than the protocol: other people came, in other months."),
        tables=(table,) if rows else (),
        notes=(
            _(
                "As in the way above, each stage counts people who also reached those before it: who came to treatment "
                "without a positive screening is not among those who began treatment here."
            ),
            *made(whole["compared"]),
        )
        if rows
        else (),
    )

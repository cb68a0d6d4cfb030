"""RE-AIM at a glance."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .. import reading, words
from ..layout import Section, Table, made
from ..reading import Part


def reaim(whole: Part) -> Section:
    rows = []
    for aim in whole["reaim"]:
        name = aim["name"].text
        base, _colon, instrument = name.partition(":")
        label = words.said(words.AIMS, base)
        measure = next((s["title"].text for s in whole["symptoms"] if s["instrument"].text == instrument), instrument)
        rows.append(
            (
                words.said(words.DIMENSIONS, aim["dimension"].text),
                f"{label}, {measure}" if instrument else label,
                words.said(words.DENOMINATORS, base),
                reading.share(aim["share"]) if not aim["share"].is_absent else _("not on record"),
            )
        )
    return Section(
        id="re-aim",
        title=_("RE-AIM at a glance"),
        lead=_("Did it reach people, help them, get taken up, get done as meant, and last? Since go-live."),
        tables=(
            Table(
                caption=_("RE-AIM (Glasgow, Vogt and Boles 1999)"),
                columns=(_("Question"), _("Measure"), _("Of whom"), _("Share")),
                rows=tuple(rows),
            ),
        )
        if rows
        else (),
        notes=(
            _("What a step costs in money is not on record, so cost per case is not told."),
            *made(whole["reaim"]),
        ),
    )

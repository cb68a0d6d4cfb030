"""Staying in treatment, referrals to partners, needs and what stands in the way."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from leeward.people.services import WORDS as SERVICES

from .. import reading, words
from ..charts import Mark
from ..layout import Section, Table, made, mark, picture
from ..reading import Part


def retention(whole: Part, about: Part) -> Section:
    rows, marks = [], []
    days = sorted({int(stay["days"].number or 0) for each in whole["retention"] for stay in each["stays"]})
    for each in whole["retention"]:
        era = words.said(words.ERAS, each["era"].text)
        stays = {int(stay["days"].number or 0): stay["share"] for stay in each["stays"]}
        rows.append(
            (
                era,
                reading.count(each["treated"]),
                reading.count(each["stopped"]),
                *(reading.percent(stays.get(day, Part(None))) for day in days),
                reading.amount(each["median_days"]),
            )
        )
        for day, stay in stays.items():
            marks += mark(_("After %(days)s days") % {"days": day}, era, stay)
    table = Table(
        caption=_("Still coming after the first session"),
        columns=(
            _("Who came"),
            _("Began treatment"),
            _("Stopped coming"),
            *(_("After %(days)s days") % {"days": day} for day in days),
            _("Days until half have stopped"),
        ),
        rows=tuple(rows),
        picture=picture(_("Share of people still coming"), _("Still coming"), marks, percent=True),
    )
    return Section(
        id="retention",
        title=_("Staying in treatment"),
        lead=_(
            "Everybody who came to a session counts, screened or not. Somebody stopped coming when %(days)s days pass "
            "without a session; who completed treatment or moved away did not."
        )
        % {"days": reading.whole(about["silence_days"])},
        tables=(table,) if rows else (),
        notes=made(whole["retention"]),
    )


def linkage(whole: Part) -> Section:
    tables: list[Table] = []
    marks: dict[str, list[Mark]] = {"before": [], "since": []}  # in the order in which every picture has them
    for era in ("since", "before"):
        rows = []
        for each in whole["linkage"]:
            if each["era"].text != era:
                continue
            kind = words.said(words.PARTNERS, each["kind"].text)
            outcomes = each["outcomes"]
            rows.append(
                (
                    kind,
                    reading.count(each["sent"]),
                    reading.share(each["linked"]),
                    *(reading.count(outcomes[name]) for name in words.OUTCOMES),
                )
            )
            marks[era] += mark(kind, words.said(words.ERAS, era), each["linked"]["share"])
        if rows:
            tables.append(
                Table(
                    caption=words.said(words.ERAS, era),
                    columns=(
                        _("Sent to"),
                        _("Referrals"),
                        _("Linked"),
                        *(words.said(words.OUTCOMES, name) for name in words.OUTCOMES),
                    ),
                    rows=tuple(rows),
                )
            )
    if tables:
        tables[0] = replace(
            tables[0],
            picture=picture(
                _("Referrals that ended with the person being served"),
                _("Linked"),
                [*marks["before"], *marks["since"]],
                percent=True,
                order=[words.said(words.PARTNERS, kind) for kind in words.PARTNERS],
            ),
        )
    return Section(
        id="linkage",
        title=_("Referrals to partners"),
        lead=_("Each referral has one outcome on the day of the data cut. A person can have several."),
        tables=tuple(tables),
        notes=made(whole["linkage"]),
    )


def barriers(whole: Part) -> Section:
    part = whole["needs"]
    needs = [
        (
            str(SERVICES.get(each["code"].text, each["code"].text)),
            reading.share(each["named"]),
            reading.share(each["referred"]),
            reading.share(each["met"]),
        )
        for each in part["by_need"]
    ]
    marks = [
        found
        for each in part["by_need"]
        for found in mark(str(SERVICES.get(each["code"].text, each["code"].text)), _("Met"), each["met"]["share"])
    ]
    counties = [
        (
            words.group("county", each["county"].text),
            reading.count(each["seen"]),
            reading.count(each["assessed"]),
            reading.share(each["unmet"]),
        )
        for each in part["by_county"]
    ]
    reasons = [(words.said(words.CLOSINGS, code), reading.count(number)) for code, number in part["reasons"].items()]
    tables = []
    if needs:
        tables.append(
            Table(
                caption=_("What people need, of those who were asked"),
                columns=(_("Need"), _("Named it"), _("Referred for it"), _("Served, by the record")),
                rows=tuple(needs),
                picture=picture(
                    _("Needs that the record shows to be met"), _("Met, of those who named it"), marks, percent=True
                ),
            )
        )
    if counties:
        tables.append(
            Table(
                caption=_("Unmet need by county"),
                columns=(_("County"), _("People"), _("Asked what they need"), _("With a need that is not met")),
                rows=tuple(counties),
            )
        )
    if reasons:
        tables.append(
            Table(caption=_("Why cases ended"), columns=(_("Reason"), _("People")), rows=tuple(reasons), folded=True)
        )
    return Section(
        id="barriers",
        title=_("Needs and barriers, money among them"),
        lead=_(
            "A need is met once a referral for it ended with the person being served. Help without a referral on "
            "record is not seen here."
        ),
        tables=tuple(tables),
        notes=made(part),
    )

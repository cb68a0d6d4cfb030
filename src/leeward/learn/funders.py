"""What funders and policymakers ask for, all from the cleared document: nothing here is counted anew.

The tables are shaped like the aggregates that OVC's Trafficking Information Management System and OTIP's domestic
programme (OMB 0970-0542) ask for. They are no submission: forms change, and a centre checks them against the form in
force. Grant rule 28 CFR 94.115: counts only, never anything about one person, not even hashed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from leeward.people.services import WORDS as SERVICES

from . import reading, words
from .reading import Part
from .report import day_of, iso_day_of, style_of
from .sections import area_sentence

_BRIEF: Final = Path(__file__).with_name("brief.css")
#: A spreadsheet would evaluate a cell that begins like this.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
HEAD: Final = ("section", "element", "group", "count", "note")
_HIDDEN: Final = "hidden"
_NEEDS: Final = 5
Row = tuple[str, str, str, str, str]


def ovc(document: object) -> str:
    """Counts in the sections of OVC's client and performance data, as CSV."""
    return _csv([*_clients(Part(document)), *_services(Part(document)), *_programme(Part(document))])


def otip(document: object) -> str:
    """Counts in the sections of OTIP's forms: entry, service use, barriers, closure, training, as CSV."""
    whole = Part(document)
    return _csv([*_clients(whole), *_services(whole), *_barriers(whole), *_closures(whole), *_programme(whole)])


def re_aim(document: object) -> str:
    """RE-AIM as a sheet: dimension, measure, events, denominator, and the share with its limits."""
    rows: list[tuple[str, ...]] = [("dimension", "measure", "count", "of", "share", "low", "high")]
    for aim in Part(document)["reaim"]:
        share = aim["share"]
        estimate = share["share"]
        numbers = [estimate["estimate"].number, estimate.low, estimate.high]
        rows.append(
            (
                aim["dimension"].text,
                aim["name"].text,
                *(_number(share[key]) for key in ("count", "of")),
                *(("" if number is None else f"{number:.4f}") for number in numbers),
            )
        )
    return _written(rows)


def brief(document: object, *, language: str = "en") -> str:
    """One page for policymakers: what was found, what is missing where, and what would help."""
    with translation.override(language):
        return render_to_string("learn/brief.html", _brief(document, language) | {"style": style_of(_BRIEF)})


def brief_on_paper(document: object, *, language: str = "en") -> dict[str, object]:
    """The same, for the sheet `paper/brief.typ`."""
    with translation.override(language):
        return _brief(document, language)


def _brief(document: object, language: str) -> dict[str, object]:
    whole = Part(document)
    cut = _moment(whole["about"]["data_cut"])
    return {
        "language": language,
        "title": _("What people need, by county"),
        "day": iso_day_of(cut),
        "lead": _("From the record of one centre, up to %(day)s.") % {"day": day_of(cut)},
        "needs": list(_most_named(whole)),
        "headlines": [text for text in _headlines(whole) if text],
        "counties": [
            (words.group("county", each["county"].text), reading.count(each["seen"]), reading.share(each["unmet"]))
            for each in sorted(whole["needs"]["by_county"], key=_most_unmet)
        ],
        "asks": [sentence for area in whole["areas"] if (sentence := area_sentence(area))],
        "words": {
            "found": _("What was found"),
            "too_little": _("There is too little to say yet."),
            "named": _("What most people named"),
            "unmet": _("Where need is not met"),
            "by_county": _("Unmet need by county"),
            "columns": [_("County"), _("People"), _("With a need that is not met, of those asked")],
            "help": _("What would help most"),
        },
        "note": _(
            "In brackets: 95%% interval. Counts from 1 to %(hidden)s are hidden, and what would give them away. "
            "A need is met once a referral for it ended with the person being served. No comparison group."
        )
        % {"hidden": int(whole["about"]["threshold"].number or 11) - 1},
    }


def _moment(part: Part) -> datetime | None:
    return datetime.fromisoformat(part.text) if part.text else None


def _most_named(whole: Part) -> Iterator[str]:
    """The needs that most people named, of those that are shown, the greatest first."""
    named = [each for each in whole["needs"]["by_need"] if each["named"]["share"]["estimate"].number]
    named.sort(key=lambda each: -(each["named"]["share"]["estimate"].number or 0.0))
    for each in named[:_NEEDS]:
        code = each["code"].text
        yield f"{SERVICES.get(code, code)}: {reading.share(each['named'])}"


def _most_unmet(each: Part) -> tuple[float, str]:
    return (-(each["unmet"]["share"]["estimate"].number or 0.0), each["county"].text)


def _headlines(whole: Part) -> Iterator[str]:
    flow = next((each for each in whole["flows"] if each["era"].text == "since"), Part(None))
    for stage in flow["stages"]:
        code = stage["stage"].text
        if code in ("identified", "accepted", "linked", "treated") and stage["reached"]["count"].number is not None:
            yield _("%(stage)s: %(count)s people (%(share)s of “%(before)s”)") % {
                "stage": words.said(words.STAGES, code),
                "count": reading.count(stage["reached"]["count"]),
                "share": reading.percent_in_words(stage["reached"]["share"]),
                "before": words.said(words.STAGES, stage["of_stage"].text),
            }
    unmet = whole["needs"]["unmet"]
    if unmet["share"]["estimate"].number is not None:
        yield _("%(share)s of those asked have a need that the record does not show to be met.") % {
            "share": reading.percent(unmet["share"])
        }


def _clients(whole: Part) -> Iterator[Row]:
    flow = next((each for each in whole["flows"] if each["era"].text == "since"), Part(None))
    yield ("clients", "new", "all", _number(flow["seen"]), "registered since go-live")
    reached = {stage["stage"].text: stage["reached"]["count"] for stage in flow["stages"]}
    yield ("clients", "potential", "all", _number(reached.get("identified", Part(None))), "screening positive")
    yield (
        "clients",
        "assessed_at_length",
        "all",
        _number(whole["accuracy"]["assessed_positive"]),
        "of first clear screenings that were positive, both eras",
    )
    yield ("clients", "accepted_services", "all", _number(reached.get("accepted", Part(None))), "")
    for dimension, groups in whole["slices"]["dimensions"].items():
        for each in groups:
            if dimension != "payer":
                yield ("clients", f"new_by_{dimension}", each["group"].text, _number(each["seen"]), "")


def _services(whole: Part) -> Iterator[Row]:
    for each in whole["needs"]["by_need"]:
        code = each["code"].text
        yield ("services", "needed", code, _number(each["named"]["count"]), "people who named it")
        yield ("services", "referred", code, _number(each["referred"]["count"]), "of those")
        yield ("services", "received", code, _number(each["met"]["count"]), "of those who named it, by the record")
    for each in whole["linkage"]:
        if each["era"].text == "since":
            yield ("partners", "referrals_sent", each["kind"].text, _number(each["sent"]), "")
            yield ("partners", "referrals_linked", each["kind"].text, _number(each["linked"]["count"]), "")


def _barriers(whole: Part) -> Iterator[Row]:
    for each in whole["linkage"]:
        if each["era"].text == "since":
            for name in ("declined", "waitlisted", "no_answer"):
                yield ("barriers", f"referral_{name}", each["kind"].text, _number(each["outcomes"][name]), "")


def _closures(whole: Part) -> Iterator[Row]:
    yield ("closure", "closed", "all", _number(whole["needs"]["closed"]), "")
    for reason, number in whole["needs"]["reasons"].items():
        yield ("closure", "closed_by_reason", reason, _number(number), "")


def _programme(whole: Part) -> Iterator[Row]:
    for each in whole["training"]:
        yield ("training", "staff_current", each["course"].text, _number(each["current"]["count"]), "on the data cut")


def _number(part: Part) -> str:
    return _HIDDEN if part.is_hidden else "" if part.number is None else str(int(part.number))


def _csv(rows: list[Row]) -> str:
    return _written([HEAD, *rows])


def _written(rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([f"'{text}" if text.lstrip("\ufeff\u200b ").startswith(_FORMULA) else text for text in row])
    return out.getvalue()

"""More sections of the report: periods, courses, partners, needs, groups, what-if, RE-AIM, gaps, what is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from math import exp

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leeward.people.services import WORDS as SERVICES

from . import reading, words
from .charts import Mark, Run, RunPoint
from .layout import Section, Table, made, mark, picture
from .reading import NOTHING, Part


def in_short(whole: Part) -> tuple[str, ...]:
    """What a reader with one minute should know, in plain sentences; only what is shown."""
    return tuple(_in_short(whole))


def _in_short(whole: Part) -> Iterator[str]:
    about = whole["about"]
    if about["people"].number is not None:
        yield ngettext(
            "%(n)s person is counted here.", "%(n)s people are counted here.", int(about["people"].number)
        ) % {"n": reading.count(about["people"])}
    for each in whole["compared"]:
        if each["stage"].text == "asked" and each["difference"]["estimate"].number is not None:
            yield _(
                "Since the protocol began, %(since)s of all who came were talked with alone; before, %(before)s. The "
                "difference: %(points)s."
            ) % {
                "since": reading.percent(each["since"]["share"]),
                "before": reading.percent(each["before"]["share"]),
                "points": reading.points(each["difference"]),
            }
    for aim in whole["reaim"]:
        if aim["name"].text == "in_time" and aim["share"]["share"]["estimate"].number is not None:
            yield _("%(share)s of the steps that were due were done in time.") % {
                "share": reading.percent(aim["share"]["share"])
            }
    for each in whole["symptoms"]:
        if each["era"].text == "since" and each["better"]["share"]["estimate"].number is not None:
            yield _("On %(measure)s, %(share)s of those measured twice got reliably better.") % {
                "measure": each["title"].text,
                "share": reading.percent(each["better"]["share"]),
            }
    yield _("There was no comparison group: these figures show what happened, not why.")


def followed(whole: Part) -> Section:
    """Identification by period: control charts and what changed at go-live."""
    tables, models = [], []
    notes: dict[str, None] = {}
    for line in whole["series"]:
        name = words.said(words.FOLLOWED, line["name"].text)
        months = int(line["months"].number or 1)
        rows, points = [], []
        for point in line["points"]:
            start = date.fromisoformat(point["start"].text)
            label = str(formats.date_format(start, "SHORT_DATE_FORMAT"))
            signals = [words.said(words.SIGNALS, signal.text) for signal in point["signals"]]
            rows.append((label, reading.share(point["share"]), "; ".join(signals) or NOTHING))
            value = point["share"]["share"]["estimate"].number
            points.append(
                RunPoint(
                    start=start.isoformat(),
                    since=(point["period"].number or 0) >= 0,
                    value=value,
                    low=point["low"].number,
                    high=point["high"].number,
                    signal=bool(signals) and value is not None,
                )
            )
        drawn = any(point.value is not None for point in points)
        title = _("%(what)s, by period of coming") % {"what": name}
        tables.append(
            Table(
                caption=title,
                columns=(_("From"), _("Share"), _("Signal")),
                rows=tuple(rows),
                folded=True,
                picture=Run(
                    title=title,
                    alt=_("%(title)s. The table beside it has every number.") % {"title": title},
                    axis=_("Share of people"),
                    points=tuple(points),
                    centre=line["centre"].number,
                    go_live=_("Protocol begins"),
                )
                if drawn
                else None,
            )
        )
        models.append(
            (
                name,
                _ratio(line["rate_ratio"]),
                _ratio_a_month(line["slope_ratio"]),
                reading.amount(line["trend"], signed=True, digits=3),
                reading.decimal(line["dispersion"], 1),
                reading.decimal(line["durbin_watson"], 2),
            )
        )
        for warning in line["warnings"]:
            for begins, doubt in words.DOUBTS.items():
                if warning.text.startswith(begins):
                    notes[_("%(what)s: %(doubt)s") % {"what": name, "doubt": doubt}] = None
        if line["rate_ratio"].low is not None and line["rate_ratio"]["standard_error"].is_absent:
            notes[_("%(what)s: periods are hidden, so the model is told in two digits.") % {"what": name}] = None
        if line["refusal"].text:
            notes[_("%(what)s: too few periods for a model of before and since.") % {"what": name}] = None
        notes[
            ngettext(
                "A period is %(n)d month (30.4375 days), counted from go-live; each person counts for what happened "
                "within %(days)s days of coming.",
                "A period is %(n)d months (of 30.4375 days), counted from go-live; each person counts for what "
                "happened within %(days)s days of coming.",
                months,
            )
            % {"n": months, "days": reading.whole(line["followed_days"])}
        ] = None
    if models:
        tables.append(
            Table(
                caption=_("What changed at go-live"),
                columns=(
                    _("What"),
                    _("Level, times what was expected"),
                    _("Slope, times a month"),
                    _("Trend before, log scale a month"),
                    _("Dispersion"),
                    _("Durbin–Watson"),
                ),
                rows=tuple(models),
            )
        )
    return Section(
        id="followed",
        title=_("Finding people, month by month"),
        lead=_(
            "Dots are shares, the band is what chance alone would give around the time before go-live. "
            "A dot with a ring is a signal."
        ),
        tables=tuple(tables),
        notes=(
            *notes,
            _(
                "Limits: p chart, three standard deviations, frozen at go-live. Model: quasi-Poisson with the number "
                "of people as offset, level and slope at go-live, no season; nothing else that changed at the same "
                "time can be told apart."
            ),
        )
        if tables
        else (),
    )


def _ratio(part: Part) -> str:
    if part.is_hidden:
        return _("hidden")
    value = part["estimate"].number
    if value is None or part.low is None or part.high is None:
        return NOTHING
    digits = 1 if part["standard_error"].is_absent else 2
    return _("%(value)s (%(low)s–%(high)s)") % {
        name: formats.number_format(round(number, digits), digits)
        for name, number in (("value", value), ("low", part.low), ("high", part.high))
    }


def _ratio_a_month(part: Part) -> str:
    """A slope on the log scale, as a factor."""
    value = part["estimate"].number
    if part.is_hidden or value is None or part.low is None or part.high is None:
        return _ratio(part)
    return _("%(value)s (%(low)s–%(high)s)") % {
        name: formats.number_format(round(exp(number), 3), 3)
        for name, number in (("value", value), ("low", part.low), ("high", part.high))
    }


def courses(whole: Part) -> Table | None:
    """The mean course of each measure; one more table of the section on symptoms."""
    rows = [
        (
            each["title"].text,
            _("hidden") if each["first"].is_hidden else reading.count(each["people"]),
            _("hidden") if each["first"].is_hidden else reading.count(each["scores"]),
            reading.amount(each["first"]),
            reading.amount(each["a_month"], signed=True),
            reading.amount(each["a_month_more_since"], signed=True),
        )
        for each in whole["courses"]
        if not each["refusal"].text
    ]
    if not rows:
        return None
    return Table(
        caption=_("Mean course, from one model of all scores"),
        columns=(
            _("Measure"),
            _("People"),
            _("Scores"),
            _("At first"),
            _("Change a month"),
            _("More a month since go-live"),
        ),
        rows=tuple(rows),
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


def on_time(whole: Part) -> Section:
    rows, marks = [], []
    for each in list(whole["on_time"])[:12]:
        title = each["title"].text
        rows.append(
            (
                title,
                reading.share(each["in_time"]),
                reading.share(each["not_in_time"]),
                reading.points(each["difference"]),
                _("%(value)s (%(low)s–%(high)s)")
                % {
                    name: reading.whole(each[key])
                    for name, key in (("value", "gain"), ("low", "gain_low"), ("high", "gain_high"))
                },
            )
        )
        for key, group in (("in_time", _("Done in time")), ("not_in_time", _("Late or not done"))):
            marks += mark(title, group, each[key]["share"])
    table = Table(
        caption=_("Who reached help: a partner that serves them, or treatment"),
        columns=(
            _("Step"),
            _("When done in time"),
            _("When late or not done"),
            _("Difference"),
            _("People more, if all were in time"),
        ),
        rows=tuple(rows),
        picture=picture(_("Share that reached help"), _("Reached help"), marks, percent=True),
        folded=True,
    )
    return Section(
        id="on-time",
        title=_("What if each step met its clock"),
        lead=_(
            "People who had a step in time are set beside those who had it late or not at all. If these had fared like "
            "those, so many more would have reached help. The cautious end ranks."
        ),
        tables=(table,) if rows else (),
        notes=(
            _(
                "This is an association: whoever is easy to serve is served in time, too. Gains of several steps can’t "
                "be added."
            ),
            *made(whole["on_time"]),
        )
        if rows
        else (),
    )


def gain_sentence(each: Part) -> str:
    """One step, in one plain sentence."""
    return _(
        "If “%(step)s” had always met its clock, up to about %(gain)s more people (%(low)s–%(high)s) might have "
        "reached help."
    ) % {
        "step": each["title"].text,
        "gain": reading.whole(each["gain"]),
        "low": reading.whole(each["gain_low"]),
        "high": reading.whole(each["gain_high"]),
    }


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


def equity(whole: Part) -> Section:
    """Each group beside the others; which differences are more than chance."""
    part = whole["slices"]
    tables = []
    unequal = [
        (
            _("%(what)s by %(group)s")
            % {
                "what": words.said(words.STAGES, each["stage"].text),
                "group": words.said(words.DIMENSIONS_OF_PEOPLE, each["dimension"].text).lower(),
            },
            words.group(each["dimension"].text, each["lowest"].text),
            reading.points(each["lowest_against_others"]),
            reading.p_value(each["p_value"]),
            reading.whole(each["hidden"]),
        )
        for each in sorted(part["unequal"], key=lambda each: each["p_value"].number or 0.0)
        if each["dimension"].text != "quarter"
    ]
    if unequal:
        tables.append(
            Table(
                caption=_("Whether groups differ, the clearest first"),
                columns=(
                    _("What"),
                    _("Lowest group"),
                    _("Against all others"),
                    _("p (groups alike)"),
                    _("Groups hidden"),
                ),
                rows=tuple(unequal[:15]),
            )
        )
    for dimension, groups in part["dimensions"].items():
        tables.append(group_table(dimension, groups))
    return Section(
        id="equity",
        title=_("For whom it works, and for whom not"),
        lead=_("The way of people by who they are. Each share is of the stage before it."),
        tables=tuple(tables),
        notes=(
            _(
                "Many comparisons are made: a small p by itself is a hint. Tests use the shown groups only. "
                "Heterogeneity: Pearson’s chi-square, or by permutation where few are expected."
            ),
        )
        if tables
        else (),
    )


def group_table(dimension: str, groups: Part) -> Table:
    """One table of one dimension: a row for each group."""
    rows = []
    stages = [stage["stage"].text for each in list(groups)[:1] for stage in each["stages"]]
    for each in groups:
        rows.append(
            (
                words.group(dimension, each["group"].text),
                reading.count(each["seen"]),
                *(
                    reading.share(stage["reached"]) if not stage["reached"].is_absent else _("hidden")
                    for stage in each["stages"]
                ),
            )
        )
    return Table(
        caption=words.said(words.DIMENSIONS_OF_PEOPLE, dimension),
        columns=(
            words.said(words.DIMENSIONS_OF_PEOPLE, dimension),
            _("Came"),
            *(words.said(words.STAGES, stage) for stage in stages),
        ),
        rows=tuple(rows),
        folded=True,
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

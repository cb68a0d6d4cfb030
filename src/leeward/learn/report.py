"""Results as people read them: sections of tables and pictures, the same ones on the page and in the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import reading, sections, words
from .charts import Mark
from .costs import costs
from .layout import Section, Table, made, mark, picture
from .methods import methods
from .reading import NOTHING, Part

_STYLE: Final = Path(__file__).with_name("report.css")
_PAPER: Final = Path(__file__).with_name("paper.css")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a reader gets."""

    computed_at: datetime | None
    data_cut: datetime | None
    go_live: datetime | None
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    short: tuple[str, ...]
    areas: tuple[str, ...]
    gains: tuple[str, ...]
    sections: tuple[Section, ...]
    hiding: str


def presented(document: object) -> Report:
    """A document (`as_json` of results, as stored) in the active language."""
    whole = Part(document)
    about = whole["about"]
    return Report(
        computed_at=_moment(about["computed_at"]),
        data_cut=_moment(about["data_cut"]),
        go_live=_moment(about["go_live"]),
        facts=_facts(about),
        warnings=tuple(words.said(words.WARNINGS, warning.text) for warning in whole["warnings"]),
        areas=tuple(sentence for area in whole["areas"] if (sentence := area_sentence(area))),
        short=sections.in_short(whole),
        gains=tuple(sections.gain_sentence(each) for each in _best_gains(whole)),
        sections=(
            sections.reaim(whole),
            _flow(whole),
            _compared(whole),
            sections.followed(whole),
            _steps(whole),
            costs(whole),
            sections.on_time(whole),
            _symptoms(whole),
            _retention(whole, about),
            sections.linkage(whole),
            sections.barriers(whole),
            sections.equity(whole),
            _harms(whole),
            _accuracy(whole),
            _training(whole),
            sections.limits(whole),
            sections.hidden(whole),
            methods(whole),
        ),
        hiding=_(
            "Counts from 1 to %(most)s are hidden, and as many others as it takes that nobody can work them out. "
            "Zeros are shown."
        )
        % {"most": int(about["threshold"].number or 11) - 1},
    )


def _best_gains(whole: Part) -> list[Part]:
    """The three steps whose clock is best supported as worth keeping: the cautious end of the gain is above zero."""
    return [each for each in whole["on_time"] if (each["gain_low"].number or 0.0) >= 1][:3]


def html(document: object, *, language: str = "en") -> str:
    """The report as one file that needs nothing else."""
    return _rendered(document, language, _STYLE)


def paper(document: object, *, language: str = "en") -> str:
    """The same words and pictures, as the page from which a PDF is made."""
    return _rendered(document, language, _PAPER)


def style_of(sheet: Path) -> SafeString:
    """A sheet of our own as part of a page that needs no other file."""
    return format_html("<style>{}</style>", SafeString(sheet.read_text(encoding="utf-8")))


def _rendered(document: object, language: str, sheet: Path) -> str:
    with translation.override(language):
        given = {
            "report": presented(document),
            "language": language,
            "style": style_of(sheet),
            "unfolded": sheet is _PAPER,  # paper can't be opened
        }
        return render_to_string("learn/report.html", given)


def area_sentence(area: Part) -> str:
    """One place where most could be gained, in one plain sentence."""
    lost = area["share"]
    if area["kind"].text == "people":
        return _("Of %(all)s people who reached “%(stage)s”, %(lost)s (%(share)s) %(what)s%(choice)s.") % {
            "all": reading.count(lost["of"]),
            "stage": words.said(words.STAGES, area["of_stage"].text),
            "lost": reading.count(lost["count"]),
            "share": reading.percent_in_words(lost["share"]),
            "what": words.said(words.NOT_REACHED, area["code"].text),
            "choice": (
                _("; those who said no are among them")
                if area["includes_declined"].value is True
                else _(", and not because they said no")
            ),
        }
    return _(
        "“%(step)s”, which has a clock of %(clock)s, was late or is still open past it %(missed)s of %(due)s times "
        "(%(share)s): %(days)s days lost."
    ) % {
        "step": area["title"].text,
        "missed": reading.count(lost["count"]),
        "due": reading.count(lost["of"]),
        "share": reading.percent_in_words(lost["share"]),
        "days": reading.whole(area["days_lost"]),
        "clock": words.length(area["clock"].text),
    }


# The sections


def _flow(whole: Part) -> Section:
    marks: list[Mark] = []
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
        notes=made(whole["flows"]),
    )


def _compared(whole: Part) -> Section:
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
        notes=made(whole["compared"]),
    )


def _steps(whole: Part) -> Section:
    rows, marks = [], []
    for step in whole["steps"]:
        title = step["title"].text
        rows.append(
            (
                title,
                words.length(step["clock"].text),
                reading.count(step["opened"]),
                reading.share(step["met"]),
                reading.count(step["late"]),
                reading.count(step["overdue"]),
                reading.count(step["declined"]),
                reading.count(step["pending"]),
                reading.amount(step["median_days"]),
            )
        )
        marks += mark(title, words.said(words.ERAS, "since"), step["met"]["share"])
    table = Table(
        caption=_("Every step since go-live"),
        columns=(
            _("Step"),
            _("Clock"),
            _("Opened"),
            _("Done in time"),
            _("Done late"),
            _("Overdue"),
            _("Said no"),
            _("Not due yet"),
            _("Days until half are done"),
        ),
        rows=tuple(rows),
        picture=picture(_("Share of due steps that were done in time"), _("Done in time"), marks, percent=True),
        folded=True,
    )
    return Section(
        id="steps",
        title=_("How faithfully the steps are done"),
        lead=_("A step that somebody declines counts neither for nor against us."),
        tables=(table,) if rows else (),
        notes=(
            _("Who still waits for a step counts for as long as they have waited."),
            *made(whole["steps"]),
        ),
    )


def _symptoms(whole: Part) -> Section:
    means, classes, marks = [], [], []
    notes: dict[str, None] = {}
    for each in whole["symptoms"]:
        era = words.said(words.ERAS, each["era"].text)
        name = f"{each['title'].text}, {era}"
        means.append(
            (
                name,
                reading.count(each["with_score"]),
                reading.share(each["evaluable"]),
                reading.amount(each["mean_first"]),
                reading.amount(each["mean_last"]),
                reading.amount(each["mean_change"], signed=True),
            )
        )
        marks += mark(each["title"].text, era, each["mean_change"])
        if each["points"].is_absent:
            notes[
                _("%(name)s: nobody knows yet how exactly it measures, so change is told as a mean and not judged.")
                % {"name": each["title"].text}
            ] = None
            continue
        classes.append(
            (
                name,
                reading.share(each["better"]),
                *(reading.count(each["classes"][code]["count"]) for code in words.CHANGES),
            )
        )
        said = _("%(name)s: a change counts from %(points)s points on.") % {
            "name": each["title"].text,
            "points": reading.whole(each["points"]),
        }
        # Sources stand in a questionnaire's file in English alone.
        notes[f"{said} ({each['rule'].text})" if translation.get_language() == "en" else said] = None
    tables = (
        Table(
            caption=_("First and last score"),
            columns=(
                _("Measure"),
                _("People with a score"),
                _("With two or more"),
                _("Mean first"),
                _("Mean last"),
                _("Mean change"),
            ),
            rows=tuple(means),
            picture=picture(_("Mean change from first to last score"), _("Points; below zero is better"), marks),
        ),
        Table(
            caption=_("Reliable change, of those with two scores or more"),
            columns=(_("Measure"), _("Better"), *(words.said(words.CHANGES, code) for code in words.CHANGES)),
            rows=tuple(classes),
        ),
    )
    course = sections.courses(whole)
    return Section(
        id="symptoms",
        title=_("Symptoms"),
        lead=_("Who has one score only can’t be judged, and is not counted as unchanged."),
        tables=(*tables, *([course] if course else [])) if means else (),
        notes=(
            *notes,
            _("Without a comparison group a change can also be time, or regression to the mean."),
            *made(whole["symptoms"]),
        ),
    )


def _retention(whole: Part, about: Part) -> Section:
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
            "Somebody stopped coming when %(days)s days pass without a session; "
            "who completed treatment or moved away did not."
        )
        % {"days": reading.whole(about["silence_days"])},
        tables=(table,) if rows else (),
        notes=made(whole["retention"]),
    )


def _accuracy(whole: Part) -> Section:
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
        lead=_("Judged by the long assessment of those who had one, corrected for those who had none."),
        tables=(Table(caption=_("Screening against assessment"), columns=(_("What"), _("Figure")), rows=tuple(rows)),),
        notes=made(whole["accuracy"]),
    )


def _harms(whole: Part) -> Section:
    part = whole["harms"]
    kinds = [(words.said(words.INCIDENTS, kind), reading.count(number)) for kind, number in part["by_kind"].items()]
    rows = [(_("People with any"), reading.share(part["people"])), (_("Events"), reading.count(part["events"])), *kinds]
    ratings = [
        (words.said(words.ERAS, each["era"].text), reading.count(each["ratings"]), reading.share(each["good"]))
        for each in whole["ratings"]
    ]
    tables = [Table(caption=_("Serious events on record"), columns=(_("What"), _("How many")), rows=tuple(rows))]
    if ratings:
        tables.append(
            Table(
                caption=_("Their own ratings, from 1 to 5"),
                columns=(_("Who came"), _("Ratings"), _("4 or 5")),
                rows=tuple(ratings),
            )
        )
    return Section(
        id="harms",
        title=_("Harm, and what people say themselves"),
        lead=_("What nobody reported is not here. A low number can mean that reporting is hard."),
        tables=tuple(tables),
        notes=made(whole["harms"], whole["ratings"]),
    )


def _training(whole: Part) -> Section:
    rows = [
        (course["title"].text, reading.count(course["staff"]), reading.share(course["current"]))
        for course in whole["training"]
    ]
    table = Table(
        caption=_("Staff whose role needs a course"),
        columns=(_("Course"), _("Staff"), _("Current on the day of the data cut")),
        rows=tuple(rows),
    )
    return Section(
        id="training",
        title=_("Training"),
        lead=_("Only staff who have a role that needs the course are counted."),
        tables=(table,) if rows else (),
        notes=made(whole["training"]),
    )


# Small parts


def _facts(about: Part) -> tuple[tuple[str, str], ...]:
    left_out = about["left_out"]
    cells, hidden = int(about["cells"].number or 0), int(about["hidden"].number or 0)
    instruments = ", ".join(f"{name} {version.text}" for name, version in about["instruments"].items())
    return (
        (_("People"), reading.count(about["people"])),
        (_("Left out because they asked for it"), reading.count(left_out)),
        (_("Protocol"), f"{about['protocol'].text} {about['protocol_version'].text}"),
        (_("Definition (SHA-256)"), about["protocol_digest"].text or NOTHING),
        (_("Data (SHA-256)"), about["data_digest"].text or NOTHING),
        (_("Measures"), instruments or NOTHING),
        (
            _("Hidden"),
            ngettext("%(hidden)s of %(n)s figure", "%(hidden)s of %(n)s figures", cells)
            % {"hidden": hidden, "n": cells},
        ),
    )


def _moment(part: Part) -> datetime | None:
    return datetime.fromisoformat(part.text) if part.text else None

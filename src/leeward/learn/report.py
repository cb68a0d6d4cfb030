"""Results as people read them: sections of tables and pictures, the same ones on the page and in the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.template.loader import render_to_string
from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import reading, sections, words
from .layout import Section, Table
from .reading import NOTHING, Part

_STYLE: Final = Path(__file__).with_name("report.css")


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
    words: Mapping[str, str]
    """What stands around them, the same on the page and on paper."""


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
        areas=tuple(sentence for area in whole["areas"] if (sentence := sections.area_sentence(area))),
        short=sections.in_short(whole),
        gains=tuple(sections.gain_sentence(each) for each in _best_gains(whole)),
        sections=(
            sections.reaim(whole),
            sections.flow(whole),
            sections.compared(whole),
            sections.followed(whole),
            sections.steps(whole),
            sections.costs(whole),
            sections.on_time(whole),
            sections.symptoms(whole),
            sections.retention(whole, about),
            sections.linkage(whole),
            sections.barriers(whole),
            sections.equity(whole),
            sections.harms(whole),
            sections.accuracy(whole),
            sections.training(whole),
            sections.limits(whole),
            sections.hidden(whole),
            sections.methods(whole),
        ),
        hiding=_(
            "Counts from 1 to %(most)s are hidden, and as many others as it takes that nobody can work them out. "
            "Zeros are shown."
        )
        % {"most": int(about["threshold"].number or 11) - 1},
        words=_words(),
    )


def _words() -> dict[str, str]:
    return {
        "title": _("Preliminary results"),
        "short": _("In short"),
        "gained": _("Where most could be gained"),
        "too_little": _("There is too little to say yet."),
        "met_its_clock": _("What if a step met its clock"),
        "no_promise": _("An association, not a promise: whoever is easy to serve is served in time, too."),
        "contents": _("What is in here"),
        "no_mark": _("What is hidden has no mark."),
        "nothing": _("Nothing to show here yet."),
        "made": _("How these numbers were made"),
        "brackets": _(
            "In brackets stands the 95%% interval: the range that goes with the data. With few people it is wide. "
            "∞ is an end that the data do not reach."
        )
        % {},
    }


def _best_gains(whole: Part) -> list[Part]:
    """The three steps whose clock is best supported as worth keeping: the cautious end of the gain is above zero."""
    return [each for each in whole["on_time"] if (each["gain_low"].number or 0.0) >= 1][:3]


def html(document: object, *, language: str = "en") -> str:
    """The report as one file that needs nothing else."""
    with translation.override(language):
        given = {"report": presented(document), "language": language, "style": style_of(_STYLE)}
        return render_to_string("learn/report.html", given)


def paper(document: object, *, language: str = "en") -> Mapping[str, object]:
    """The same words and pictures, for the sheet `paper/report.typ`."""
    with translation.override(language):
        report = presented(document)
        return {
            "language": language,
            "title": report.words["title"],
            "day": iso_day_of(report.data_cut),
            "lead": _lead(report),
            "words": report.words,
            "warnings": report.warnings,
            "short": report.short,
            "areas": report.areas,
            "gains": report.gains,
            "sections": [_on_paper(section) for section in report.sections],
            "hiding": report.hiding,
            "facts": report.facts,
        }


def style_of(sheet: Path) -> SafeString:
    """A sheet of our own as part of a page that needs no other file."""
    return format_html("<style>{}</style>", SafeString(sheet.read_text(encoding="utf-8")))


def day_of(moment: datetime | None) -> str:
    """The day of a moment where the centre is, in words."""
    return "" if moment is None else str(formats.date_format(timezone.localtime(moment), "DATE_FORMAT"))


def iso_day_of(moment: datetime | None) -> str:
    """The same as `2026-11-20`, by which a paper is dated; empty where it is not known."""
    return "" if moment is None else timezone.localtime(moment).date().isoformat()


# Small parts


def _lead(report: Report) -> str:
    parts = [_("Data up to %(day)s") % {"day": day_of(report.data_cut)}]
    if report.go_live:
        parts.append(_("protocol since %(day)s") % {"day": day_of(report.go_live)})
    return " · ".join(parts)


def _on_paper(section: Section) -> Mapping[str, object]:
    return {
        "title": section.title,
        "lead": section.lead,
        "sentences": section.sentences,
        "tables": [_table_on_paper(table) for table in section.tables],
        "is_empty": section.is_empty,
        "notes": section.notes,
    }


def _table_on_paper(table: Table) -> Mapping[str, object]:
    seen = table.picture
    drawn = {"svg": seen.svg, "alt": seen.alt, "title": seen.title} if seen else None
    return {"caption": table.caption, "columns": table.columns, "rows": table.rows, "picture": drawn}


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

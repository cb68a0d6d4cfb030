"""The protocol as a picture with a centre's figures on it: how often each step was opened, how often it was done in
time, and how long it took. The figures are the newest published ones, so nothing is here that results would hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leeward.people import pathway
from leeward.people.models import Role
from leeward.protect.gate import AskedRequest, for_roles
from leeward.rules.picture import Note, Tone, lay_out, numbers, page_svg
from leeward.rules.picture.words import clock, role
from leeward.rules.protocol import Protocol

from . import queries, reading
from .layout import Table
from .reading import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page shows of a protocol: its picture, and the same as a table."""

    title: str
    version: str
    picture: SafeString
    table: Table


@require_safe
@for_roles(Role.PROGRAM_DIRECTOR, Role.EVALUATOR, Role.PRIVACY_OFFICER)
def protocol_picture(request: AskedRequest) -> HttpResponse:
    """The protocol in force, with the newest results of the asker's agency on it."""
    snapshot = queries.newest(request.staff)
    definition = pathway.shipped(settings.LEEWARD_PROTOCOL)
    document = Part(snapshot.document if snapshot else None)
    counted = document["about"]["protocol_version"].text
    context = {
        "shown": shown(definition, document),
        "snapshot": snapshot,
        "counted_version": counted if counted != definition.version else "",
        "threshold": int(document["about"]["threshold"].number or 0) - 1,
    }
    return render(request, "learn/protocol_picture.html", context)


def shown(definition: Protocol, document: Part) -> Shown:
    """The picture and the table of a protocol with the figures of a published document, if it has any."""
    language = get_language() or "en"
    figures = {step["step"].text: step for step in document["steps"]}
    drawn = lay_out(definition, language=language, notes={step: _note(part) for step, part in figures.items()})
    return Shown(
        title=definition.title.in_(language),
        version=definition.version,
        picture=mark_safe(page_svg(drawn, name="protocol")),  # noqa: S308 - written by ElementTree, which escapes
        table=_table(definition, figures, language),
    )


def _note(step: Part) -> Note:
    if step["opened"].number == 0:
        return Note(Tone.NOT_OPEN, (_("never opened"),))
    return Note(
        Tone.PLAIN,
        (
            _("Opened: %(count)s") % {"count": reading.count(step["opened"])},
            _("In time: %(share)s") % {"share": reading.percent(step["met"]["share"])},
            _("Half done after: %(days)s") % {"days": _days(step["median_days"])},
        ),
    )


def _days(part: Part) -> str:
    """A length in days with its interval, or that it is hidden or not known."""
    said = reading.amount(part)
    return said if part["estimate"].number is None else _("%(number)s days") % {"number": said}


def _table(definition: Protocol, figures: Mapping[str, Part], language: str) -> Table:
    """A row for each step in the order of the picture's numbers; without figures only what the protocol says."""
    columns = [_("Step"), _("Who"), _("Clock")]
    if figures:
        columns += [_("Opened"), _("Done in time"), _("Days until half are done"), _("Days until nine in ten are done")]
    rows = []
    for step_id, number in numbers(definition).items():
        step, part = definition.step(step_id), figures.get(step_id, Part(None))
        row = [f"{number}. {step.title.in_(language)}", role(step.role, language), clock(step, language)]
        if figures:
            row += [
                reading.count(part["opened"]),
                reading.share(part["met"]),
                reading.amount(part["median_days"]),
                reading.amount(part["ninety_percent_days"]),
            ]
        rows.append(tuple(row))
    return Table(caption=_("Every step, with the numbers of the picture"), columns=tuple(columns), rows=tuple(rows))

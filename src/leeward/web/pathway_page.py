"""The whole protocol of one person: the picture with its lanes, each step as it stands, and the same as a list."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leeward.people import pathway
from leeward.people.models import CARE_ROLES, Client
from leeward.protect.gate import AskedRequest, open_client, signed_in
from leeward.rules.picture import Note, Tone, lay_out, page_svg
from leeward.rules.protocol.definition import Protocol, Step
from leeward.rules.protocol.plan import CasePlan
from leeward.rules.wording import Text

from .pathway_picture import Look, ShownStep, page_of, picture
from .templatetags.leeward import STATES

_TONES: Final[Mapping[Look, Tone]] = {
    Look.LATE: Tone.LATE,
    Look.DUE: Tone.DUE,
    Look.DONE: Tone.DONE,
    Look.DECLINED: Tone.DECLINED,
    Look.NOT_OPEN: Tone.NOT_OPEN,
}


@require_safe
@signed_in
def pathway_page(request: AskedRequest, code: str) -> HttpResponse:
    """The protocol of this person's case with the state of every step."""
    if request.staff.role not in CARE_ROLES:
        raise Http404
    client = open_client(request, code, reading="web.pathway")
    definition = pathway.protocol_of(client)
    plan = pathway.plan_of(client, timezone.now())
    drawn = lay_out(definition, language=get_language() or "en", notes=notes(definition, plan))
    return render(
        request,
        "web/pathway.html",
        {
            "client": client,
            "picture": mark_safe(page_svg(drawn, name="protocol")),  # noqa: S308 - written by ElementTree, which escapes
            "stages": listed(definition, plan, client),
        },
    )


def notes(definition: Protocol, plan: CasePlan) -> dict[str, Note]:
    """The state of every step in words, by its id."""
    return {
        item.step.id: Note(_TONES[item.look], _state(item))
        for stage in picture(definition, plan)
        for item in stage.steps
    }


def _state(item: ShownStep) -> tuple[str, ...]:
    name = "late_done" if item.was_late and item.look is Look.DONE else item.look.value
    lines = [str(STATES[name][0])]
    if item.due_at is not None:
        lines.append(_("until %(moment)s") % {"moment": _moment(item.due_at)})
    elif item.closed_at is not None:
        lines.append(date_format(timezone.localtime(item.closed_at), "DATE_FORMAT"))
    if item.times > 1:
        lines.append(ngettext("%(number)s time", "%(number)s times", item.times) % {"number": item.times})
    return tuple(lines)


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def listed(definition: Protocol, plan: CasePlan, client: Client) -> list[dict[str, object]]:
    """Stages with their steps in the reader's language, for `web/components/pathway.html`."""
    return [
        {
            "stage": stage,
            "title": said(stage.title),
            "steps": [
                {
                    "shown": item,
                    "title": said(item.step.title),
                    "url": place(item.step, client),
                    "choice": said(item.step.choice) if item.step.choice and item.due_at else "",
                }
                for item in stage.steps
            ],
        }
        for stage in picture(definition, plan)
    ]


def place(step: Step, client: Client) -> str:
    """Address of the page where a step is done for this person."""
    page, kind = page_of(step)
    return reverse(page, args=[client.code, kind] if kind else [client.code])


def said(text: Text) -> str:
    """A definition's words in the reader's language."""
    return text.in_(get_language() or "en")

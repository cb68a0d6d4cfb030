"""Late steps: what has waited so long that somebody else must hear of it.

The care team meets it on its worklist. Who leads and opens no record reads the case code, the step, how late it is and
whom to call: nothing of what happened, and no name of the person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leeward.definitions import UnknownDefinition
from leeward.people import actions, escalation, pathway, queries, vault
from leeward.people.errors import NoSuchVersion
from leeward.people.models import CARE_ROLES, LEADING_ROLES, Agency, Escalation, Role, Staff
from leeward.protect import audit, emergency
from leeward.protect.gate import AskedRequest, for_roles
from leeward.rules.protocol.definition import Step

from .asked import identifier
from .pathway_page import place, said

PAGE = 25
ON_THE_WORKLIST = 5
MOST = 1_000
#: The worker goes round every minute; after this long the list is not to be trusted.
SILENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRow:
    """One late step as the page shows it. The care team's rows have a `name` and addresses, the leaders' have not."""

    escalation: Escalation
    title: str
    answers: str
    code: str
    late_since: datetime | None
    owed_by: Agency | None = None
    team: tuple[Staff, ...] = ()
    name: str = ""
    step_url: str = ""
    client_url: str = ""


class Newest(Paginator):  # type: ignore[type-arg]
    """Pages of the newest `MOST` rows, so that a page costs the same however many there are."""

    def __init__(self, rows: QuerySet[Escalation]) -> None:
        super().__init__(rows, PAGE)
        self.rows = rows

    @cached_property
    def count(self) -> int:
        return self.rows[:MOST].count()


@for_roles(*CARE_ROLES, *LEADING_ROLES)
@require_http_methods(["GET", "POST"])
def late_steps(request: AskedRequest) -> HttpResponse:
    """The list; POST by a leader notes that they have seen one, or puts it back."""
    now = timezone.now()
    leads = request.staff.role in LEADING_ROLES
    if request.method == "POST":
        if not leads:
            raise Http404
        return _note(request, now)
    seen = leads and "seen" in request.GET
    if not leads:
        pathway.refresh_stale(now)
    listed = queries.late_steps(request.staff, seen=seen)
    if not leads:
        listed = listed.select_related("task__client")
    page = Newest(listed).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    looked = escalation.last_round()
    context = {
        "page": page,
        "rows": (for_leader if leads else for_team)(request.staff, shown),
        "most": MOST,
        "leads": leads,
        "seen": seen,
        "unreviewed": [] if seen else emergency.unreviewed(request.staff),
        "looked": looked,
        "silent": looked is None or now - looked > SILENCE,
    }
    return render(request, "web/late_steps.html", context)


def _note(request: AskedRequest, now: datetime) -> HttpResponse:
    which = identifier(request.POST.get("step", ""))
    if "back" in request.POST:
        if actions.unsee_late_step(by=request.staff, escalation=which):
            messages.success(request, _("It is back on the list."))
        return redirect(f"{reverse('late_steps')}?seen")
    if actions.see_late_step(by=request.staff, escalation=which, now=now):
        messages.success(request, _("Noted. It stands under Seen until it is done."))
    return redirect("late_steps")


def for_leader(by: Staff, shown: list[Escalation]) -> list[LateRow]:
    """Rows without a record behind them. Standing on the list is on the record."""
    calls = queries.whom_to_call(shown)
    clients = {one.client_id for one in shown}
    audit.listed(by=by, action="read web.late_steps", client_ids=clients, fields=("code",))
    return [
        LateRow(
            escalation=one,
            title=_title(step, one),
            answers=_answers(step),
            code=call.code,
            late_since=call.late_since,
            owed_by=call.owed_by,
            team=call.team,
        )
        for one in shown
        if (call := calls.get(one.pk))
        for step in [_step(one, call.protocol, call.version)]
    ]


def for_team(by: Staff, shown: list[Escalation]) -> list[LateRow]:
    """Rows for those who may open the record, with the way to it."""
    clients = {one.client_id: one.task.client for one in shown}
    names = vault.called(list(clients.values()))
    audit.listed(by=by, action="read web.late_steps", client_ids=clients.keys(), fields=("given_name",))
    return [
        LateRow(
            escalation=one,
            title=_title(step, one),
            answers=_answers(step),
            code=one.task.client.code,
            late_since=one.task.due_at,
            name=names.get(one.client_id, ""),
            step_url=place(step, one.task.client) if step else "",
            client_url=reverse("client", args=[one.task.client.code]),
        )
        for one in shown
        for step in [_step(one, one.task.client.protocol, one.task.client.protocol_version)]
    ]


def news_for_team(by: Staff) -> tuple[list[LateRow], int]:
    """The newest rows for the worklist, and how many there are in all."""
    listed = queries.late_steps(by)
    shown = list(listed.select_related("task__client")[:ON_THE_WORKLIST])
    return for_team(by, shown), listed[:MOST].count() if len(shown) == ON_THE_WORKLIST else len(shown)


def has_news(by: Staff) -> bool:
    """Whether something late has reached this leader that nobody in that role has seen."""
    return by.role in LEADING_ROLES and (queries.late_steps(by).exists() or bool(emergency.unreviewed(by)))


def _step(late: Escalation, protocol: str, version: str) -> Step | None:
    """The step in the version that the case follows; None where its definition has been taken away."""
    try:
        definition = pathway.version(late.agency_id, protocol, version) if version else pathway.shipped(protocol)
        return definition.step(late.step)
    except (UnknownDefinition, NoSuchVersion, KeyError):
        return None


def _title(step: Step | None, late: Escalation) -> str:
    return said(step.title) if step else late.step


def _answers(step: Step | None) -> str:
    return str(Role(step.role).label) if step else ""

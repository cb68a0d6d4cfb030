"""Reaching somebody safely: how they said it, and what the outbox may send them."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leeward.people import actions as people
from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Client, ContactRule, Staff
from leeward.protect import drafts
from leeward.protect.gate import AskedRequest, for_roles, open_client
from leeward.protect.outbox import actions as outbox
from leeward.protect.outbox import queries as sent
from leeward.protect.outbox.kinds import KINDS, TO_SURVIVORS, Kind
from leeward.protect.outbox.models import State
from leeward.protect.outbox.sending import channels
from leeward.protect.outbox.words import because
from leeward.rules import contact as rules

from .forms import Reaching

REFUSED = 422


class CantReach(PeopleError):
    """The message would not be sent. Nothing was queued."""

    def __init__(self, why: rules.Why) -> None:
        super().__init__(because(why), _("Nothing was queued."))
        self.why = why


@transaction.atomic
def say(*, by: Staff, client: Client, kind: Kind, now: datetime) -> bool:
    """Queue a message to the person, at most one of a kind a day; decided again when it is sent.

    Raises CantReach for what would not be sent today anyway, so that nobody believes that it was.
    """
    local = timezone.localtime(now)
    verdict = rules.may_reach(as_rule(sent.contact_rule(client)), local, channels())
    if verdict.why is not None and verdict.again_at is None:
        raise CantReach(verdict.why)
    return outbox.queue(by=by, client=client, kind=kind, once=f"{kind.code}:{client.pk}:{local.date()}", now=now)


@transaction.atomic
def agree(*, by: Staff, client: Client, rule: rules.ContactRule, now: datetime) -> None:
    """Keep how they may be reached, here and in their details."""
    people.correct_identity(client=client, changes={"contact_method": rule.channel})
    people.set_contact_rule(by=by, client=client, rule=rule, now=now)


def as_rule(row: ContactRule | None) -> rules.ContactRule | None:
    """The row as the rules read it."""
    if row is None:
        return None
    return rules.ContactRule(
        channel=rules.Channel(row.channel),
        answered_by=rules.AnsweredBy(row.answered_by),
        asks_code_word=row.asks_code_word,
        days=frozenset(row.days),
        opens=row.opens,
        closes=row.closes,
        last_day=row.last_day,
    )


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def outbox_page(request: AskedRequest, code: str) -> HttpResponse:
    """What waits to be sent, what was sent, what was not and why; and a message to the person, if one could go out."""
    client = open_client(request, code, reading="support.messages", fields=("state",))
    now = timezone.now()
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            _act(request, client, now)
            return redirect("messages", client.code)
        except PeopleError as refused:
            problem = refused
    rule = as_rule(sent.contact_rule(client))
    verdict = rules.may_reach(rule, timezone.localtime(now), channels())
    shown = sent.asked(sent.messages_of(client)[:100])
    context = {
        "client": client,
        "problem": problem,
        "rule": sent.contact_rule(client),
        "kinds": TO_SURVIVORS if verdict.why is None or verdict.again_at is not None else (),
        "why_not": because(verdict.why or ""),
        "by_machine": verdict.why == rules.Why.NO_TRANSPORT,
        "rows": [{"asked": one, "why": because(one.message.why)} for one in shown],
        "State": State,
    }
    return render(request, "support/messages.html", context, status=REFUSED if problem else 200)


def _act(request: AskedRequest, client: Client, now: datetime) -> None:
    if kind := KINDS.get(request.POST.get("say", "")):
        if kind.to_partner:
            raise Http404
        done = say(by=request.staff, client=client, kind=kind, now=now)
        messages.info(
            request, _("It is in the outbox.") if done else _("The same message stands there for today already.")
        )
    elif which := request.POST.get("call_off"):
        outbox.call_off(client=client, message=_id(which), now=now)
    elif which := request.POST.get("told"):
        outbox.tell(by=request.staff, client=client, message=_id(which), now=now)
    else:
        raise Http404


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as wrong:
        raise Http404 from wrong


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def reaching_page(request: AskedRequest, code: str) -> HttpResponse:
    """How they may be reached: asked together, written down so that no machine can do otherwise."""
    client = open_client(request, code, reading="support.reaching", fields=("contact_rule",))
    if request.method == "POST":
        form = Reaching(request.POST)
        if form.is_valid():
            agree(by=request.staff, client=client, rule=form.rule, now=timezone.now())
            return redirect("messages", client.code)
    else:
        form = Reaching(initial=Reaching.typed(sent.contact_rule(client)) | drafts.initial(request))
    context = {"client": client, "form": form, "zone": settings.TIME_ZONE}
    return render(request, "support/reaching.html", context, status=REFUSED if form.errors else 200)

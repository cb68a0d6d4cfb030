"""Pages of taking back: the permission, whoever had something under it, and the partner's word that they stopped."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from leeward.people.models import CARE_ROLES, Role

from . import actions, audit, queries
from .gate import AskedRequest, for_roles, open_client
from .models import Grant, Purpose
from .outbox import actions as outbox
from .outbox import queries as sent
from .outbox.kinds import WITHDRAWN
from .sessions import PURPOSE
from .views import shown


@for_roles(*CARE_ROLES, Role.PRIVACY_OFFICER)
@require_http_methods(["GET", "POST"])
def take_back(request: AskedRequest, code: str, grant: UUID) -> HttpResponse:
    """Ask once, then take the permission back at once; then who had received something, and who has confirmed."""
    client = open_client(request, code, reading="protect.take_back")
    found = Grant.objects.select_related("recipient", "client", "withdrawal__recorded_by")
    given = get_object_or_404(found, pk=grant, client=client)
    if request.method == "POST":
        actions.withdraw(by=request.staff, given=given, now=timezone.now())
        return redirect("take_back", client.code, given.pk)
    asked = sent.messages_of(client).filter(grant=given, kind=WITHDRAWN.code)
    context = {
        "client": client,
        "shown": shown(given),
        "received": queries.disclosures(client).filter(grant=given),
        "asked": sent.asked(asked),
    }
    return render(request, "protect/take_back.html", context)


@for_roles(Role.PARTNER)
@require_POST
def confirm(request: AskedRequest, notice: UUID) -> HttpResponse:
    """The partner confirms what it was told."""
    if outbox.confirm(by=request.staff, notice=notice, now=timezone.now()):
        messages.success(request, _("Thank you. It is noted."))
    return redirect("partner_inbox")


@for_roles(Role.PARTNER)
@require_POST
def state_purpose(request: AskedRequest) -> HttpResponse:
    """The partner says what they look for now; from the next page on they see what was allowed for that."""
    purpose = request.POST.get("purpose", "")
    if purpose not in Purpose.values:
        raise Http404
    request.session[PURPOSE] = purpose
    audit.saw(by=request.staff, action="stated protect.purpose", subject=purpose)
    return redirect("partner_inbox")

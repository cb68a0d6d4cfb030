"""Pages of referral: the centre's side and the partner's side."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leeward.people.codes import new_code
from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Role
from leeward.people.services import WORDS
from leeward.protect import age, audit, drafts, step_up
from leeward.protect import queries as permissions
from leeward.protect.errors import TakenBack
from leeward.protect.gate import AskedRequest, for_roles, open_client
from leeward.protect.models import DataClass, Purpose
from leeward.protect.outbox import queries as outbox
from leeward.protect.sessions import purpose_of

from . import actions, export, queries
from .forms import Answer, Outcome, RegisterKey, Search, Send
from .models import Referral

PAGE = 25
#: What a referral asks permission for, unless the survivor says otherwise.
USUAL = ("referral", "identity", "contact")


@for_roles(*CARE_ROLES)
def referrals(request: AskedRequest, code: str) -> HttpResponse:
    """A person's referrals, and the directory to start a new one from."""
    client = open_client(request, code, reading="coordinate.referrals")
    counties = sorted({county for agency in permissions.partners() for county in agency.counties})
    search = Search(request.GET or None, counties=counties)
    asked = search.cleaned_data if search.is_valid() else {}
    found = queries.directory(service=asked.get("service", ""), county=asked.get("county", ""))
    now = timezone.now()
    context = {
        "client": client,
        "search": search,
        "service": asked.get("service", ""),
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "referrals": [{"referral": one, "reply": queries.reply_of(one)} for one in queries.referrals_of(client)],
        "services": WORDS,
        "allowed": set(permissions.active(permissions.grants_of(client), now).values_list("recipient_id", flat=True)),
    }
    return render(request, "coordinate/referrals.html", context)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def send(request: AskedRequest, code: str, agency: UUID) -> HttpResponse:
    """Write and send a referral; says which permission it needs and whether there is one."""
    client = open_client(request, code, reading="coordinate.send")
    to = get_object_or_404(permissions.partners(), pk=agency)
    now = timezone.now()
    given = permissions.covering(client=client, recipient=to, classes=set(actions.NEEDED), now=now)
    problem: PeopleError | None = None
    initial = {"service": request.GET.get("service", ""), **drafts.initial(request)}
    form = Send(request.POST or None, services=to.services, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        need = actions.Need(
            to=to,
            service=said["service"],
            urgency=said["urgency"],
            message=said["message"],
            comes_along=said["comes_along"],
        )
        try:
            actions.send(by=request.staff, client=client, need=need, now=now)
            return redirect("referrals", client.code)
        except PeopleError as refused:
            problem = refused
    asking = QueryDict(mutable=True)
    asking.setlist("classes", list(USUAL))
    asking["back"] = "referrals"
    context = {
        "client": client,
        "to": to,
        "form": form,
        "problem": problem,
        "given": given,
        "shown": [DataClass(name).label for name in given.data_classes] if given else [],
        "ask": f"{reverse('ask_permission', args=[client.code, to.pk])}?{asking.urlencode()}",
    }
    return render(request, "coordinate/send.html", context, status=422 if problem or form.errors else 200)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def finish(request: AskedRequest, code: str, referral: UUID) -> HttpResponse:
    """The centre says how a referral ended, or calls it back."""
    client = open_client(request, code, reading="coordinate.finish")
    one = get_object_or_404(Referral.objects.select_related("client", "to_agency"), pk=referral, client=client)
    form = Outcome(request.POST if "outcome" in request.POST else None)
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if "call_back" in request.POST:
                actions.call_back(by=request.staff, referral=one, now=timezone.now())
                return redirect("referrals", client.code)
            if form.is_valid():
                outcome = form.cleaned_data["outcome"]
                actions.close(by=request.staff, referral=one, outcome=outcome, now=timezone.now())
                return redirect("referrals", client.code)
        except PeopleError as refused:
            problem = refused
    context = {"client": client, "referral": one, "form": form, "problem": problem}
    return render(request, "coordinate/finish.html", context, status=422 if problem or form.errors else 200)


@for_roles(*CARE_ROLES)
@require_POST
def remind(request: AskedRequest, code: str, referral: UUID) -> HttpResponse:
    """Ask the partner once more; at most once a day."""
    client = open_client(request, code, reading="coordinate.finish")
    one = get_object_or_404(Referral.objects.select_related("client", "to_agency", "grant"), pk=referral, client=client)
    if actions.remind(by=request.staff, referral=one, now=timezone.now()):
        messages.success(request, _("A reminder is on its way."))
    else:
        messages.info(request, _("They were reminded today already."))
    return redirect("referrals", client.code)


@for_roles(Role.PARTNER)
def inbox(request: AskedRequest) -> HttpResponse:
    """What the partner was asked for and may see now."""
    page = Paginator(queries.inbox(request.staff), PAGE).get_page(request.GET.get("page"))
    try:
        shown = actions.open_inbox(by=request.staff, listed=list(page.object_list), now=timezone.now())
    except TakenBack:
        return redirect(request.get_full_path())  # a permission went while this was read: it is read again
    clients = {referral.client_id for referral, _carried in shown}
    audit.listed(by=request.staff, action="read coordinate.inbox", client_ids=clients, fields=("service", "status"))
    context = {
        "page": page,
        "as_shown": queries.as_shown(list(page.object_list)),
        "referrals": [referral for referral, _carried in shown],
        "texts": list(dict.fromkeys(text for _referral, carried in shown for text in carried.texts)),
        "to_confirm": outbox.to_confirm(request.staff),
        "reminders": outbox.reminders(request.staff),
        "purpose": Purpose(purpose).label if (purpose := purpose_of(request.session)) else "",
        "purposes": [(value, label) for value, label in Purpose.choices if value != purpose],
    }
    return render(request, "coordinate/inbox.html", context)


@for_roles(Role.PARTNER)
@step_up.proved
@require_http_methods(["GET", "POST"])
def shared_list(request: AskedRequest) -> HttpResponseBase:
    """What was shared with the asker's agency, as a file that only the agency opens: made while it is read.

    Without a key of theirs there is no file; the inbox shows the same.
    """
    key = queries.list_key(request.staff)
    register = RegisterKey(request.POST if "public_key" in request.POST else None)
    if register.is_bound and register.is_valid():
        actions.register_key(by=request.staff, public_key=register.cleaned_data["public_key"], now=timezone.now())
        messages.success(request, _("Saved. From now on files open with this key only."))
        return redirect("shared_list")
    if request.method != "POST" or register.is_bound or key is None:
        context = {"count": queries.inbox(request.staff).count(), "key": key, "register": register}
        status = 200 if request.method != "POST" else 422 if register.is_bound else 409
        return render(request, "coordinate/shared_list.html", context, status=status)
    number = new_code()
    export.begun(by=request.staff, number=number)
    made = export.lines(
        by=request.staff,
        token=request.session.session_key or "",
        number=number,
        purpose=purpose_of(request.session),
        now=timezone.now(),
    )
    closed = export.sealed(made, to=age.recipient(key.public_key))
    answer = StreamingHttpResponse(closed, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="list-{number}.csv.age"'
    return answer


@for_roles(Role.PARTNER)
@require_http_methods(["GET", "POST"])
def partner_referral(request: AskedRequest, reference: str) -> HttpResponse:
    """Exactly what was granted; answer it, later say how it ended."""
    referral = queries.for_partner(request.staff, reference)
    if referral is None:
        raise Http404
    now = timezone.now()
    answering = Answer(request.POST if "status" in request.POST else None)
    ending = Outcome(request.POST if "outcome" in request.POST else None)
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if _act(request, referral, answering, ending):
                return redirect("partner_referral", referral.reference)
        except PeopleError as refused:
            problem = refused
    try:
        shown = actions.open_as_partner(by=request.staff, referral=referral, now=now)
    except TakenBack as gone:
        raise Http404 from gone
    context: dict[str, Any] = {
        "referral": referral,
        "slice": shown,
        "as_shown": queries.as_shown([referral]),
        "answering": answering,
        "ending": ending,
        "problem": problem,
    }
    wrong = problem or answering.errors or ending.errors
    return render(request, "coordinate/partner_referral.html", context, status=422 if wrong else 200)


@for_roles(Role.PARTNER)
@require_safe
def inbox_now(request: AskedRequest) -> HttpResponse:
    """The mark of what a page of the inbox may show now, for the page that is open."""
    page = Paginator(queries.inbox(request.staff), PAGE).get_page(request.GET.get("page"))
    return HttpResponse(queries.as_shown(list(page.object_list)), content_type="text/plain")


@for_roles(Role.PARTNER)
@require_safe
def referral_now(request: AskedRequest, reference: str) -> HttpResponse:
    """The same for one referral; for one that may not be seen there is nothing here."""
    referral = queries.for_partner(request.staff, reference)
    if referral is None:
        raise Http404
    return HttpResponse(queries.as_shown([referral]), content_type="text/plain")


def _act(request: AskedRequest, referral: Referral, answering: Answer, ending: Outcome) -> bool:
    now = timezone.now()
    if answering.is_bound and answering.is_valid():
        said = answering.cleaned_data
        actions.answer(by=request.staff, referral=referral, status=said["status"], reason=said["reason"], now=now)
        return True
    if ending.is_bound and ending.is_valid():
        actions.close(by=request.staff, referral=referral, outcome=ending.cleaned_data["outcome"], now=now)
        return True
    return False

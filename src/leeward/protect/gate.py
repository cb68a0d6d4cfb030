"""The one door of the pages: who is asking, may they, and which client do they mean.

The database decides which rows exist for the asker; here a missing row becomes "not found", the same answer for what is
forbidden and for what does not exist (P-01).
"""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Concatenate, ParamSpec, cast
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from leeward.people.codes import read_code
from leeward.people.models import Client, Role, Staff

from . import audit, drafts, emergency
from .errors import OnlyToRead
from .models import BreakGlass

P = ParamSpec("P")


class AskedRequest(HttpRequest):
    """A request whose asker is known."""

    staff: Staff
    #: The emergency by which the page's client is open, if it is not the care team that reads.
    emergency: BreakGlass
    #: A search found nobody: its answer takes as long as any that found nobody (`web.middleware.OnTheBeat`).
    found_nobody: bool


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
StaffView = Callable[Concatenate[AskedRequest, P], HttpResponseBase]


def signed_in(view: StaffView[P]) -> View[P]:
    """Only for somebody who is signed in; others go to sign in and come back to where they were.

    What an ended session was about to save is kept for the same person's return.
    """

    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if getattr(request, "staff", None) is None:
            kept = drafts.keep_for_return(request)
            place = drafts.place_of(request) if kept else request.get_full_path()
            return HttpResponseRedirect(f"{reverse('sign_in')}?next={quote(place)}{'&kept' if kept else ''}")
        response = view(cast(AskedRequest, request), *args, **kwargs)
        drafts.settle(request, response)
        if glass := getattr(request, "emergency", None):
            # The open page goes away when the time is over, without a script too.
            left = max(1, ceil((glass.ends_at - timezone.now()).total_seconds()))
            response["Refresh"] = f"{left}; url={reverse('emergency')}"
        return response

    return wraps(view)(checked)


def for_roles(*roles: Role) -> Callable[[StaffView[P]], View[P]]:
    """Only for staff in one of these roles; for others the page does not exist."""

    def decorate(view: StaffView[P]) -> View[P]:
        def checked(request: AskedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.staff.role not in roles:
                raise Http404
            return view(request, *args, **kwargs)

        return signed_in(wraps(view)(checked))

    return decorate


def open_client(request: AskedRequest, code: str, *, reading: str, fields: tuple[str, ...] = ()) -> Client:
    """The client with this case code, if the asker may reach them; leaves an audit record of what is read.

    `reading` names the page (such as `treat.measures`). Raises Http404 for a code that is wrong, unknown or forbidden,
    and OnlyToRead when somebody who opened it in an emergency would write.
    """
    canonical = read_code(code)
    client = Client.objects.select_related("agency").filter(code=canonical).first() if canonical else None
    if client is None:
        raise Http404
    glass = next((one for one in emergencies(request) if one.client_id == client.pk), None)
    if glass is not None:
        if request.method not in {"GET", "HEAD"}:
            raise OnlyToRead()
        request.emergency = glass
    rule = emergency.RULE if glass else ""
    audit.saw(by=request.staff, action=f"read {reading}", client_id=client.pk, fields=fields, rule=rule)
    return client


def emergencies(request: HttpRequest) -> list[BreakGlass]:
    """What the asker has open in an emergency now; asked once a request."""
    staff: Staff | None = getattr(request, "staff", None)
    if staff is None:
        return []
    if not hasattr(request, "emergencies"):
        request.emergencies = emergency.running(staff, timezone.now())  # type: ignore[attr-defined]
    found: list[BreakGlass] = request.emergencies  # type: ignore[attr-defined]
    return found

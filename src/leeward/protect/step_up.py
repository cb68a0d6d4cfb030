"""Some steps ask again that it is them, by a factor that can't be phished: administration, exports, break-glass, legal.

A room puts `@proved` under `@signed_in` or `@for_roles`. Whoever has not proved themselves within the last five minutes
goes to the page `prove` and comes back. A policy in the database asks the same with `(SELECT ctx.proved())`, so that no
page can forget it.

In the demonstration, where nobody is real and nobody has a passkey, the password is enough, and the page says so.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import cast
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from . import drafts
from .gate import AskedRequest, P, StaffView
from .middleware import be
from .sessions import SessionStore

#: How long one proof counts.
FRESH = timedelta(minutes=5)


def is_proved(request: HttpRequest, *, now: datetime) -> bool:
    """Has the asker proved themselves in this session within the last five minutes?"""
    until = cast(SessionStore, request.session).proved_until
    return until is not None and until > now


def proved(view: StaffView[P]) -> StaffView[P]:
    """Only for somebody who has just proved that it is them; others are asked and come back.

    A form that they sent is kept as a draft for its page.
    """
    return _asking(view, is_proved, "")


def confirmed(view: StaffView[P]) -> StaffView[P]:
    """The same for one's own sign-in, where a code is enough for those who have no passkey."""
    return _asking(view, is_confirmed, "code&")


def _asking(view: StaffView[P], enough: Callable[..., bool], how: str) -> StaffView[P]:
    def checked(request: AskedRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if enough(request, now=timezone.now()):
            return view(request, *args, **kwargs)
        place = request.get_full_path()
        if request.method == "POST":
            place = drafts.place_of(request)
            drafts.keep(by=request.staff, place=place, data=request.POST)
        answer = HttpResponseRedirect(f"{reverse('prove')}?{how}next={quote(place)}")
        answer.status_code = 303
        return answer

    return cast("StaffView[P]", wraps(view)(checked))


def is_confirmed(request: HttpRequest, *, now: datetime) -> bool:
    """Has the asker shown any second factor within the last five minutes? Enough for one's own sign-in (K-01)."""
    until = request.session.get("confirmed_until")
    return is_proved(request, now=now) or (until is not None and datetime.fromisoformat(until) > now)


def confirm(request: HttpRequest, *, now: datetime) -> None:
    """The asker has shown a second factor, perhaps one that can be phished."""
    request.session["confirmed_until"] = (now + FRESH).isoformat()


def mark(request: HttpRequest, *, now: datetime) -> None:
    """The asker has proved themselves: it counts for five minutes, under a new token (K-02)."""
    session = cast(SessionStore, request.session)
    session.cycle_key()
    session.prove(until=now + FRESH)
    be(session.token)

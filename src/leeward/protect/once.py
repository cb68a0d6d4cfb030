"""A form that is sent twice acts once (F-03): pressed twice, sent again by the browser, or again by whoever caught it.

Every form of ours carries the anti-forgery token, and Django draws it anew for each page. So one token, one address and
one content are one press on one page, noted in the same transaction as what it does. Whoever sends it again is led
where the first one was: also while the first is still at work, because the second waits for it.

Only what led elsewhere is noted. A page that answers a form with itself has saved nothing; that is the rule of the
house, and `tests/access/test_hostile_forms.py` holds every form to it.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone

from leeward.people.models import Staff

#: Longer than any session lasts; with the session the token ends.
KEPT_FOR = timedelta(days=2)
#: These do the same however often they are sent, and the second must do it too: its answer sets a cookie.
EVERY_TIME = frozenset({"set_language", "sign_out", "keep_draft"})


class Submission(models.Model):
    """One form that somebody sent: by its digest, never by its content."""

    digest = models.BinaryField(primary_key=True)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField()
    #: Where it led; empty while it is at work.
    leads_to = models.TextField(blank=True)


class Once:
    """Notes each form that did something, and answers its repetition as the first was answered.

    Stands after `Asker`, in its transaction. Forms of people who are not signed in have tokens that are used up.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sent: Submission | None = getattr(request, "submission", None)
        # What failed is rolled back, and the note with it.
        if sent is not None and response.status_code < 500 and not connection.needs_rollback:
            _settle(sent, response)
        return response

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> HttpResponse | None:
        """After the anti-forgery check, before the page."""
        staff: Staff | None = getattr(request, "staff", None)
        token = request.POST.get("csrfmiddlewaretoken") or request.META.get(settings.CSRF_HEADER_NAME)
        named = request.resolver_match.url_name if request.resolver_match else None
        if request.method != "POST" or staff is None or not token or named in EVERY_TIME:
            return None
        sent, is_first = Submission.objects.get_or_create(
            digest=_digest(request, token), defaults={"staff": staff, "sent_at": timezone.now()}
        )
        if is_first:
            request.submission = sent  # type: ignore[attr-defined]
            return None
        return HttpResponseRedirect(sent.leads_to)


def drop_old(*, by: Staff, now: datetime) -> None:
    """Forget what nobody can send again."""
    Submission.objects.filter(staff=by, sent_at__lt=now - KEPT_FOR).delete()


def _settle(sent: Submission, response: HttpResponseBase) -> None:
    row = Submission.objects.filter(digest=sent.digest)
    # 303 asks them to prove who they are first (`step_up`): nothing was done yet.
    if response.status_code == 302:
        row.update(leads_to=response["Location"])
    else:
        row.delete()


def _digest(request: HttpRequest, token: str) -> bytes:
    said = json.dumps([token, request.get_full_path(), sorted(request.POST.lists())])
    return hashlib.sha256(said.encode()).digest()

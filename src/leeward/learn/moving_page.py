"""Moving one person's record to the version of the protocol that is in force: what changes is seen first."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES
from leeward.protect.gate import AskedRequest, for_roles, open_client
from leeward.rules.protocol.difference import difference

from . import moving


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def move_version(request: AskedRequest, code: str) -> HttpResponse:
    """What another version would change for this person; POST moves the record."""
    client = open_client(request, code, reading="learn.move_version", fields=("protocol_version",))
    now = timezone.now()
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            moving.move(by=request.staff, client=client, to=request.POST.get("to", ""), now=now)
            return redirect("client", client.code)
        except PeopleError as refused:
            problem = refused
    seen = moving.preview(client, now)
    language = get_language() or "en"
    context = {
        "client": client,
        "seen": seen,
        "changed": [
            (each.title_in.step(each.step).title, each.due_before, each.due_after)
            for each in (seen.changed if seen else ())
        ],
        "changes": [each.say(language) for each in difference(seen.old, seen.new)] if seen else [],
        "problem": problem,
    }
    return render(request, "learn/move_version.html", context, status=422 if problem else 200)

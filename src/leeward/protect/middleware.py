"""One transaction a request, in which the database knows who is asking."""

from collections.abc import Callable
from typing import cast

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from leeward.people.models import Staff

from .sessions import SessionStore


def be(token: str) -> None:
    """Tell this transaction's policies whose session it is. Forgotten at its end; an empty token is nobody.

    What their transaction opens, a cursor too, ends before anything is taken back from them or their agency: a
    permission, their place at work, their sight of one record (`holding.end_looks`).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctx.enter(%s)", [token])


class Asker:
    """Opens the transaction, passes the session's token, and finds who is asking (`request.staff`).

    Commits before the first byte of the answer leaves, so the audit record is there before anybody reads (T3). A server
    error rolls everything back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/static/"):
            return self.get_response(request)
        if "X-Looking" in request.headers:
            cast(SessionStore, request.session).is_somebodys = False
        with transaction.atomic():
            user = request.user
            be(request.session.session_key or "" if user.is_authenticated else "")
            request.staff = (  # type: ignore[attr-defined]
                Staff.objects.select_related("agency").filter(pk=user.staff_id).first()
                if user.is_authenticated
                else None
            )
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

"""A person of the centre at the server's own shell: a short session of theirs, ended when the command is done.

Whoever has that shell has the site key and the database, so no second factor is asked for: it would prove nothing. Yet
the command runs as the web role in the name of the person, under every policy, and every record says who it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction
from django.utils import timezone

from leeward.people.models import Role, Staff

from .errors import NotAllowedHere
from .middleware import be
from .models import Account, Session
from .sessions import SessionStore, token_digest

LONGEST: Final = timedelta(hours=1)
DEVICE: Final = "command line"


@contextmanager
def acting_as(email: str, *roles: Role) -> Iterator[tuple[Staff, str]]:
    """The person with this address and the token of a session of theirs. Raises NotAllowedHere."""
    account = Account.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if account is None:
        raise NotAllowedHere()
    store = SessionStore()
    store[SESSION_KEY] = str(account.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = account.get_session_auth_hash()
    store.save()
    until = timezone.now() + LONGEST
    Session.objects.filter(token_digest=token_digest(store.token)).update(
        ends_at=until, idle_until=until, proved_until=until, device=DEVICE
    )
    try:
        with transaction.atomic():
            be(store.token)
            staff = Staff.objects.select_related("agency").filter(pk=account.staff_id, role__in=roles).first()
        if staff is None:
            raise NotAllowedHere()
        yield staff, store.token
    finally:
        store.delete()

"""Sign-in sessions: Django's, kept by the digest of their token under a database role of their own.

The web role can't read this table. It passes the token with each transaction, and the definer functions of the `ctx`
schema look the digest up: nobody becomes somebody else by setting a variable (threat model §4.5).
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from . import room
from .models import Account, Purpose, Session

#: Where a session keeps what it is for.
PURPOSE = "purpose"


def token_digest(token: str) -> bytes:
    """What the database stores and looks up for a session token."""
    return hashlib.sha256(token.encode()).digest()


class SessionStore(SessionBase):
    """A session in `protect_session`, reached through the `signin` connection only."""

    _row: Session | None = None
    #: A request that a page makes by itself shows that nobody is there: it does not move the idle limit on (K-02).
    is_somebodys = True

    @property
    def token(self) -> str:
        """The secret that proves this session; empty when there is none."""
        return self.session_key or ""

    def load(self) -> dict[str, Any]:
        """The live session's data; an ended or idle one counts as none."""
        row = self._find()
        if row is None or min(row.ends_at, row.idle_until) <= timezone.now():
            self.idle_staff = row.staff_id if row is not None else None
            self._session_key = None
            return {}
        self._row = row
        if self.is_somebodys:
            self._touch(row)
        return self.decode(row.data)

    #: The member of staff whose session had run out when it was presented, so that their typing can be kept for them.
    idle_staff: Any = None

    @property
    def proved_until(self) -> datetime | None:
        """Until when this session counts as proved by a factor that can't be phished."""
        self.keys()  # loads it
        return self._row.proved_until if self._row else None

    def prove(self, *, until: datetime) -> None:
        """Let this session count as proved until then."""
        self._change(proved_until=until)

    def begin(self, *, partner: bool, device: str, now: datetime) -> None:
        """Somebody has signed in: from now on this session lasts as long as theirs may, and not longer."""
        self._change(
            created_at=now, ends_at=now + lifetime(partner=partner), idle_until=now + idle_time(), device=device
        )

    def cycle_key(self) -> None:
        """The same sitting under a new token: whoever knew the old one knows nothing (K-02). Its end stays."""
        new = secrets.token_urlsafe(32)
        if self.session_key and self._rows().update(token_digest=token_digest(new)):
            self._session_key = new
            self._row = self._find()
            self.modified = True
        else:
            super().cycle_key()

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(token_digest=token_digest(session_key)).exists()

    def create(self) -> None:
        self._session_key = secrets.token_urlsafe(32)
        self.modified = True
        self.save(must_create=True)

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        now = timezone.now()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        values = {
            "data": self.encode(data),
            "staff_id": self._staff_of(data),
            "purpose": purpose_of(data),
        }
        key = token_digest(self.session_key)
        if must_create:
            Session.objects.create(
                token_digest=key, created_at=now, ends_at=now + lifetime(), idle_until=now + idle_time(), **values
            )
        elif not Session.objects.filter(token_digest=key).update(**values):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(token_digest=token_digest(key)).delete()

    def flush(self) -> None:
        """End the session. Where nothing can be written the browser forgets it, and it runs out by itself (U-04)."""
        try:
            super().flush()
        except DatabaseError as error:
            if not room.is_lacking(error):
                raise
            self._session_key = None

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(ends_at__lt=timezone.now()).delete()

    def _rows(self) -> "QuerySet[Session]":
        return Session.objects.filter(token_digest=token_digest(self.session_key or ""))

    def _find(self) -> Session | None:
        return self._rows().first() if self.session_key else None

    def _change(self, **values: object) -> None:
        self._rows().update(**values)
        self._row = self._find()

    def _touch(self, row: Session) -> None:
        """Move the idle limit on, at most every quarter of a minute, so that reading costs no write."""
        until = timezone.now() + idle_time()
        if until - row.idle_until > timedelta(seconds=15):
            try:
                Session.objects.filter(token_digest=row.token_digest).update(idle_until=until)
            except (
                DatabaseError
            ) as error:  # without room to write the session ends earlier, and pages that need none open
                if not room.is_lacking(error):
                    raise

    @staticmethod
    def _staff_of(data: dict[str, Any]) -> Any:
        account = data.get("_auth_user_id")
        if account is None:
            return None
        return Account.objects.filter(pk=account, is_active=True).values_list("staff_id", flat=True).first()


def purpose_of(data: Mapping[str, Any]) -> str:
    """What a session is for: as its owner said, else to arrange help together."""
    said = str(data.get(PURPOSE, Purpose.COORDINATION))
    return said if said in Purpose.values else ""


def lifetime(*, partner: bool = False) -> timedelta:
    """How long a sign-in lasts at most (site settings: 12 hours, 8 hours for partners)."""
    return timedelta(hours=settings.LEEWARD_PARTNER_HOURS if partner else settings.LEEWARD_SESSION_HOURS)


def idle_time() -> timedelta:
    """How long a sign-in lasts without a request (site setting, default 10 minutes)."""
    return timedelta(minutes=settings.LEEWARD_IDLE_MINUTES)

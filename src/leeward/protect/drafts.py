"""What somebody typed and has not saved yet: kept on the server, sealed, for them alone.

The key comes from the site's keyring and the person, and the seal is bound to the person and the place, so that a draft
that is moved to another row does not open. Passwords and form tokens are never kept.
"""

import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.request import RawPostDataException
from django.http.response import HttpResponseBase
from django.utils import timezone

from leeward.people.keyring import keyring
from leeward.people.models import Staff

from .models import Draft, Session
from .sessions import token_digest

NONCE = 12
LONGEST_PLACE = 200
KEPT_FOR = timedelta(days=14)
#: By this field a form that is sent elsewhere says on which page it stands: browsers are told to tell nobody.
STANDS_ON = "stands_on"

#: How a form that is too large, broken off or in an unknown encoding fails when its fields are read.
UNREADABLE = (SuspiciousOperation, BadRequest, UnreadablePostError, RawPostDataException)

Typed = dict[str, list[str]]


def typed(request: HttpRequest) -> Typed:
    """The fields of a posted form that may be kept or given back: no password, no form token."""
    try:
        data = request.POST
    except UNREADABLE:
        return {}
    return _without_secrets(data)


def has_password(request: HttpRequest) -> bool:
    """Was a password part of the form? Then it can't be sent again without asking for it."""
    try:
        return any("password" in name for name in request.POST)
    except UNREADABLE:
        return False


def is_place(place: str) -> bool:
    """Is this a path of this site (and not an address elsewhere) that a draft can belong to?"""
    return place.startswith("/") and not place.startswith("//") and "\\" not in place and len(place) <= LONGEST_PLACE


def place_of(request: HttpRequest) -> str:
    """The page on which the form stands: as the form says (`{% stands_on %}`), else where it was sent to."""
    if request.method != "POST":
        return request.path
    try:
        said = request.POST.get(STANDS_ON, "")
    except UNREADABLE:
        return request.path
    return said if is_place(said) else request.path


def keep(*, by: Staff, place: str, data: QueryDict | Typed) -> None:
    """Keep what `by` typed at `place`, instead of what was kept there before."""
    _put(by.pk, place, _seal(by.pk, place, _without_secrets(data)))


def find(*, by: Staff, place: str) -> Typed | None:
    """What `by` typed at `place` and has not saved."""
    row = Draft.objects.filter(staff=by, place=place).first()
    return _open(by.pk, place, bytes(row.sealed)) if row else None


def drop(*, by: Staff, place: str) -> None:
    """Forget what was kept for `place`: it was saved, or it is not wanted."""
    Draft.objects.filter(staff=by, place=place).delete()


def drop_old(*, by: Staff, now: datetime) -> None:
    """Forget what nobody came back for."""
    Draft.objects.filter(staff=by, saved_at__lt=now - KEPT_FOR).delete()


def initial(request: HttpRequest, place: str = "") -> dict[str, str | list[str]]:
    """First values for the form at this address: what the asker typed there earlier, or nothing.

    Pass it as `initial=` to an unbound form. `web/components/draft.html` then says that it was kept.
    """
    staff: Staff | None = getattr(request, "staff", None)
    if staff is None or request.method != "GET":
        return {}
    found = find(by=staff, place=place or request.path)
    if not found:
        return {}
    request.draft_found = True  # type: ignore[attr-defined]
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def settle(request: HttpRequest, response: HttpResponseBase) -> None:
    """After a form was saved (the answer leads elsewhere) its draft is not needed any more."""
    staff: Staff | None = getattr(request, "staff", None)
    if staff is not None and request.method == "POST" and 300 <= response.status_code < 400:
        drop(by=staff, place=place_of(request))


def keep_for_return(request: HttpRequest, place: str = "") -> bool:
    """Somebody sent a form after their session had run out: keep it with that session until the same person is back.

    Nobody is signed in, so nothing else can be written. Returns whether anything was kept.
    """
    staff_id: UUID | None = getattr(request.session, "idle_staff", None)
    place = place or place_of(request)
    data = typed(request)
    if request.method != "POST" or staff_id is None or not data or not is_place(place):
        return False
    token = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    ended = Session.objects.filter(token_digest=token_digest(token), staff_id=staff_id)
    return bool(ended.update(kept=_seal(staff_id, place, data), kept_place=place))


def take_back(*, by: Staff) -> str:
    """Make a draft of what was kept for the return of `by`, who is signed in now; returns its place, or nothing."""
    ended = Session.objects.filter(staff_id=by.pk, kept__isnull=False).order_by("idle_until")
    place = ""
    for row in ended:
        place = row.kept_place
        _put(by.pk, place, bytes(row.kept or b""))
    ended.update(kept=None, kept_place="")
    return place


def _put(staff_id: UUID, place: str, sealed: bytes) -> None:
    Draft.objects.update_or_create(
        staff_id=staff_id, place=place, defaults={"sealed": sealed, "saved_at": timezone.now()}
    )


def _without_secrets(data: QueryDict | Typed) -> Typed:
    pairs: Iterable[tuple[str, list[str]]] = data.lists() if isinstance(data, QueryDict) else data.items()
    return {
        name: [str(value) for value in values]
        for name, values in pairs
        if name not in {"csrfmiddlewaretoken", STANDS_ON} and "password" not in name
    }


def _key(staff_id: UUID, version: int) -> bytes:
    return keyring().derive(version, b"leeward draft " + staff_id.bytes)


def _seal(staff_id: UUID, place: str, data: Typed) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    plain = json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")
    key = _key(staff_id, keyring().current)
    return nonce + AESGCM(key).encrypt(nonce, plain, _binding(staff_id, place))


def _open(staff_id: UUID, place: str, sealed: bytes) -> Typed | None:
    """The draft, or nothing when it was altered or its key is gone: a lost draft must not stop a page."""
    for version in keyring().versions:
        try:
            key = _key(staff_id, version)
            plain = AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], _binding(staff_id, place))
        except (InvalidTag, ValueError):
            continue
        data: Typed = json.loads(plain.decode("utf-8", "surrogatepass"))
        return data
    return None


def _binding(staff_id: UUID, place: str) -> bytes:
    return f"{staff_id}|{place}".encode("utf-8", "surrogatepass")

"""What proves beside the password that it is them: an app that shows codes, and codes that work once.

Codes of the app follow RFC 6238 (HMAC-SHA-1, 6 digits, 30 seconds), because every such app does. Its secret is sealed
with the site's key and bound to the account; codes that work once are kept as digests. A code is never used twice.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.db import models, transaction

from leeward.people.errors import SealBroken
from leeward.people.keyring import keyring
from leeward.people.rotation import Wrapped

from .models import Account, CodeApp, OneTimeCode

STEP = 30
#: Steps before and after the present one whose code is taken too: clocks differ, and people type slowly.
TOLERANCE = 1
#: So many wrong codes of the app in a row, and codes wait. A passkey works all the same.
MOST_WRONG = 10
WAIT = timedelta(minutes=15)
RECOVERY_CODES = 8
INVITATION_LASTS = timedelta(hours=72)
#: 16 signs of 32: 80 bits, too many to guess, so a plain digest keeps them. No sign is taken for another.
SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 16
SIGNIN = "signin"


class TooManyCodes(Exception):
    """Codes of this account's app wait for a while."""


@dataclass(frozen=True, slots=True)
class Held:
    """What an account has beside its password. `passkeys` and `recovery_codes` are counts."""

    passkeys: int
    code_app: bool
    recovery_codes: int

    @property
    def is_enough(self) -> bool:
        """Can somebody sign in with it?"""
        return self.passkeys > 0 or self.code_app


def held(account: Account) -> Held:
    """What this account has."""
    codes = OneTimeCode.objects.filter(account=account, kind=OneTimeCode.Kind.RECOVERY, used_at=None)
    return Held(account.passkeys.count(), CodeApp.objects.filter(account=account).exists(), codes.count())


# The app


def new_secret() -> bytes:
    """A secret for an app that shows codes: 20 bytes, as RFC 4226 recommends."""
    return secrets.token_bytes(20)


def as_typed(secret: bytes) -> str:
    """The secret as people type it into the app, in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def link(secret: bytes, *, email: str, site: str) -> str:
    """The address that such apps read from a picture (`otpauth:`)."""
    known = {"secret": base64.b32encode(secret).decode(), "issuer": site}
    return f"otpauth://totp/{quote(site)}:{quote(email)}?{urlencode(known, quote_via=quote)}"


def code_at(secret: bytes, step: int) -> str:
    """The six digits that the app shows in this step of 30 seconds since 1970."""
    return TOTP(secret, 6, SHA1(), STEP).generate(step * STEP).decode()  # noqa: S303 - what RFC 6238 and the apps use


def step_of(now: datetime) -> int:
    """The step of 30 seconds that `now` is in."""
    return int(now.timestamp()) // STEP


def add_app(account: Account, secret: bytes, code: str, *, now: datetime) -> bool:
    """Make this the account's app instead of any other, if `code` shows that it holds the secret."""
    step = _fitting_step(secret, _digits(code), now)
    if step is None:
        return False
    version = keyring().current
    CodeApp.objects.update_or_create(
        account=account,
        defaults={
            "sealed": keyring().wrap(version, secret, _binding(account)),
            "site_key_version": version,
            "created_at": now,
            "last_step": step,
            "last_used_at": now,
            "wrong": 0,
            "wrong_at": None,
        },
    )
    return True


def code_fits(account: Account, code: str, *, now: datetime) -> bool:
    """Is it a code that the account's app shows about now and that nobody used yet? Then it is used.

    Raises TooManyCodes after too many wrong ones. Who does not know the password never comes here (K-03).
    """
    with transaction.atomic(using=SIGNIN):
        app = CodeApp.objects.select_for_update().filter(account=account).first()
        if app is None:
            return False
        recent = app.wrong_at is not None and app.wrong_at > now - WAIT
        if recent and app.wrong >= MOST_WRONG:
            raise TooManyCodes
        step = _fitting_step(_secret(app), _digits(code), now)
        if step is not None and step > app.last_step:
            app.last_step, app.last_used_at, app.wrong = step, now, 0
        else:
            app.wrong, app.wrong_at = (app.wrong + 1 if recent else 1), now
        app.save()
        return app.wrong == 0


def _secret(app: CodeApp) -> bytes:
    try:
        return keyring().unwrap(app.site_key_version, bytes(app.sealed), _binding(app.account))
    except SealBroken:
        return secrets.token_bytes(20)  # no code fits a secret that was altered


def _binding(account: Account) -> bytes:
    return f"code-app|{account.pk}".encode()


def _fitting_step(secret: bytes, code: str, now: datetime) -> int | None:
    here = step_of(now)
    found = None
    for step in range(here - TOLERANCE, here + TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step), code):
            found = step
    return found


def _digits(code: str) -> str:
    return "".join(sign for sign in code if sign in "0123456789")


def _app_binding(row: models.Model) -> bytes:
    return f"code-app|{row.pk}".encode()


#: For the rotation of site keys: the secrets of apps are wrapped anew with the rest.
APP_SECRETS = Wrapped(CodeApp, _app_binding, column="sealed")

# Codes that work once


def new_recovery_codes(account: Account, *, now: datetime) -> list[str]:
    """Fresh recovery codes instead of all earlier ones, to be shown this one time."""
    return _new_codes(account, OneTimeCode.Kind.RECOVERY, RECOVERY_CODES, now=now, ends_at=None)


def invite(account: Account, *, given_by: UUID, now: datetime) -> str:
    """A fresh code, instead of any earlier from `given_by`, for somebody who begins. It lasts 72 hours.

    It takes two of them, from two people, to set a password: so neither could sign in as the newcomer.
    """
    kind = OneTimeCode.Kind.INVITATION
    return _new_codes(account, kind, 1, now=now, ends_at=now + INVITATION_LASTS, given_by=given_by)[0]


def begin(codes: tuple[str, str], *, now: datetime) -> Account | None:
    """Whose two invitations these are; they are used up. None unless both can be used and came from two people."""
    with transaction.atomic(using=SIGNIN):
        one, other = (
            _usable(OneTimeCode.Kind.INVITATION, code, now).select_for_update(of=("self",)).select_related("account")
            .first() for code in codes
        )  # fmt: skip
        if one is None or other is None or one.account_id != other.account_id or one.given_by == other.given_by:
            return None
        OneTimeCode.objects.filter(account=one.account, kind=OneTimeCode.Kind.INVITATION).update(used_at=now)
        return one.account


def use(account: Account, kind: str, code: str, *, now: datetime) -> bool:
    """Use up a code of this account. False if it is not one, or was used, or is too old."""
    return _usable(kind, code, now).filter(account=account).update(used_at=now) == 1


def _new_codes(
    account: Account, kind: str, count: int, *, now: datetime, ends_at: datetime | None, given_by: UUID | None = None
) -> list[str]:
    codes = ["".join(secrets.choice(SIGNS) for _n in range(LENGTH)) for _n in range(count)]
    with transaction.atomic(using=SIGNIN):
        OneTimeCode.objects.filter(account=account, kind=kind, given_by=given_by).delete()
        OneTimeCode.objects.bulk_create(
            OneTimeCode(
                account=account, kind=kind, digest=_digest(code), made_at=now, ends_at=ends_at, given_by=given_by
            )
            for code in codes
        )
    return ["-".join(code[start : start + 4] for start in range(0, LENGTH, 4)) for code in codes]


def _usable(kind: str, code: str, now: datetime) -> "models.QuerySet[OneTimeCode]":
    open_ended = models.Q(ends_at=None) | models.Q(ends_at__gt=now)
    return OneTimeCode.objects.filter(open_ended, kind=kind, digest=_digest(code), used_at=None)


def _digest(code: str) -> bytes:
    told = code.lower().translate(str.maketrans("oil", "011"))
    return hashlib.sha256(b"leeward one-time code|" + "".join(c for c in told if c in SIGNS).encode()).digest()

"""Passkeys: a key that stays on the person's own device and answers to this site alone (WebAuthn level 2).

They can't be phished: the browser names the site that asks, and the device signs for that site only. The device also
checks that it is its owner (PIN or finger), so a passkey is two factors by itself. The protocol is `fido2`'s.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from .models import Account, Passkey

SIGNIN = "signin"
#: A passkey that was added with less than a passkey does not count at once where one is asked for.
PROBATION = timedelta(hours=24)
LONGEST_ANSWER = 20_000


@dataclass(frozen=True, slots=True)
class Site:
    """Where the browser is: `host` without a port, and the whole `origin`, such as `https://centre.example`."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser's script needs (JSON), and what the server remembers until the answer comes."""

    options: str
    state: dict[str, str]


class WrongAnswer(Exception):
    """The device's answer does not fit. Nothing more is said of why."""


def ask_to_add(account: Account, *, site: Site) -> Asked:
    """Ask the browser to make a passkey for this account."""
    options, state = _server(site).register_begin(
        user=PublicKeyCredentialUserEntity(
            id=hashlib.sha256(b"leeward passkey|" + account.pk.bytes).digest(),
            name=account.email,
            display_name=account.email,
        ),
        credentials=[_credential(row) for row in account.passkeys.all()],
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _asked(options, state)


def add(
    account: Account,
    *,
    name: str,
    answer: str,
    state: Mapping[str, str] | None,
    site: Site,
    trusted: bool,
    now: datetime,
) -> Passkey:
    """Keep the passkey that the device made. Raises WrongAnswer.

    `trusted` says that whoever adds it had an invitation or proved themselves with another passkey. If not, it signs in
    at once, but for a day it does not count where a passkey is asked for: else a phished code would be enough.
    """
    try:
        made = _server(site).register_complete(_known(state), _read(answer))
    except (ValueError, TypeError, KeyError) as wrong:
        raise WrongAnswer from wrong
    credential = made.credential_data
    if credential is None:
        raise WrongAnswer
    try:
        with transaction.atomic(using=SIGNIN):
            return Passkey.objects.create(
                account=account,
                name=name,
                credential_id=credential.credential_id,
                credential=bytes(credential),
                uses=made.counter,
                created_at=now,
                counts_from=now if trusted else now + PROBATION,
            )
    except IntegrityError as known_already:
        raise WrongAnswer from known_already


def ask(account: Account, *, site: Site) -> Asked:
    """Ask the browser to sign with one of the account's passkeys."""
    options, state = _server(site).authenticate_begin(
        credentials=[_credential(row) for row in account.passkeys.all()],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _asked(options, state)


def check(account: Account, *, answer: str, state: Mapping[str, str] | None, site: Site, now: datetime) -> Passkey:
    """The passkey of this account that signed. Raises WrongAnswer, also for a copy whose count of uses runs behind."""
    with transaction.atomic(using=SIGNIN):
        rows = {bytes(row.credential_id): row for row in Passkey.objects.select_for_update().filter(account=account)}
        try:
            told = _read(answer)
            used = _server(site).authenticate_complete(_known(state), [_credential(row) for row in rows.values()], told)
            count = AuthenticationResponse.from_dict(told).response.authenticator_data.counter
        except (ValueError, TypeError, KeyError) as wrong:
            raise WrongAnswer from wrong
        row = rows[used.credential_id]
        if (count or row.uses) and count <= row.uses:
            raise WrongAnswer
        row.uses, row.last_used_at = count, now
        row.save(update_fields=["uses", "last_used_at"])
    return row


def _server(site: Site) -> Fido2Server:
    place = PublicKeyCredentialRpEntity(id=site.host, name=settings.LEEWARD_SITE_NAME)
    return Fido2Server(place, verify_origin=lambda origin: origin == site.origin)


def _credential(row: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(row.credential))


def _asked(options: Mapping[str, Any], state: Mapping[str, Any]) -> Asked:
    return Asked(json.dumps(dict(options)), {name: str(getattr(v, "value", v)) for name, v in state.items()})


def _known(state: Mapping[str, str] | None) -> Mapping[str, str]:
    if not state:
        raise ValueError("nothing was asked")
    return state


def _read(answer: str) -> Mapping[str, Any]:
    told = json.loads(answer) if len(answer) <= LONGEST_ANSWER else None
    if not isinstance(told, dict):
        raise ValueError("not an answer")
    return told

"""A therapist's private notes: only their author opens them, and after a release by two people a successor.

For each client and author there is a key of its own. It is sealed to the author's personal key; halves of it go to
keepers (a privacy officer, a program director), so that two of them together, and no one alone, can release it when the
author has left. Psychotherapy notes need an authorisation of their own (45 CFR 164.508(a)(2)); the ground of a release
says which.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leeward.people import opening, vault
from leeward.people.errors import PeopleError, SealBroken
from leeward.people.keyring import keyring
from leeward.people.models import Client, Role, Staff
from leeward.protect import personal_keys
from leeward.protect.personal_keys import NoKey
from leeward.protect.queries import barred

from .models import NoteKey, NoteRelease, NoteReleaseDone, NoteShare, PrivateNote

KEEPERS = {NoteShare.FIRST: Role.PRIVACY_OFFICER, NoteShare.SECOND: Role.PROGRAM_DIRECTOR}
KEY = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One note, opened. `author` is another person's after a release."""

    text: str
    written_at: datetime
    author: Staff


class Unreadable(PeopleError):
    """The notes are there, and the reader's key does not open them."""

    def __init__(self) -> None:
        super().__init__(
            _("These notes were written under an earlier key of yours."),
            _("The privacy officer and a program director can release them to you together."),
        )


@transaction.atomic
def write(*, by: Staff, client: Client, text: str, private: bytes, now: datetime) -> PrivateNote:
    """Keep a note of `by` about the client. Raises NoKey, Unreadable, PeopleError for who is no therapist."""
    if by.role != Role.THERAPIST:
        raise PeopleError(_("Only therapists keep private notes."))
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)  # two windows make one key
    key = _own_key(by=by, client=client, private=private, now=now)
    _share_out(by=by, client=client, key=key, now=now)
    note = PrivateNote(agency_id=client.agency_id, client=client, author=by, written_at=now)
    note.sealed = vault.seal_with(key, client.pk, note.place, text)
    note.save(force_insert=True)
    return note


def read(*, by: Staff, client: Client, private: bytes) -> list[Shown]:
    """The notes that `by` may open, newest first. Raises Unreadable, SealBroken, VaultClosed."""
    notes = list(PrivateNote.objects.filter(client=client).select_related("author"))
    keys = {author: _key_for(by, client, author, private) for author in {note.author_id for note in notes}}
    return [
        Shown(
            text=vault.open_with(keys[note.author_id], client.pk, note.place, bytes(note.sealed)),
            written_at=note.written_at,
            author=note.author,
        )
        for note in notes
    ]


def keepers(agency_id: UUID) -> dict[int, dict[UUID, bytes]]:
    """For each half, the active keepers who have a key of their own, with its public half."""
    found = {}
    for half, role in KEEPERS.items():
        staff = Staff.objects.filter(agency_id=agency_id, role=role, is_active=True)
        found[half] = personal_keys.public_keys(staff.values_list("pk", flat=True))
    return found


@transaction.atomic
def ask_release(
    *, by: Staff, client: Client, author: Staff, successor: Staff, confirmer: Staff, ground: str, private: bytes,
    now: datetime,
) -> NoteRelease:  # fmt: skip
    """A privacy officer asks, and hands their half of the key to the director who must confirm.

    Raises PeopleError when the author is still here, when the same person would confirm, when the successor is no
    therapist, is barred (A-03) or has no key, or when this keeper has no half.
    """
    if confirmer.pk == by.pk or confirmer.role != Role.PROGRAM_DIRECTOR:
        raise PeopleError(_("Two people release notes."), _("Name a program director who confirms it."))
    if author.is_active and author.pk != successor.pk:
        raise PeopleError(_("The author still works here."), _("Ask them."))
    if successor.role != Role.THERAPIST or not successor.is_active:
        raise PeopleError(_("Notes are released to a therapist who works here."))
    if barred(client).filter(staff=successor).exists():
        raise PeopleError(_("The person does not want this colleague near their record."), _("Choose somebody else."))
    publics = personal_keys.public_keys([confirmer.pk, successor.pk])
    if missing := [one.display_name for one in (confirmer, successor) if one.pk not in publics]:
        raise NoKey(_("%(name)s has no key of their own yet.") % {"name": ", ".join(missing)})
    kept = NoteShare.objects.filter(client=client, author=author, keeper=by, half=NoteShare.FIRST)
    mine, half = _half(kept, private)
    release = NoteRelease(
        agency_id=client.agency_id, client=client, author=author, successor=successor, asked_by=by, asked_at=now,
        confirmer=confirmer, ground=ground,
    )  # fmt: skip
    release.save(force_insert=True)
    handed = NoteShare(
        agency_id=client.agency_id, client=client, author=author, keeper=confirmer, half=NoteShare.FIRST,
        split=mine.split, sealed_to=publics[confirmer.pk], made_at=now,
    )  # fmt: skip
    _seal(handed, half, publics[confirmer.pk])
    return release


@transaction.atomic
def confirm_release(*, by: Staff, release: NoteRelease, private: bytes, now: datetime) -> None:
    """The second person confirms: both halves make the key, and it is sealed to the successor's own.

    Raises PeopleError for anybody but the named second person; SealBroken when a half does not open.
    """
    if by.pk != release.confirmer_id or by.pk == release.asked_by_id:
        raise PeopleError(_("Somebody else must confirm this."))
    if NoteReleaseDone.objects.filter(release=release).exists():
        return
    kept = NoteShare.objects.filter(client_id=release.client_id, author_id=release.author_id, keeper=by)
    handed, first = _half(kept.filter(half=NoteShare.FIRST), private)
    _mine, second = _half(kept.filter(half=NoteShare.SECOND, split=handed.split), private)
    public = personal_keys.public_keys([release.successor_id]).get(release.successor_id)
    if public is None:
        raise NoKey(_("%(name)s has no key of their own yet.") % {"name": release.successor.display_name})
    key = _combined(first, second)
    _hold(release.agency_id, release.client_id, release.author_id, release.successor_id, key, public, now)
    NoteReleaseDone(
        agency_id=release.agency_id, client_id=release.client_id, release=release, confirmed_by=by, confirmed_at=now
    ).save(force_insert=True)


def waiting(by: Staff) -> QuerySet[NoteRelease]:
    """Releases that `by` asked for or must confirm, and that nobody has confirmed yet."""
    found = NoteRelease.objects.filter(agency_id=by.agency_id, done__isnull=True)
    return found.select_related("author", "successor", "asked_by", "confirmer")


def _own_key(*, by: Staff, client: Client, private: bytes, now: datetime) -> bytes:
    if NoteKey.objects.filter(client=client, author=by, reader=by).exists():
        return _key_for(by, client, by.pk, private)
    public = personal_keys.public_keys([by.pk]).get(by.pk)
    if public is None:
        raise NoKey(_("You have not made your own key yet."), _("Make it first."))
    key = secrets.token_bytes(KEY)
    _hold(client.agency_id, client.pk, by.pk, by.pk, key, public, now)
    return key


def _key_for(by: Staff, client: Client, author_id: UUID, private: bytes) -> bytes:
    row = NoteKey.objects.filter(client=client, author_id=author_id, reader=by).first()
    if row is None:
        raise SealBroken()
    try:
        return _unsealed(row, private)
    except SealBroken as broken:
        raise Unreadable() from broken


def _share_out(*, by: Staff, client: Client, key: bytes, now: datetime) -> None:
    """Split the key for the keepers of today, unless they all have their half of it already."""
    wanted = {
        (half, keeper): public
        for half, publics in keepers(client.agency_id).items()
        for keeper, public in publics.items()
    }
    if {half for half, _keeper in wanted} != set(KEEPERS):
        return  # one half alone is worth nothing
    shares = NoteShare.objects.filter(client=client, author=by)
    newest = shares.values_list("split", flat=True).first()
    held = {(row.half, row.keeper_id): bytes(row.sealed_to) for row in shares.filter(split=newest)} if newest else {}
    if all(held.get(place) == public for place, public in wanted.items()):
        return
    first, split = secrets.token_bytes(KEY), uuid4()
    halves = {NoteShare.FIRST: first, NoteShare.SECOND: _combined(first, key)}
    for (half, keeper), public in wanted.items():
        row = NoteShare(agency_id=client.agency_id, client=client, author=by, keeper_id=keeper, half=half, made_at=now)
        row.split, row.sealed_to = split, public
        _seal(row, halves[half], public)


def _hold(
    agency_id: UUID, client_id: UUID, author_id: UUID, reader_id: UUID, key: bytes, public: bytes, now: datetime
) -> None:
    row = NoteKey(agency_id=agency_id, client_id=client_id, author_id=author_id, reader_id=reader_id, made_at=now)
    _seal(row, key, public)


def _seal(row: NoteKey | NoteShare, what: bytes, public: bytes) -> None:
    """Sealed to the person, and that wrapped by the site key."""
    ring = keyring()
    row.site_key_version = ring.current
    row.wrapped = ring.wrap(ring.current, personal_keys.seal_to(public, what, row.binding), row.binding)
    row.save(force_insert=True)


def _unsealed(row: NoteKey | NoteShare, private: bytes) -> bytes:
    opening.require()
    inner = keyring().unwrap(row.site_key_version, bytes(row.wrapped), row.binding)
    return personal_keys.open_with(private, inner, row.binding)


def _half(shares: QuerySet[NoteShare], private: bytes) -> tuple[NoteShare, bytes]:
    """The newest of these halves that opens. Raises PeopleError if none does."""
    for row in shares:
        try:
            return row, _unsealed(row, private)
        except SealBroken:
            continue  # sealed to a key that this keeper has replaced
    raise PeopleError(
        _("You keep no half of the key to these notes."),
        _("There are none, or the key was made before you were a keeper or changed your own."),
    )


def _combined(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))

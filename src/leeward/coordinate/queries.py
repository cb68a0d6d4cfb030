"""What may be read of referrals. The database decides which rows there are for whoever asks."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, QuerySet

from leeward.people import vault
from leeward.people.codes import read_code
from leeward.people.models import Agency, Client, ContactWay, PartnerCode, Staff
from leeward.protect import notices
from leeward.protect import queries as permissions
from leeward.protect.decision import Records
from leeward.protect.errors import NotPermitted
from leeward.protect.notices import Carried
from leeward.protect.queries import partners

from .models import ListKey, Referral

#: Which fact of the vault a partner is shown under which granted class.
FIELDS = {
    "identity": ("given_name", "family_name", "birth_year"),
    "contact": ("contact_method", "phone", "contact_hours", "contact_notes"),
    "location": ("address",),
}

#: What the partner's list and the head of a referral's page say of it, and the classes that this gives away.
LISTED = frozenset({"reference", "service", "status", "urgency", "sent_at"})
LISTED_CLASSES = frozenset({"existence", "referral"})


def directory(*, service: str = "", county: str = "") -> QuerySet[Agency]:
    """Partners that offer a service in a county; all where nothing is asked."""
    found = partners()
    if service:
        found = found.filter(services__contains=[service])
    if county:
        found = found.filter(counties__contains=[county])
    return found


def referrals_of(client: Client) -> QuerySet[Referral]:
    """The client's referrals, newest first."""
    return Referral.objects.filter(client=client).select_related("to_agency", "sent_by")


def list_key(partner: Staff) -> ListKey | None:
    """The key with which the asker's agency opens what it downloads; None if it has registered none."""
    return ListKey.objects.filter(agency_id=partner.agency_id).select_related("registered_by").first()


def inbox(partner: Staff) -> QuerySet[Referral]:
    """Referrals to the asker's agency that a permission covers now, open ones first."""
    return (
        Referral.objects.filter(to_agency_id=partner.agency_id)
        .select_related("agency", "to_agency", "grant")
        .order_by(F("closed_at").desc(nulls_first=True), "-sent_at", "pk")
    )


def for_partner(partner: Staff, reference: str) -> Referral | None:
    """The referral of that reference, if it is the asker's and a permission covers it now."""
    code = read_code(reference)
    return (
        Referral.objects.select_related("agency", "to_agency", "grant", "sent_by__agency")
        .filter(reference=code, to_agency_id=partner.agency_id)
        .first()
        if code
        else None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What a partner sees of a person: what may leave now, and nothing else. `carried` goes along with it."""

    partner_code: str
    message: str
    identity: dict[str, str]
    carried: Carried

    @property
    def classes(self) -> frozenset[str]:
        """The classes of which something is in the slice."""
        held = {name for name, fields in FIELDS.items() if self.identity.keys() & set(fields)}
        return LISTED_CLASSES | held

    @property
    def way(self) -> str:
        """The safe way to reach them, in words."""
        way = self.identity.get("contact_method", "")
        return str(ContactWay(way).label) if way in ContactWay.values else way

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that the slice holds, beside what the inbox shows."""
        return frozenset(self.identity) | {"partner_code", "message", "comes_along", "sent_by"}


def slice_for(referral: Referral, now: datetime) -> Slice:
    """The part that may leave now, as far as the database opens it to the partner.

    Asked by the partner, for whom other rows do not exist, or by the care team, who shows it beforehand (`preview`).
    Raises NotPermitted or NoticeMissing, and shows nothing, when a copy may not leave (C-06).
    """
    carried = carried_with(referral, now)
    if not carried.classes >= LISTED_CLASSES:
        raise NotPermitted(carried.refusals)
    facts = vault.identity(referral.somebody) if carried.classes & FIELDS.keys() else {}
    opened = carried.classes & permissions.opened_to(referral.somebody, referral.to_agency, referral.grant.purpose)
    shown = {name for data_class in opened for name in FIELDS.get(data_class, ())}
    code = PartnerCode.objects.filter(client_id=referral.client_id, partner=referral.to_agency).first()
    return Slice(
        partner_code=code.code if code else "",
        message=vault.open_sealed(referral.somebody, f"referral:{referral.pk}:message", referral.message),
        identity={name: value for name, value in facts.items() if name in shown and value},
        carried=carried,
    )


def carried_with(referral: Referral, now: datetime, records: Records | None = None) -> Carried:
    """What goes along with a copy of the referral, and which of the classes of its permission may leave."""
    return notices.carried(
        client=referral.somebody,
        recipient=referral.to_agency,
        given=referral.grant,
        classes=referral.grant.data_classes,
        at=now,
        records=records,
    )


def as_shown(listed: Sequence[Referral]) -> str:
    """A mark of what the database opens to the asker of these referrals now: another one as soon as that changes.

    It holds no word of anybody; an open page asks for it, to know whether it may stay open (C-02).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked.reference, opened.data_class"
            "  FROM unnest(%s::text[], %s::uuid[]) AS asked (reference, client_id)"
            " CROSS JOIN (SELECT ctx.agency() AS agency, ctx.purpose() AS purpose) AS asker"
            "  LEFT JOIN LATERAL ctx.opened_to(asked.client_id, asker.agency, asker.purpose) AS opened ON true"
            " ORDER BY 1, 2",
            [[one.reference for one in listed], [one.client_id for one in listed]],
        )
        return hashlib.sha256(json.dumps(cursor.fetchall()).encode()).hexdigest()[:32]


def reply_of(referral: Referral) -> str:
    """The partner's reason in words, for those who may open it."""
    if referral.reply is None:
        return ""
    return vault.open_sealed(referral.somebody, f"referral:{referral.pk}:reply", referral.reply)

"""What may be read of referrals. The database decides which rows there are for whoever asks."""

from dataclasses import dataclass

from django.db.models import QuerySet

from leeward.people import vault
from leeward.people.codes import read_code
from leeward.people.models import Agency, Client, PartnerCode, Staff
from leeward.protect.queries import partners

from .models import Referral

#: Which fact of the vault a partner is shown under which granted class.
FIELDS = {
    "identity": ("given_name", "family_name", "birth_year"),
    "contact": ("contact_method", "phone", "contact_hours", "contact_notes"),
    "location": ("address",),
}


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


def inbox(partner: Staff) -> QuerySet[Referral]:
    """Referrals to the asker's agency that a permission covers now, open ones first."""
    return Referral.objects.filter(to_agency_id=partner.agency_id).order_by("closed_at", "-sent_at")


def for_partner(partner: Staff, reference: str) -> Referral | None:
    """The referral of that reference, if it is the asker's and a permission covers it now."""
    code = read_code(reference)
    return (
        Referral.objects.select_related("client", "to_agency", "grant", "sent_by__agency")
        .filter(reference=code, to_agency_id=partner.agency_id)
        .first()
        if code
        else None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What a partner sees of a person: what was granted, and nothing else."""

    partner_code: str
    message: str
    identity: dict[str, str]


def slice_for(referral: Referral) -> Slice:
    """The granted part. The rows that the partner may not have do not exist for the query."""
    facts = vault.identity(referral.client)
    shown = {name for data_class in referral.grant.data_classes for name in FIELDS.get(data_class, ())}
    code = PartnerCode.objects.filter(client=referral.client, partner=referral.to_agency).first()
    return Slice(
        partner_code=code.code if code else "",
        message=vault.open_sealed(referral.client, f"referral:{referral.pk}:message", referral.message),
        identity={name: value for name, value in facts.items() if name in shown},
    )


def reply_of(referral: Referral) -> str:
    """The partner's reason in words, for those who may open it."""
    if referral.reply is None:
        return ""
    return vault.open_sealed(referral.client, f"referral:{referral.pk}:reply", referral.reply)

"""What a partner would see of a person if this were granted: really granted, drawn by the partner's own page, undone.

There is no second list of what a class of data shows, so the preview can't drift from the page. The database decides:
row security's own function is asked about the partner (`ctx.opened_to`) while the permission stands, inside a savepoint
that is always rolled back.
"""

from datetime import datetime

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from leeward.people import vault
from leeward.people.models import Client, PartnerCode, Staff
from leeward.protect import actions as protect
from leeward.protect import queries as permissions
from leeward.protect.actions import Wish
from leeward.protect.models import Grant

from . import queries
from .actions import NEEDED
from .models import Referral, Urgency


def shown_to(*, by: Staff, client: Client, wish: Wish, now: datetime) -> SafeString:
    """Each open referral that would go on under it; nothing, if the partner would have no page of the person.

    Raises NotPermitted and PeopleError as `grant` does.
    """
    with transaction.atomic():
        given = protect.grant(by=by, client=client, wish=wish, now=now)
        opened = permissions.opened_to(client, wish.recipient, wish.purpose)
        going_on = Referral.objects.filter(grant=given).select_related("agency", "to_agency", "sent_by__agency")
        pages = (list(going_on) or [_referral(by, given, now)]) if opened >= NEEDED else []
        drawn = format_html_join("", "{}", ((drawn_for(referral, now),) for referral in pages))
        transaction.set_rollback(True)
    return drawn


def drawn_for(referral: Referral, now: datetime) -> SafeString:
    """The part of the partner's page that is about the person."""
    return render_to_string("coordinate/shown.html", {"referral": referral, "slice": queries.slice_for(referral, now)})


def _referral(by: Staff, given: Grant, now: datetime) -> Referral:
    """Where no open one goes on: one like the newest, or one whose message says that there is none yet."""
    client, to = given.client, given.recipient
    newest = Referral.objects.filter(client=client, to_agency=to).order_by("-sent_at").first()
    message = (
        vault.open_sealed(client, f"referral:{newest.pk}:message", newest.message)
        if newest
        else _("Here stands the message that we write together.")
    )
    referral = Referral(
        agency_id=client.agency_id,
        client=client,
        to_agency=to,
        service=newest.service if newest else next(iter(to.services), "case_management"),
        urgency=Urgency.OTHER,
        comes_along=newest.comes_along if newest else False,
        grant=given,
        sent_at=now,
        sent_by=by,
    )
    referral.message = vault.seal(client, f"referral:{referral.pk}:message", message)
    referral.save(force_insert=True)
    if not PartnerCode.objects.filter(client=client, partner=to).exists():
        PartnerCode(agency_id=client.agency_id, client=client, partner=to).save(force_insert=True)
    return referral

"""Moving a case to the version of its protocol that is in force: seen first, then done by its own care team."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from leeward.people import pathway, timeline
from leeward.people.errors import PeopleError
from leeward.people.models import CareTeamMember, Client, Staff
from leeward.rules.protocol import Instance, Protocol, plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An open step whose due moment another version changes; None where a version has no such step."""

    step: str
    title_in: Protocol
    due_before: datetime | None
    due_after: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What moving the case would change for this person, as of now."""

    old: Protocol
    new: Protocol
    changed: tuple[Changed, ...]


def preview(client: Client, now: datetime) -> Preview | None:
    """What would change; None if the case follows the version in force already."""
    old = pathway.protocol_of(client)
    new = pathway.in_force(client.agency_id, client.protocol)
    if pathway.in_order(new.version) <= pathway.in_order(old.version):
        return None
    events = pathway.events_of(client)
    before, after = (_open(protocol, plan(protocol, events, now).open) for protocol in (old, new))
    changed = tuple(
        Changed(
            step=key[0],
            title_in=new if key in after else old,
            due_before=before.get(key),
            due_after=after.get(key),
        )
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    )
    return Preview(old, new, changed)


def _open(protocol: Protocol, instances: tuple[Instance, ...]) -> dict[tuple[str, str | None], datetime]:
    return {(instance.step, instance.subject): instance.due_at for instance in instances}


@transaction.atomic
def move(*, by: Staff, client: Client, to: str, now: datetime) -> None:
    """Let the case follow version `to`, leave an event, and derive its tasks anew.

    Raises PeopleError unless `by` is on the case's care team and `to` is the version in force.
    """
    if not by.gives_care or not CareTeamMember.objects.filter(client=client, staff=by, until__isnull=True).exists():
        raise PeopleError(_("Only the care team of this person can move the record."))
    new = pathway.in_force(client.agency_id, client.protocol)
    if new.version != to:
        raise PeopleError(
            _("Version %(version)s is not in force.") % {"version": to}, _("Open the page again to see which one is.")
        )
    old = client.protocol_version
    if old == to:
        return
    client.protocol_version = to
    client.save(update_fields=["protocol_version"])
    timeline.append("protocol.moved", client=client, by=by, now=now, data={"from": old, "to": to})

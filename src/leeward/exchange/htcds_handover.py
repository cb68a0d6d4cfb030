"""An export from beginning to end, as the privacy officer who asks for it at the server."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leeward.people.errors import PeopleError
from leeward.people.models import Agency, Role
from leeward.protect import age
from leeward.protect.command_line import acting_as
from leeward.protect.middleware import be

from . import htcds_export


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What was written. `left_out` is for who asked: how many people of the centre are not in it."""

    number: str
    people: int
    left_out: str
    digest: str

    def told(self) -> dict[str, object]:
        return asdict(self)


def hand_over(
    *,
    email: str,
    recipient: str,
    purpose: str,
    last_day: date,
    out: Path,
    to: str | None,
    progress: Callable[[int], None] = lambda people: None,
) -> Handed:
    """Write one export for one agency. `to` is its age public key; without one the file is in plain (demonstrations).

    Raises NotAllowedHere, PeopleError, NoAgeKey, SealedFileError and AskerGone.
    """
    key = age.recipient(to) if to is not None else None
    with acting_as(email, Role.PRIVACY_OFFICER) as (by, token):
        with transaction.atomic():
            be(token)
            agency = Agency.objects.filter(name=recipient).first()
            if agency is None:
                raise PeopleError(
                    _("There is no “%(name)s” in the directory.") % {"name": recipient[:80]}, _("Write its whole name.")
                )
            export = htcds_export.open_export(
                by=by, recipient=agency, purpose=purpose, last_day=last_day, now=timezone.now()
            )
        made = htcds_export.write(export, out, by=by, token=token, to=key, progress=progress)
        others = htcds_export.left_out(export, token=token, made=made)
    return Handed(number=export.number, people=made.people, left_out=others, digest=made.digest)

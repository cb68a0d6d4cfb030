"""What can be sent: a closed list of neutral messages. Nothing is typed, so nothing said gives anybody away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One message. To a partner it is sent in Leeward itself, to a survivor as they said.

    `under_grant`: a permission must cover it when it is sent. `when_closed`: it goes out although the case is closed.
    """

    code: str
    to_partner: bool
    under_grant: bool
    when_closed: bool
    title: Promise
    words: Promise


WITHDRAWN: Final = Kind(
    code="withdrawn",
    to_partner=True,
    under_grant=False,
    when_closed=True,
    title=_("Please confirm: permission withdrawn"),
    words=_(
        "A person took back the permission to share with you. Stop using what you have about them, remove it where the"
        " law lets you, and tell whoever you gave it to. Then confirm."
    ),
)
REMINDER: Final = Kind(
    code="reminder",
    to_partner=True,
    under_grant=True,
    when_closed=False,
    title=_("A referral waits for your answer"),
    words=_("Please open it in your inbox and say whether you can help."),
)
CALL_US: Final = Kind(
    code="call_us",
    to_partner=False,
    under_grant=False,
    when_closed=False,
    title=_("Please call us"),
    words=_("Please call us when you can. There is no hurry."),
)
COME_BY: Final = Kind(
    code="come_by",
    to_partner=False,
    under_grant=False,
    when_closed=False,
    title=_("Please come by"),
    words=_("Please come by when it suits you. There is no hurry."),
)
HOW_ARE_YOU: Final = Kind(
    code="how_are_you",
    to_partner=False,
    under_grant=False,
    when_closed=True,
    title=_("We think of you"),
    words=_("We would be glad to hear how you are. You need not answer."),
)

KINDS: Final[Mapping[str, Kind]] = {kind.code: kind for kind in (WITHDRAWN, REMINDER, CALL_US, COME_BY, HOW_ARE_YOU)}
TO_SURVIVORS: Final = tuple(kind for kind in KINDS.values() if not kind.to_partner)

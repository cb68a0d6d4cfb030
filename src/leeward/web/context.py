"""What the layout needs on every page: the site's name, who is signed in, where they may go."""

from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leeward.people.models import CARE_ROLES, LEADING_ROLES, Role, Staff
from leeward.protect import emergency
from leeward.protect.gate import emergencies
from leeward.protect.models import BreakGlass

LEADERS = (Role.PROGRAM_DIRECTOR, Role.EVALUATOR, Role.PRIVACY_OFFICER)
STAFF = tuple(role for role in Role if role != Role.PARTNER)
#: What the header leads to: name of the address, words, for whom.
PLACES = (
    ("worklist", _("Today"), STAFF),
    ("partner_inbox", _("Inbox"), (Role.PARTNER,)),
    ("late_steps", _("Late steps"), LEADING_ROLES),
    ("find_person", _("People"), CARE_ROLES),
    ("results", _("Results"), LEADERS),
    ("protocol_versions", _("Protocol"), LEADERS),
    ("privacy", _("Privacy"), (Role.PRIVACY_OFFICER,)),
    ("legal_requests", _("Legal requests"), (Role.PRIVACY_OFFICER,)),
    ("legal_hand_in", _("Somebody asks"), STAFF),
    ("training", _("Training"), STAFF),
    ("staff", _("Staff"), LEADING_ROLES),
    ("note_releases", _("Notes left behind"), (Role.PROGRAM_DIRECTOR,)),
)

#: Keys that leave when they are pressed three times, as browsers call them and as people do.
LEAVE_KEYS = {"Shift": _("Shift"), "Escape": _("Esc"), "Control": _("Ctrl")}
_SHIFT = "Shift"


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str | Promise
    url: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The layout's own facts, under one name so that no page's context can shadow them."""

    site_name: str
    leave_to: str
    demo: bool
    staff: Staff | None = None
    nav: list[NavItem] = field(default_factory=list)
    idle_minutes: int = 0
    languages: list[tuple[str, str]] = field(default_factory=list)
    here: str = "/"
    messages: list[object] = field(default_factory=list)
    #: What the asker has open in an emergency; how many of others a privacy officer has to review.
    emergencies: list[BreakGlass] = field(default_factory=list)
    to_review: int = 0

    @property
    def leave_key(self) -> str:
        """The key that leaves, as browsers call it."""
        return settings.LEEWARD_LEAVE_KEY if settings.LEEWARD_LEAVE_KEY in LEAVE_KEYS else _SHIFT

    @property
    def leave_key_name(self) -> str:
        """What is written on that key."""
        return str(LEAVE_KEYS[self.leave_key])

    @property
    def home(self) -> str:
        return self.nav[0].url if self.nav else "/"


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor."""
    staff: Staff | None = getattr(request, "staff", None)
    return {
        "shell": Shell(
            site_name=settings.LEEWARD_SITE_NAME,
            leave_to=settings.LEEWARD_LEAVE_TO,
            demo=settings.DEMO,
            staff=staff,
            idle_minutes=settings.LEEWARD_IDLE_MINUTES,
            nav=nav(staff, request.path) if staff else [],
            languages=list(settings.LANGUAGES),
            here=request.get_full_path() if request.method == "GET" else request.path,
            messages=list(get_messages(request)),
            emergencies=emergencies(request),
            to_review=emergency.to_review(staff).count() if staff else 0,
        )
    }


def bare_shell() -> dict[str, Shell]:
    """The layout for a page that must not ask the database or the session."""
    return {
        "shell": Shell(
            site_name=settings.LEEWARD_SITE_NAME, leave_to=settings.LEEWARD_LEAVE_TO, demo=settings.DEMO, staff=None
        )
    }


def nav(staff: Staff, path: str) -> list[NavItem]:
    """The places this person may go to, those that exist."""
    items = []
    for name, label, roles in PLACES:
        if staff.role not in roles:
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        items.append(NavItem(label, url, path == url or (url != "/" and path.startswith(url))))
    return items

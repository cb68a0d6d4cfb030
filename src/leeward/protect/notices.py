"""What goes along with every copy that leaves: the texts that its law asks for, and what the permission covers (C-06).

One function for every exit. Whoever shows, prints or exports something to a recipient calls `carried`, lets out only
the classes that it returns, puts its `texts` and `scope` on each copy (on each page and sheet of a file), and notes the
copy with `actions.disclose`:

    along = notices.carried(client=client, recipient=agency, given=grant, classes=grant.data_classes, at=now)
    copy = actions.Copy(client=client, recipient=agency, given=grant, carried=along, classes=shown, fields=names)
    actions.disclose(by=staff, copies=[copy], exit_name="export", now=now)

For a list of many people, read `decision.records_of(*clients)` once and give it as `records`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leeward.people.models import Agency, Whom
from leeward.rules import consent as rules
from leeward.rules.wording import Text

from .decision import Records, decided
from .errors import NoticeMissing, NotPermitted
from .models import Grant
from .words import aim, named

ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One text of the law's definition, by the obligation that it meets."""

    code: str
    words: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What may leave, and what must go with it."""

    classes: frozenset[str]
    #: The law's rows that permit it, as the ledger names them.
    basis: str
    notices: tuple[Notice, ...]
    #: What the recipient was permitted, in words: the statement of scope that 42 CFR 2.32(b) asks for.
    scope: str
    #: Why the other classes asked for may not leave.
    refusals: tuple[rules.Reason, ...] = ()

    @property
    def texts(self) -> list[str]:
        """The notices for the reader. The English wording is the notice itself, so it stands beside any other."""
        language = (get_language() or ENGLISH).split("-")[0]
        shown = [notice.words.in_(language) for notice in self.notices]
        return shown if language == ENGLISH else [*shown, *(notice.words.in_(ENGLISH) for notice in self.notices)]


def carried(
    *,
    client: Whom,
    recipient: Agency,
    given: Grant,
    classes: Collection[str],
    at: datetime,
    records: Records | None = None,
) -> Carried:
    """What of these classes may leave to the recipient now, under this permission, and what goes along with it.

    Raises NotPermitted when nothing may leave, NoticeMissing when a text is asked for that the law does not hold.
    """
    decisions = {
        name: decided(
            client=client, recipient=recipient, data_class=name, purpose=given.purpose, at=at, records=records
        )
        for name in sorted({*classes, "existence"})  # whatever leaves also shows that the person comes here
    }
    refused = tuple(reason for decision in decisions.values() if not decision.permitted for reason in decision.reasons)
    permitted = {name: decision for name, decision in decisions.items() if decision.permitted}
    if not permitted:
        raise NotPermitted(refused)
    return Carried(
        classes=frozenset(permitted),
        basis=", ".join(sorted({decision.row.id for decision in permitted.values() if decision.row}))[:120],
        notices=notices_of(permitted.values()),
        scope=_scope(given, recipient, permitted),
        refusals=refused,
    )


def notices_of(decisions: Collection[rules.Decision]) -> tuple[Notice, ...]:
    """The texts that decisions ask for, each once. Raises NoticeMissing for one that has no text."""
    found: dict[str, Notice] = {}
    for decision in decisions:
        for obligation in decision.obligations:
            if obligation.notice is not None:
                found.setdefault(obligation.code, Notice(code=obligation.code, words=obligation.notice))
            elif obligation.code in rules.MET_BY_A_NOTICE:
                raise NoticeMissing(obligation.code)
    return tuple(found.values())


def _scope(given: Grant, recipient: Agency, classes: Collection[str]) -> str:
    return _("The person allowed %(recipient)s to have: %(classes)s. For: %(purpose)s. From %(first)s to %(last)s.") % {
        "recipient": recipient.name,
        "classes": ", ".join(named(name) for name in sorted(classes)),
        "purpose": aim(given.purpose),
        "first": formats.date_format(timezone.localtime(given.starts_at), "DATE_FORMAT"),
        "last": formats.date_format(given.last_day, "DATE_FORMAT"),
    }

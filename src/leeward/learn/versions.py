"""How a protocol changes: a draft is written, checked, sent for review, and published by somebody who wrote none of it.

Cases keep the version that they follow. A case is moved by its own care team, knowingly: see `moving`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from leeward import definitions
from leeward.people import pathway
from leeward.people.errors import PeopleError
from leeward.people.models import PublishedProtocol, Role, Staff
from leeward.rules.errors import DefinitionError
from leeward.rules.protocol import Checked, Protocol, check

from .models import Decision, DraftDecision, DraftText, ProtocolDraft

#: A draft that stands so can still be written.
WRITABLE = (None, Decision.RETURNED)


class Overtaken(PeopleError):
    """Somebody else saved the draft meanwhile; `theirs` is what they saved."""

    def __init__(self, theirs: DraftText) -> None:
        super().__init__(
            _("%(who)s changed this draft meanwhile.") % {"who": theirs.written_by.display_name},
            _("Your text is still here. Look at theirs, then save again."),
        )
        self.theirs = theirs


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with its newest text and how it stands."""

    row: ProtocolDraft
    newest: DraftText
    decision: DraftDecision | None

    @property
    def state(self) -> Decision | None:
        """What was last decided; None while it was never sent."""
        return None if self.decision is None else Decision(self.decision.decision)

    @property
    def is_writable(self) -> bool:
        return self.state in WRITABLE

    @property
    def writers(self) -> set[UUID]:
        """Everybody who wrote any of its texts."""
        return set(self.row.texts.values_list("written_by_id", flat=True))

    def name(self) -> str:
        return f"{self.row.name}.yaml"


def drafts(by: Staff) -> list[Draft]:
    """The drafts of the asker's agency that were neither published nor dropped, newest first."""
    rows = ProtocolDraft.objects.filter(agency_id=by.agency_id).select_related("started_by")
    found = [_standing(row) for row in rows]
    return [draft for draft in found if draft.state not in (Decision.PUBLISHED, Decision.DROPPED)]


def draft_of(by: Staff, draft: UUID) -> Draft | None:
    """One draft of the asker's agency; None if there is none."""
    row = ProtocolDraft.objects.filter(agency_id=by.agency_id, pk=draft).select_related("started_by").first()
    return None if row is None else _standing(row)


def _standing(row: ProtocolDraft) -> Draft:
    newest = row.texts.select_related("written_by").order_by("-number")[0]
    return Draft(row, newest, row.decisions.select_related("decided_by").order_by("-decided_at", "-id").first())


def text_of(agency_id: UUID, name: str, version: str, *, using: str = "default") -> str:
    """The text of a version in force or of the past. Raises NoSuchVersion."""
    published = PublishedProtocol.objects.using(using).filter(agency_id=agency_id, name=name, version=version)
    if (text := published.values_list("text", flat=True).first()) is not None:
        return text
    protocol = pathway.version(agency_id, name, version, using=using)
    current = pathway.shipped(name)
    return definitions.read("protocol", name if protocol is current else f"{name}-{version}")


@transaction.atomic
def start(*, by: Staff, name: str, now: datetime) -> Draft:
    """A new draft from the version in force, its version number already raised. Raises PeopleError."""
    _only_directors(by)
    base = pathway.in_force(by.agency_id, name)
    row = ProtocolDraft(agency_id=by.agency_id, name=name, base_version=base.version, started_by=by, started_at=now)
    row.save(force_insert=True)
    text = text_of(by.agency_id, name, base.version)
    raised = text.replace(f'version: "{base.version}"', f'version: "{next_version(base.version)}"', 1)
    _write(row, 1, raised, by, now)
    return _standing(row)


def next_version(version: str) -> str:
    """The middle number raised: `1.0.0` → `1.1.0`."""
    major, minor, _patch = pathway.in_order(version)
    return f"{major}.{minor + 1}.0"


@transaction.atomic
def save(*, by: Staff, draft: Draft, text: str, over: int, now: datetime) -> DraftText:
    """Another text of the draft, written over text number `over`. It may be broken: only sound ones are published.

    Raises Overtaken if somebody else saved since, PeopleError if the draft can't be written now.
    """
    _only_directors(by)
    if not draft.is_writable:
        raise PeopleError(_("This draft is with its reviewer."), _("Ask them to give it back."))
    newest = _standing(draft.row).newest
    if newest.number != over:
        raise Overtaken(newest)
    if text == newest.text:
        return newest
    try:
        with transaction.atomic():
            return _write(draft.row, over + 1, text, by, now)
    except IntegrityError as error:
        raise Overtaken(_standing(draft.row).newest) from error


def _write(row: ProtocolDraft, number: int, text: str, by: Staff, now: datetime) -> DraftText:
    written = DraftText(agency_id=row.agency_id, draft=row, number=number, text=text, written_by=by, written_at=now)
    written.save(force_insert=True)
    return written


def checked(draft: Draft) -> Checked:
    """What the draft says. Raises DefinitionError, with every mistake and its line."""
    return check(draft.newest.text, name=draft.name(), schema=definitions.schema("protocol"))


def objections(draft: Draft) -> tuple[str, ...]:
    """Why the draft could not be published as it stands, whoever asks; empty if it could."""
    try:
        protocol = checked(draft).protocol
    except DefinitionError as error:
        return tuple(f"{each} {each.hint}" for each in error.every)
    found: list[str] = []
    if protocol.name != draft.row.name:
        found.append(_("The protocol's name must stay %(name)s.") % {"name": draft.row.name})
    force = pathway.in_force(draft.row.agency_id, draft.row.name)
    if pathway.in_order(protocol.version) <= pathway.in_order(force.version):
        found.append(_("The version must be higher than %(version)s.") % {"version": force.version})
    return tuple(found)


@transaction.atomic
def send(*, by: Staff, draft: Draft, now: datetime) -> DraftDecision:
    """Ask somebody else to publish it. Raises PeopleError if it is broken or not to be written."""
    _only_directors(by)
    if not draft.is_writable:
        raise PeopleError(_("This draft was sent already."))
    if found := objections(draft):
        raise PeopleError(found[0], _("Mend the draft, then send it."))
    return _decide(draft, Decision.SENT, by, now)


@transaction.atomic
def give_back(*, by: Staff, draft: Draft, reason: str, now: datetime) -> DraftDecision:
    """Back to its writers, with a reason. Raises PeopleError without one, or if it was not sent."""
    _only_directors(by)
    if draft.state is not Decision.SENT:
        raise PeopleError(_("This draft was not sent for review."))
    if not reason.strip():
        raise PeopleError(_("Say what should change."))
    return _decide(draft, Decision.RETURNED, by, now, reason.strip())


@transaction.atomic
def drop(*, by: Staff, draft: Draft, now: datetime) -> DraftDecision:
    """Put the draft away; its texts stay readable. Raises PeopleError if it is with a reviewer or decided."""
    _only_directors(by)
    if not draft.is_writable:
        raise PeopleError(_("This draft can't be dropped now."), _("Ask its reviewer to give it back."))
    return _decide(draft, Decision.DROPPED, by, now)


@transaction.atomic
def publish(*, by: Staff, draft: Draft, why: str, now: datetime) -> PublishedProtocol:
    """Bring the draft into force for new cases. Raises PeopleError if `by` wrote any of it, or it is not sound.

    The same two-person rule stands in the database twice: as a constraint of the table and in its row policy.
    """
    _only_directors(by)
    if draft.state is not Decision.SENT:
        raise PeopleError(_("This draft was not sent for review."))
    if by.pk in draft.writers:
        raise PeopleError(
            _("Whoever wrote a version can't publish it alone."), _("Ask another program director to publish it.")
        )
    if found := objections(draft):
        raise PeopleError(found[0], _("Give it back to be mended."))
    if not why.strip():
        raise PeopleError(_("Say in a sentence why the protocol changes."))
    row = PublishedProtocol(
        agency_id=by.agency_id,
        name=draft.row.name,
        version=checked(draft).protocol.version,
        text=draft.newest.text,
        why=why.strip(),
        draft=draft.row.pk,
        author=draft.newest.written_by,
        published_by=by,
        published_at=now,
    )
    row.save(force_insert=True)
    _decide(draft, Decision.PUBLISHED, by, now, why.strip()[:500])
    return row


def _decide(draft: Draft, decision: Decision, by: Staff, now: datetime, reason: str = "") -> DraftDecision:
    row = DraftDecision(
        agency_id=draft.row.agency_id,
        draft=draft.row,
        decision=decision,
        text_number=draft.newest.number,
        decided_by=by,
        decided_at=now,
        reason=reason,
    )
    row.save(force_insert=True)
    return row


def _only_directors(by: Staff) -> None:
    if by.role != Role.PROGRAM_DIRECTOR:
        raise PeopleError(_("Only a program director can change the protocol."))


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is or was in force, with who brought it about; the shipped one has nobody's name."""

    protocol: Protocol
    row: PublishedProtocol | None


def history(by: Staff, name: str) -> list[Published]:
    """Every version of the asker's agency, newest first, the shipped one last."""
    rows = PublishedProtocol.objects.filter(agency_id=by.agency_id, name=name).select_related("author", "published_by")
    found = [Published(pathway.version(by.agency_id, name, row.version), row) for row in rows]
    first = Published(pathway.shipped(name), None)
    return sorted((*found, first), key=lambda each: pathway.in_order(each.protocol.version), reverse=True)

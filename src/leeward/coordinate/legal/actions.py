"""What may happen to a legal request: handed in, looked into, called back, decided by counsel, answered, told.

The answer is nothing or the least (L-01). Law: `definitions/law`, `process`; 45 CFR 164.512(e), (f), (j), 164.528;
42 CFR 2.61-2.67; 34 USC 12291(b)(2)(C).
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from leeward import catalogue
from leeward.people import vault
from leeward.people.errors import PeopleError
from leeward.people.models import Agency, Client, Staff
from leeward.protect import audit, sealing
from leeward.protect.actions import end_of
from leeward.protect.models import Disclosure, Purpose, StatementForm, Suspension
from leeward.protect.notices import Notice
from leeward.rules import consent as rules

from . import queries
from .errors import AlreadyAnswered, Closed, NotReady
from .models import Done, LegalNotice, LegalRequest, LegalStep
from .queries import Item, State

#: The exit's name in the ledger.
EXIT = "legal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came in, as the person at the desk heard or read it."""

    kind: str
    way: str
    asker: str
    organisation: str
    phone: str
    about: str
    papers: str
    wanted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The answer as it is printed: either the standard text, or the least with its notices."""

    request: LegalRequest
    day: date
    items: tuple[Item, ...] = ()
    notices: tuple[Notice, ...] = ()
    basis: tuple[rules.Giving, ...] = ()


@transaction.atomic
def hand_in(*, by: Staff, received: Received, now: datetime) -> LegalRequest:
    """Put a request into the privacy officer's queue; whoever hands it in does not see it again.

    Raises PeopleError for a kind that the law's table does not name.
    """
    kind = queries.process().kinds.get(received.kind)
    if kind is None:
        raise PeopleError(_("There is no such kind of request."))
    request = LegalRequest(
        agency_id=by.agency_id,
        kind=received.kind,
        way=received.way,
        received_at=now,
        due_at=now + timedelta(hours=kind.answer_within_hours),
        handed_in_by=by,
    )
    sealing.seal(request, {name: value for name, value in asdict(received).items() if name not in {"kind", "way"}})
    request.save(force_insert=True)
    audit.saw(by=by, action="handed in legal.request", subject=f"coordinate_legalrequest {received.kind}")
    return request


@transaction.atomic
def look(*, by: Staff, state: State, name: str, birth_year: str, phone: str, now: datetime) -> Client | None:
    """Look whether the person is known here. Either way leaves the same step; only the match tells, to this reader.

    Raises NotReady when several people fit, or when somebody was found before: the answer would be about them,
    whoever is looked for now. Raises AlreadyAnswered.
    """
    _open(state)
    if state.client is not None:
        raise NotReady(
            _("This request is about somebody who was found before."),
            _("For somebody else write down another request."),
        )
    found = queries.asked_about(state.request, name=name, birth_year=birth_year, phone=phone)
    if len(found) > 1:
        raise NotReady(_("More than one person has this name."), _("Add the year of birth or the phone number."))
    _step(by, state, Done.LOOKED, now, {})
    audit.saw(by=by, action="searched legal.request", subject="coordinate_legalstep")
    if not found:
        return None
    queries.match(state.request, found[0])
    return Client.objects.select_related("agency").get(pk=found[0].client)


@transaction.atomic
def call_back(*, by: Staff, state: State, agency: Agency, spoke_with: str, is_theirs: bool, now: datetime) -> LegalStep:
    """Record that the office was called at the directory's number, never at one that the asker gave (P-04).

    Raises NotReady when the directory has no number for it, AlreadyAnswered.
    """
    _open(state)
    if not agency.phone:
        raise NotReady(_("The directory has no number for this office."), _("Have it checked and entered first."))
    words = {"spoke_with": spoke_with.strip()}
    return _step(by, state, Done.CALLED_BACK, now, words, called=agency, number=agency.phone, is_theirs=is_theirs)


@transaction.atomic
def counsel_decided(
    *,
    by: Staff,
    state: State,
    counsel: str,
    words: str,
    papers: Collection[str],
    classes: Collection[str],
    now: datetime,
) -> LegalStep:
    """Record counsel's decision: what the papers carry, and which classes may go; none is "give nothing".

    Raises Closed for a class that the law does not open with these papers, whatever counsel says; NotReady without
    counsel's name and reasons; AlreadyAnswered.
    """
    _open(state)
    if not counsel.strip() or not words.strip():
        raise NotReady(_("Write who decided, and why."))
    table = queries.process()
    held = frozenset(papers) & frozenset(rules.elements_asked(table, state.request.kind))
    openings = rules.openings(table, state.request.kind, queries.holder(state.request), held)
    if closed := [openings[one] for name in sorted(classes) if not openings[one := rules.DataClass(name)].is_open]:
        raise Closed(closed, table)
    # Whatever is given also says that the person comes here.
    given = sorted({*classes, "existence"}) if classes else []
    said = {"counsel": counsel.strip(), "why": words.strip()}
    return _step(by, state, Done.COUNSEL, now, said, papers=sorted(held), classes=given)


@transaction.atomic
def suspend(
    *, by: Staff, state: State, official: Agency, form: str, stated_on: date, last_day: date, words: str, now: datetime
) -> Suspension:
    """Keep what this request leads to off the person's list through `last_day`, on an official's dated statement.

    A statement that was only said counts for the law's few days (45 CFR 164.528(a)(2)(ii)). Raises NotReady for a
    request about nobody known here, a day that has passed, or one too far off.
    """
    _open(state)
    if state.client is None:
        raise NotReady(_("There is nobody here to tell."))
    if not words.strip() or stated_on > now.date():
        raise NotReady(_("Write what the statement says and the day that stands on it."))
    if end_of(last_day) <= now:
        raise NotReady(_("This day has passed. Choose today or later."))
    longest = queries.process().oral_days
    if form == StatementForm.ORAL and (last_day - stated_on).days > longest:
        raise NotReady(
            _("What was only said counts for %(days)s days.") % {"days": longest}, _("Ask for it in writing.")
        )
    statement = Suspension(
        agency_id=state.client.agency_id,
        client=state.client,
        process=state.request.pk,
        official=official,
        form=form,
        stated_on=stated_on,
        ends_at=end_of(last_day),
        recorded_at=now,
        recorded_by=by,
    )
    sealing.seal(statement, {"statement": words.strip()})
    statement.save(force_insert=True)
    return statement


@transaction.atomic
def answer_with_nothing(*, by: Staff, state: State, now: datetime) -> Letter:
    """Neither confirm nor deny: the same for a person who comes here and one who never did (P-03)."""
    _open(state)
    _step(by, state, Done.ANSWERED, now, {})
    return Letter(request=state.request, day=now.date())


@transaction.atomic
def give(*, by: Staff, state: State, chosen: Collection[str], now: datetime) -> Letter:
    """Answer with the chosen items and nothing else; note it on the person's list, and have them told (L-03).

    Raises NotReady without a call-back, counsel's yes, or a choice; NoticeMissing; AlreadyAnswered.
    """
    _open(state)
    client = state.client
    if client is None or not state.classes:
        raise NotReady(_("Counsel has not allowed anything to be given."))
    if not state.is_verified:
        raise NotReady(_("Call the office back first, at the number in the directory."))
    items = tuple(item for item in queries.could_give(client, state.classes) if item.id in chosen)
    if not items or {item.id for item in items} != set(chosen):
        raise NotReady(_("Choose what to give, or answer with nothing."))
    classes = {item.data_class for item in items} | {"existence"}
    letter = _letter(state, items, classes, now)
    noted = _note(by, state, client, letter, classes, now)
    if not state.kind.handed_to_person:
        starts = max(now, state.suspension.ends_at if state.suspension is not None else now)
        LegalNotice(
            agency_id=client.agency_id,
            client=client,
            process=state.request.pk,
            disclosure=noted,
            made_at=now,
            due_at=starts + timedelta(hours=queries.process().tell_within_hours),
        ).save(force_insert=True)
    _step(by, state, Done.ANSWERED, now, {}, classes=sorted(classes))
    return letter


@transaction.atomic
def tell(*, by: Staff, notice: LegalNotice, how: str, now: datetime) -> None:
    """The care team told the person, or found that it is not safe now; the safety plan was looked at either way.

    Raises PeopleError if it was done before.
    """
    if notice.told_at is not None:
        raise PeopleError(_("Somebody did this before."))
    notice.told_at, notice.told_by, notice.how = now, by, how
    notice.save(update_fields=["told_at", "told_by", "how"])


def _letter(state: State, items: tuple[Item, ...], classes: Collection[str], now: datetime) -> Letter:
    """Raises Closed if the law in force no longer opens what counsel allowed."""
    table = queries.process()
    counsel = state.last(Done.COUNSEL)
    held = frozenset(counsel.papers if counsel is not None else ())
    openings = rules.openings(table, state.request.kind, queries.holder(state.request), held)
    opened = [openings[rules.DataClass(name)] for name in sorted(classes)]
    if closed := [one for one in opened if not one.is_open]:
        raise Closed(closed, table)
    rows = tuple(dict.fromkeys(row for one in opened for row in one.rows))
    laws = queries.holder(state.request).union(*(table.regimes.get(one.data_class, frozenset()) for one in opened))
    notices = () if state.kind.handed_to_person else _notices(laws, table)
    return Letter(request=state.request, day=now.date(), items=items, notices=notices, basis=rows)


def _notices(laws: frozenset[rules.Regime], table: rules.Process) -> tuple[Notice, ...]:
    along = [Notice(code="legal_process", words=table.notice)]
    if rules.Regime.PART2 in laws:
        along.append(Notice(code="part2_notice", words=catalogue.law(settings.LEEWARD_LAW).notices["part2_notice"]))
    return tuple(along)


def _note(
    by: Staff, state: State, client: Client, letter: Letter, classes: Collection[str], now: datetime
) -> Disclosure:
    basis = ", ".join(sorted(row.id for row in letter.basis))[:120]
    words = sealing.words_of(state.request)
    noted = Disclosure(
        agency_id=client.agency_id,
        client=client,
        recipient=state.caller,
        process=state.request.pk,
        basis=basis,
        purpose=Purpose.LEGAL,
        data_classes=sorted(classes),
        fields=sorted({item.field for item in letter.items}),
        notices=sorted(notice.code for notice in letter.notices),
        exit=EXIT,
        disclosed_at=now,
    )
    to = ", ".join(part for part in (words["asker"], words["organisation"]) if part)
    noted.recipient_name = vault.seal(client, f"disclosure:{noted.pk}:recipient", to)
    noted.save(force_insert=True)
    audit.saw(by=by, action=f"disclosed {EXIT}", client_id=client.pk, fields=tuple(sorted(classes)), rule=basis[:80])
    return noted


def _open(state: State) -> None:
    if state.answered is not None:
        raise AlreadyAnswered()


def _step(
    by: Staff,
    state: State,
    kind: Done,
    now: datetime,
    words: dict[str, str],
    *,
    called: Agency | None = None,
    number: str = "",
    is_theirs: bool | None = None,
    papers: Collection[str] = (),
    classes: Collection[str] = (),
) -> LegalStep:
    step = LegalStep(
        agency_id=state.request.agency_id,
        request=state.request,
        kind=kind,
        at=now,
        by=by,
        called=called,
        number=number,
        is_theirs=is_theirs,
        papers=list(papers),
        classes=list(classes),
    )
    sealing.seal(step, words)
    step.save(force_insert=True)
    audit.saw(by=by, action=f"did legal.{kind}", subject="coordinate_legalstep")
    return step

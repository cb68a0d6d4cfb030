"""A centre with something on every page: people at every point of their way, and whatever waits for somebody's answer.

All of it is made by the product's own actions, as the person who would do it, inside a transaction that is rolled back.
The walk over all pages (`walk.py`) finds it by following links, as people do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from leeward import catalogue
from leeward.coordinate import actions as coordinate
from leeward.coordinate.legal import actions as legal
from leeward.coordinate.legal import queries as requests
from leeward.coordinate.models import LegalRequest
from leeward.identify import actions as identify
from leeward.learn import comparisons, versions
from leeward.learn.models import CaseSource
from leeward.people import actions as people
from leeward.people.actions import Arrival
from leeward.people.models import Client, Role
from leeward.people.services import WORDS
from leeward.protect import accounts, concealment, emergency, flags, holds, personal_keys, representatives
from leeward.protect import actions as protect
from leeward.protect.emergency import Emergency
from leeward.protect.models import AccountRequest, Session
from leeward.protect.outbox import actions as outbox
from leeward.protect.outbox.kinds import CALL_US, HOW_ARE_YOU
from leeward.protect.sessions import token_digest
from leeward.rules.contact import Channel, ContactRule
from leeward.rules.instruments.conversation import Audience
from leeward.support import actions as support
from leeward.support import reaching
from leeward.support.models import Copy, Scope
from leeward.support.sections import CODES as SECTIONS
from leeward.treat import actions as treat
from leeward.treat import private_notes
from leeward.treat.goals import Goal
from leeward.treat.models import Mode

from ..cast import Cast
from .administrator import as_administrator

PASSPHRASE = "quiet harbour lantern four"
PROVED = ("privacy_officer", "program_director", "second_director", "other_screener", "screener", "shelter")
PROTOCOL = "human-trafficking-response"


@dataclass(frozen=True, slots=True)
class House:
    """Who is in it: somebody far along their way, a minor at its beginning, somebody new, and a hidden record."""

    cast: Cast
    grown: Client
    minor: Client
    new: Client
    hidden: Client
    #: Pages that no link leads to.
    addresses: list[str] = field(default_factory=list)
    #: What a form must say to be taken, where its fields do not tell: by the name of its address.
    said: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def everybody(self) -> tuple[Client, ...]:
        return (self.grown, self.minor, self.new, self.hidden)


@contextmanager
def furnished(cast: Cast, now: datetime) -> Iterator[House]:
    """The house, for as long as this lasts; those who must prove who they are have done so."""
    digests = [token_digest(cast.tokens[who]) for who in PROVED]
    Session.objects.filter(token_digest__in=digests).update(proved_until=timezone.now() + timedelta(hours=2))
    try:
        with transaction.atomic(using="signin"), transaction.atomic():
            yield furnish(cast, now)
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="signin")
    finally:
        Session.objects.filter(token_digest__in=digests).update(proved_until=None)


def furnish(cast: Cast, now: datetime) -> House:
    """Write everything, in the running transaction."""
    before = now - timedelta(days=20)
    house = House(
        cast=cast,
        grown=_arrived(cast, "Canary Grown", now.year - 34, before),
        minor=_arrived(cast, "Canary Minor", now.year - 15, before),
        new=_arrived(cast, "Canary New", now.year - 30, now - timedelta(hours=1)),
        hidden=_arrived(cast, "Canary Hidden", now.year - 40, before),
    )
    _talked(house, now)
    _treated(house, now)
    _supported(house, now)
    _shared(house, now)
    _signed_for(house, now)
    _kept_private(house, now)
    _asked_by_law(house, now)
    _hidden_and_barred(house, now)
    _opened_in_an_emergency(house, now)
    _read_oddly(house)
    _late(house, now)
    _led(house, now)
    cast.sign_in("other_screener")  # on another device
    house.said.update(
        emergency={"typed": house.new.code},
        note_releases={"code": house.grown.code, "ground": "lost"},
        what_if=_two_versions(house),
        new_password={"password": "not theirs"},
    )
    return house


def _two_versions(house: House) -> dict[str, str]:
    choices = comparisons.choices(house.cast.act_as("program_director"))
    return {"a": choices[0].key, "b": next(one.key for one in choices if one.text != choices[0].text)}


def _arrived(cast: Cast, name: str, year: int, now: datetime) -> Client:
    by = cast.act_as("case_manager")
    given, _space, family = name.partition(" ")
    arrival = Arrival(
        identity={"given_name": given, "family_name": family, "phone": f"601 555 0{len(family):03}"},
        birth_year=year, language="en", county="Forrest", source="self",
    )  # fmt: skip
    client = people.register(by=by, arrival=arrival, now=now)
    for colleague in ("screener", "clinician", "therapist"):
        people.join_team(by=by, client=client, colleague=cast.staff[colleague], now=now)
    return client


def _talked(house: House, now: datetime) -> None:
    at = now - timedelta(days=9)
    by = house.cast.act_as("case_manager")
    for client in (house.grown, house.minor):
        identify.talk_alone(by=by, client=client, companion=False, interpreter="none", language="en", now=at)
        identify.explain_confidentiality(by=by, client=client, language="en", now=at)
        identify.offer_information(by=by, client=client, taken=True, language="en", now=at)
    signs = tuple(one.code for one in catalogue.indicators().all[:2])
    noticed = identify.Noticed(codes=signs, suspected=True, danger_now=True, note="They came with somebody.")
    identify.observe(by=by, client=house.minor, noticed=noticed, now=at)
    conversation = catalogue.conversation()
    replies = {question.id: next(iter(conversation.replies)) for question in conversation.questions}
    talk = identify.Talk(replies=replies, language="en", mode="tablet", audience=Audience.ADULT)
    held = identify.hold_talk(by=house.cast.act_as("screener"), client=house.grown, talk=talk, now=at)
    house.addresses.append(reverse("screening_result", args=[house.grown.code, held.pk]))


def _treated(house: House, now: datetime) -> None:
    by = house.cast.act_as("therapist")
    asked = catalogue.instrument("phq-9")
    for days_ago in (8, 1):
        answers = {item.id: int(days_ago > 1) for item in asked.items}  # a sign of danger is not corrected away
        day = timezone.localdate(now) - timedelta(days=days_ago)
        filling = treat.Filling(instrument=asked, answers=answers, mode=Mode.SELF, language="en", day=day)
        treat.complete_measure(by=by, client=house.grown, filling=filling, now=now)
    for words in ("Sleep through the night.", "Go for a walk."):
        treat.save_plan(by=by, client=house.grown, goals=[Goal(words=words)], now=now)
    treat.record_attended(by=by, client=house.grown, number=1, phase="stabilise", day=timezone.localdate(now), now=now)


def _supported(house: House, now: datetime) -> None:
    by, client = house.cast.act_as("case_manager"), house.grown
    for words in ("Call my sister.", "Call my aunt."):
        support.save_safety_plan(by=by, client=client, sections={SECTIONS[0]: words}, copy=Copy.PRINTED, now=now)
    some = frozenset(list(WORDS)[:2])
    talk = support.Talk(scope=Scope.URGENT, chosen=some, urgent=frozenset(), first=sorted(some), words="A bed.")
    support.assess_needs(by=by, client=client, talk=talk, now=now)
    reaching.agree(by=by, client=client, rule=ContactRule(channel=Channel.ADVOCATE), now=now)
    for kind in (CALL_US, HOW_ARE_YOU):
        outbox.queue(by=by, client=client, kind=kind, once=f"house {kind.code}", now=now)
    as_administrator(
        "UPDATE protect_message SET state = 'sent', decided_at = now(), channel = 'advocate'"
        f" WHERE once = 'house {HOW_ARE_YOU.code}'"
    )


def _shared(house: House, now: datetime) -> None:
    cast, client = house.cast, house.grown
    at = now - timedelta(days=2)
    by = cast.act_as("case_manager")
    for who in ("social_services", "shelter", "hospital"):
        wish = protect.Wish(
            recipient=cast.agencies[who],
            classes=frozenset({"referral", "identity", "contact"}),
            purpose="coordination",
            last_day=(now + timedelta(days=20)).date(),
            method="tablet",
            language="en",
        )
        given = protect.grant(by=by, client=client, wish=wish, now=at)
        if who == "social_services":
            continue  # somebody may be sent there
        need = coordinate.Need(
            to=cast.agencies[who], service=cast.agencies[who].services[0], urgency="urgent",
            message="Waits for you", comes_along=False,
        )  # fmt: skip
        coordinate.send(by=by, client=client, need=need, now=at)
    protect.withdraw(by=by, given=given, now=now)
    protect.restrict(by=by, client=client, recipient=cast.agencies["legal_aid"], now=now)
    for kind in ("withdrawn", "reminder"):
        as_administrator(
            "INSERT INTO protect_message (id, agency_id, client_id, kind, recipient_id, once, queued_at, queued_by_id,"
            " state, not_before, why, channel) VALUES ('{0}', '{1}', '{2}', '{3}', '{4}', 'house {3}', now(), '{5}',"
            " 'sent', now(), '', 'inbox');"
            " INSERT INTO protect_notice (message_id, agency_id, recipient_id, kind, partner_code, sent_at)"
            " VALUES ('{0}', '{1}', '{4}', '{3}', '0000-00000-0', now())".format(
                uuid4(), cast.centre.pk, client.pk, kind, cast.agencies["shelter"].pk, by.pk
            )
        )


def _signed_for(house: House, now: datetime) -> None:
    by, client = house.cast.act_as("case_manager"), house.minor
    last = now.date() + timedelta(days=20)
    for name in ("Aunt Canary", "Uncle Canary"):
        person = representatives.add_person(by=by, client=client, name=name, relation="relative", now=now)
        representatives.propose(
            by=by, client=client, person=person, proof="seen_before", classes={"referral"}, last_day=last, now=now
        )
    for name, asked in (("Neighbour Canary", False), ("Friend Canary", True)):
        person = representatives.add_person(by=by, client=client, name=name, relation="other", now=now)
        representatives.flag(by=by, person=person, now=now)
        if asked:
            flags.ask_to_lift(by=by, flag=flags.standing(person).get(), reason="slip", now=now)


def _kept_private(house: House, now: datetime) -> None:
    cast, client = house.cast, house.grown
    keys = {
        who: personal_keys.make(by=cast.act_as(who), passphrase=PASSPHRASE, now=now)
        for who in ("privacy_officer", "program_director", "therapist")
    }
    author = cast.act_as("therapist")
    private_notes.write(by=author, client=client, text="Mine alone.", private=keys["therapist"], now=now)
    private_notes.ask_release(
        by=cast.act_as("privacy_officer"), client=client, author=author, successor=author,
        confirmer=cast.staff["program_director"], ground="lost", private=keys["privacy_officer"], now=now,
    )  # fmt: skip


def _asked_by_law(house: House, now: datetime) -> None:
    """One request at each point: decided, answered with something and with nothing."""
    for papers in (("decided",), ("decided", "given"), ("nothing",)):
        request = _handed_in(house, now)
        by = house.cast.act_as("privacy_officer")
        if "decided" in papers:
            legal.look(by=by, state=_state(request, now), name="Canary Grown", birth_year="", phone="", now=now)
            legal.call_back(
                by=by, state=_state(request, now), agency=house.cast.agencies["law_enforcement"], spoke_with="A clerk",
                is_theirs=True, now=now,
            )  # fmt: skip
            legal.counsel_decided(
                by=by, state=_state(request, now), counsel="A. Lawyer", words="As ordered.",
                papers=("signed_by_judge", "names_person", "names_records", "in_force"), classes=("identity",), now=now,
            )  # fmt: skip
        if "given" in papers:
            state = _state(request, now)
            assert state.client is not None
            chosen = {item.id for item in requests.could_give(state.client, state.classes)}
            legal.give(by=by, state=state, chosen=chosen, now=now)
        if "nothing" in papers:
            legal.answer_with_nothing(by=by, state=_state(request, now), now=now)


def _handed_in(house: House, now: datetime) -> LegalRequest:
    received = legal.Received(
        kind="court_order", way="desk", asker="An officer", organisation="County", phone="601 555 9999",
        about="Canary Grown", papers="A paper", wanted_by="tomorrow",
    )  # fmt: skip
    made = legal.hand_in(by=house.cast.act_as("screener"), received=received, now=now)
    house.cast.act_as("privacy_officer")
    return requests.requests().get(pk=made.pk)


def _state(request: LegalRequest, now: datetime) -> requests.State:
    return requests.state_of(requests.requests().get(pk=request.pk), now)


def _hidden_and_barred(house: House, now: datetime) -> None:
    by = house.cast.act_as("case_manager")
    day = (now + timedelta(days=30)).date()
    concealment.conceal(by=by, client=house.hidden, reason="asked", review_on=day, now=now)
    protect.bar(by=by, client=house.hidden, person=house.cast.staff["evaluator"], now=now)
    officer = house.cast.act_as("privacy_officer")
    holds.place(by=officer, client=house.hidden, why="A court", review_on=day, process=None, now=now)


def _opened_in_an_emergency(house: House, now: datetime) -> None:
    needed = Emergency(typed=house.minor.code, birth_year="", reason="She is in danger now.", minutes=5)
    emergency.break_glass(by=house.cast.act_as("other_screener"), emergency=needed)
    as_administrator("UPDATE protect_breakglass SET ends_at = ends_at + interval '50 minutes'")  # the walk is long


def _read_oddly(house: House) -> None:
    as_administrator(
        "INSERT INTO protect_oddreading (id, agency_id, staff_id, kind, day, records, looks, noticed_at) VALUES"
        f" (gen_random_uuid(), '{house.cast.centre.pk}', '{house.cast.staff['clinician'].pk}', 'searches',"
        " current_date, '{}', 30, now())"
    )


def _late(house: House, now: datetime) -> None:
    """Steps that reached the leaders and the team, as the worker would have raised them."""
    for role in (Role.PROGRAM_DIRECTOR, Role.PRIVACY_OFFICER, Role.CASE_MANAGER):
        as_administrator(
            "INSERT INTO people_escalation (id, agency_id, client_id, task_id, step, rung, role, reached_at, raised_at)"
            " SELECT gen_random_uuid(), agency_id, client_id, id, step, (SELECT count(*) FROM people_escalation e"
            f" WHERE e.task_id = t.id), '{role}', now(), now() FROM people_task t"
            f" WHERE client_id = '{house.minor.pk}' ORDER BY id LIMIT 1"
        )


def _led(house: House, now: datetime) -> None:
    cast = house.cast
    by = cast.act_as("program_director")
    published = versions.start(by=by, name=PROTOCOL, now=now)
    versions.send(by=by, draft=published, now=now)
    other = cast.act_as("second_director")
    versions.publish(by=other, draft=_draft(other, published), why="It is better.", now=now)
    by = cast.act_as("program_director")
    waiting = versions.start(by=by, name=PROTOCOL, now=now)
    versions.send(by=by, draft=waiting, now=now)
    versions.start(by=by, name=PROTOCOL, now=now)
    comparisons.ask(by=by, **_two_versions(house), cases=CaseSource.OURS, now=now)
    for agreed in (None, True):
        asked = accounts.ask(by=by, request=_somebody_new(cast, agreed), now=now)
        if agreed:
            accounts.decide(by=cast.act_as("second_director"), request=asked, agreed=True, now=now)
            by = cast.act_as("program_director")


def _draft(by: object, draft: versions.Draft) -> versions.Draft:
    found = versions.draft_of(by, draft.row.pk)  # type: ignore[arg-type]
    assert found is not None
    return found


def _somebody_new(cast: Cast, agreed: bool | None) -> AccountRequest:
    email = "agreed@example.org" if agreed else "asked@example.org"
    return AccountRequest(
        kind=AccountRequest.Kind.PERSON, place=cast.centre, name="Test New", email=email, role=Role.SCREENER
    )

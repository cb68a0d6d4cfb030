"""Legal requests: anybody hands them in, the privacy officer answers, with nothing or the least (L-01, L-03, P-03)."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from leeward import catalogue
from leeward.coordinate.legal import actions, queries
from leeward.coordinate.legal.errors import AlreadyAnswered, Closed, NotReady
from leeward.coordinate.models import LegalMatch, LegalNotice, LegalRequest, LegalStep
from leeward.people import actions as people
from leeward.people.models import Client, IdentityField, Regime
from leeward.people.models import Event as Happened
from leeward.protect.models import AuditRecord, Disclosure, Session, Suspension
from leeward.protect.queries import accounted
from leeward.protect.sessions import token_digest
from leeward.rules import consent as rules

from ..access.world import seen
from ..cast import Cast, page_of
from ..protect.test_row_security import ARRIVAL

ORDER = ("signed_by_judge", "names_person", "names_records", "in_force")
SPECIAL = (*ORDER, "part2_order", "heard", "compulsion")
GUARDED = ("clinical", "sud", "psychotherapy", "safety")


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)


@pytest.fixture(autouse=True)
def proved(world: Cast) -> Iterator[None]:
    """The privacy officer has just shown a passkey."""
    row = Session.objects.filter(token_digest=token_digest(world.tokens["privacy_officer"]))
    row.update(proved_until=timezone.now() + timedelta(hours=1))
    yield
    row.update(proved_until=None)


def asked(world: Cast, now: datetime, kind: str = "court_order", *, about: str = "Zoë Canary-Lantern") -> LegalRequest:
    """A request that the screener handed in, as the privacy officer sees it."""
    received = actions.Received(
        kind=kind, way="desk", asker="Officer Canary-Badge 77", organisation="County police", phone="601 555 9999",
        about=about, papers="A paper", wanted_by="tomorrow",
    )  # fmt: skip
    request = actions.hand_in(by=world.act_as("screener"), received=received, now=now)
    world.act_as("privacy_officer")
    return queries.requests().get(pk=request.pk)


def state(request: LegalRequest, now: datetime) -> queries.State:
    return queries.state_of(queries.requests().get(pk=request.pk), now)


def known(world: Cast, request: LegalRequest, now: datetime) -> queries.State:
    """Looked, called back and theirs."""
    by = world.act_as("privacy_officer")
    actions.look(by=by, state=state(request, now), name="zoe canary-lantern", birth_year="1990", phone="", now=now)
    police = world.agencies["law_enforcement"]
    actions.call_back(by=by, state=state(request, now), agency=police, spoke_with="A clerk", is_theirs=True, now=now)
    return state(request, now)


def decided(
    world: Cast, request: LegalRequest, now: datetime, *classes: str, papers: tuple[str, ...] = ORDER
) -> queries.State:
    by = world.act_as("privacy_officer")
    actions.counsel_decided(
        by=by,
        state=state(request, now),
        counsel="A. Lawyer",
        words="As ordered.",
        papers=papers,
        classes=classes,
        now=now,
    )
    return state(request, now)


# What the law's table opens


@pytest.mark.parametrize("regime", list(rules.Regime))
@pytest.mark.parametrize("kind", ["welfare_check", "subpoena"])
def test_l01_a_subpoena_alone_and_a_welfare_check_open_nothing_under_any_law(kind: str, regime: rules.Regime) -> None:
    table = queries.process()
    opened = rules.openings(table, kind, frozenset({regime}), frozenset(table.elements))
    assert not [one for one in opened.values() if one.is_open]


@pytest.mark.parametrize("regime", list(rules.Regime))
@pytest.mark.parametrize("kind", ["welfare_check", "subpoena", "emergency", "immigration", "court_order"])
def test_p06_health_and_safety_data_open_only_to_a_judges_order(kind: str, regime: rules.Regime) -> None:
    table = queries.process()
    without = frozenset(table.elements) - {"signed_by_judge"}
    opened = rules.openings(table, kind, frozenset({regime}), without)
    assert not [name for name in GUARDED if opened[rules.DataClass(name)].is_open]


@pytest.mark.parametrize("lacking", sorted(SPECIAL))
def test_l01_part2_data_need_the_special_order_and_compulsion(lacking: str) -> None:
    table, hipaa = queries.process(), frozenset({rules.Regime.HIPAA})
    sud = rules.DataClass.SUD
    assert rules.opening(table, "court_order", sud, hipaa, frozenset(SPECIAL)).is_open
    closed = rules.opening(table, "court_order", sud, hipaa, frozenset(SPECIAL) - {lacking})
    assert closed.missing == {lacking}
    unit = frozenset({rules.Regime.PART2})
    for name in ("existence", "identity", "clinical"):
        assert not rules.opening(table, "court_order", rules.DataClass(name), unit, frozenset(ORDER)).is_open
        assert rules.opening(table, "court_order", rules.DataClass(name), unit, frozenset(SPECIAL)).is_open


def test_l01_victim_services_data_do_not_leave_in_an_emergency_without_a_court() -> None:
    table, held = queries.process(), frozenset(queries.process().elements)
    both = frozenset({rules.Regime.HIPAA, rules.Regime.VICTIM_SERVICES})
    assert not rules.opening(table, "emergency", rules.DataClass.LOCATION, both, held).is_open
    assert not rules.opening(table, "emergency", rules.DataClass.CASE, frozenset({rules.Regime.HIPAA}), held).is_open
    assert rules.opening(table, "emergency", rules.DataClass.LOCATION, frozenset({rules.Regime.HIPAA}), held).is_open


def test_immigration_officers_get_nothing_on_a_paper_that_no_judge_signed() -> None:
    table, hipaa = queries.process(), frozenset({rules.Regime.HIPAA})
    for one in rules.DataClass:
        without = rules.opening(table, "immigration", one, hipaa, frozenset(table.elements) - {"signed_by_judge"})
        assert not without.is_open


def test_a_holder_under_no_law_that_the_table_knows_gives_nothing() -> None:
    table = queries.process()
    assert not rules.opening(
        table, "court_order", rules.DataClass.IDENTITY, frozenset(), frozenset(table.elements)
    ).is_open


# Handing in


def test_l01_whoever_hands_one_in_does_not_see_it_again_and_others_never_do(
    world: Cast, client: Client, now: datetime
) -> None:
    request = asked(world, now)
    for who in ("screener", "case_manager", "program_director", "evaluator", "law_enforcement", None):
        world.act_as(who)
        assert not LegalRequest.objects.filter(pk=request.pk).exists(), who
    assert world.act_as("privacy_officer")
    assert LegalRequest.objects.filter(pk=request.pk).exists()


@pytest.mark.parametrize(
    "kind", ["welfare_check", "subpoena", "court_order", "emergency", "immigration", "own_request"]
)
def test_each_kind_has_its_clock(world: Cast, now: datetime, kind: str) -> None:
    request = asked(world, now, kind)
    assert request.due_at - now == timedelta(hours=queries.process().kinds[kind].answer_within_hours)


def test_u02_who_asks_about_whom_stands_readable_in_no_row(world: Cast, client: Client, now: datetime) -> None:
    request = asked(world, now)
    decided(world, request, now)
    with connection.cursor() as cursor:
        for table in ("coordinate_legalrequest", "coordinate_legalstep"):
            cursor.execute(f"SELECT string_agg(encode(sealed, 'escape') || t::text, '') FROM {table} t")
            kept = cursor.fetchone()[0]
            assert "Canary" not in kept
            assert "Lawyer" not in kept


def test_a_partner_hands_nothing_in(world: Cast, now: datetime) -> None:
    received = actions.Received(
        kind="subpoena", way="desk", asker="x", organisation="", phone="", about="x", papers="", wanted_by=""
    )
    with pytest.raises(Error), transaction.atomic():
        actions.hand_in(by=world.act_as("shelter"), received=received, now=now)


# Neither confirm nor deny


def test_p03_a_request_about_somebody_unknown_looks_the_same_outside(
    world: Cast, client: Client, now: datetime
) -> None:
    pages = []
    desk = world.browser("screener")
    officer = world.browser("privacy_officer")
    for about in ("Zoë Canary-Lantern", "Nobody Whoever"):
        sent = {"kind": "welfare_check", "way": "desk", "asker": "Officer One", "about": about}
        answer = desk.post("/asked/", sent, follow=True)
        world.act_as("privacy_officer")
        request = queries.requests().order_by("-received_at", "-pk").first()
        assert request is not None
        place = f"/requests/{request.reference}/"
        officer.post(place, {"step": "look", "name": about, "birth_year": "1990" if "Zoë" in about else ""})
        officer.post(place, {"step": "nothing"})
        letter = officer.get(f"{place}letter/").content.decode()
        steps = list(LegalStep.objects.filter(request=request).values_list("kind", flat=True))
        pages.append(
            (_bare(answer.content.decode()), letter.replace(request.reference, "…"), steps, answer.status_code)
        )
        world.act_as("privacy_officer")
    assert pages[0] == pages[1]
    assert "neither confirm nor deny" in pages[0][1]
    assert LegalMatch.objects.filter(client=client).exists()
    assert not Disclosure.objects.exists()


def _bare(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def test_p03_the_script_and_the_answer_are_in_both_languages() -> None:
    table = queries.process()
    assert table.script.en
    assert table.script.es
    assert "neither confirm nor deny" in table.neither.en
    assert "no confirmamos ni negamos" in table.neither.es.replace("\n", " ")


# Opening and answering


def test_l01_counsel_can_not_allow_what_the_law_does_not_open(world: Cast, client: Client, now: datetime) -> None:
    request = asked(world, now, "subpoena")
    known(world, request, now)
    with pytest.raises(Closed):
        decided(world, request, now, "identity", papers=tuple(queries.process().elements))
    order = asked(world, now)
    with pytest.raises(Closed) as refused:
        decided(world, order, now, "sud")
    assert refused.value.openings[0].missing == {"part2_order", "heard", "compulsion"}


def test_p04_nothing_goes_before_the_call_back_to_the_directorys_number(
    world: Cast, client: Client, now: datetime
) -> None:
    request = asked(world, now)
    by = world.act_as("privacy_officer")
    actions.look(by=by, state=state(request, now), name="Zoë Canary-Lantern", birth_year="1990", phone="", now=now)
    ready = decided(world, request, now, "identity")
    with pytest.raises(NotReady):
        actions.give(by=by, state=ready, chosen={"given_name"}, now=now)
    police = world.agencies["law_enforcement"]
    actions.call_back(by=by, state=ready, agency=police, spoke_with="Nobody knew", is_theirs=False, now=now)
    assert not state(request, now).is_verified
    step = actions.call_back(by=by, state=ready, agency=police, spoke_with="A clerk", is_theirs=True, now=now)
    assert step.number == police.phone != "601 555 9999"
    assert state(request, now).is_verified


def test_l01_the_record_opens_to_the_officer_only_as_counsel_said_and_only_until_the_answer(
    world: Cast, client: Client, now: datetime
) -> None:
    request = asked(world, now)
    known(world, request, now)
    world.act_as("privacy_officer")
    assert not seen("people_vaultkey", "client_id", client)
    ready = decided(world, request, now, "identity")
    assert set(IdentityField.objects.filter(client=client).values_list("data_class", flat=True)) == {"identity"}
    assert set(Happened.objects.filter(client=client).values_list("data_class", flat=True)) == {"existence"}
    actions.give(by=world.staff["privacy_officer"], state=ready, chosen={"given_name"}, now=now)
    assert not seen("people_vaultkey", "client_id", client)
    assert not seen("people_identityfield", "client_id", client)


def test_l01_neither_the_code_word_nor_private_notes_open_whatever_counsel_wrote(world: Cast, now: datetime) -> None:
    identity = {**ARRIVAL.identity, "code_word": "pecan", "contact_notes": "After six"}
    client = people.register(by=world.act_as("case_manager"), arrival=replace(ARRIVAL, identity=identity), now=now)
    safety = IdentityField.objects.filter(client=client, data_class="safety")
    assert {"code_word"} <= set(safety.values_list("field", flat=True))
    request = asked(world, now)
    known(world, request, now)
    by = world.act_as("privacy_officer")
    classes = ["identity", "contact", "safety", "psychotherapy"]
    said = {"agency": by.agency, "request": request, "kind": "counsel", "sealed": b"x", "classes": classes}
    LegalStep(**said, by=by, at=now).save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data_class FROM ctx.my_releases()")
        assert {row[0] for row in cursor.fetchall()} == {"identity", "contact", "safety"}
    open_to_them = set(IdentityField.objects.filter(client=client).values_list("field", flat=True))
    assert "contact_notes" in open_to_them
    assert "code_word" not in open_to_them


def test_l01_without_a_fresh_proof_nothing_opens(world: Cast, client: Client, now: datetime) -> None:
    request = asked(world, now)
    known(world, request, now)
    decided(world, request, now, "identity")
    Session.objects.filter(token_digest=token_digest(world.tokens["privacy_officer"])).update(proved_until=None)
    assert not seen("people_vaultkey", "client_id", client)
    answer = world.browser("privacy_officer").get(f"/requests/{request.reference}/answer/")
    assert answer.status_code == 303


def test_t03_l03_the_letter_holds_the_chosen_least_and_the_list_says_exactly_that(
    world: Cast, client: Client, now: datetime
) -> None:
    request = asked(world, now)
    known(world, request, now)
    decided(world, request, now, "identity", "contact")
    officer = world.browser("privacy_officer")
    place = f"/requests/{request.reference}/answer/"
    assert "checked" not in officer.get(place).content.decode()
    preview = officer.post(place, {"items": ["given_name"], "preview": "1"}).content.decode()
    world.act_as("case_manager")
    assert not Disclosure.objects.exists()
    letter = html.unescape(officer.post(place, {"items": ["given_name"], "give": "1"}).content.decode())
    assert "Zoë" in preview
    assert "Zoë" in letter
    assert "Canary-Lantern" not in letter  # nor the family name, nor the phone
    assert "555 0142" not in letter
    assert queries.process().notice.en in letter
    world.act_as("case_manager")
    noted = Disclosure.objects.get(client=client)
    assert (noted.fields, noted.data_classes) == (["given_name"], ["existence", "identity"])
    assert (noted.process, noted.recipient) == (request.pk, world.agencies["law_enforcement"])
    assert noted.notices == ["legal_process"]
    assert "order-hipaa" in noted.basis
    again = officer.post(place, {"items": ["given_name"], "give": "1"})
    assert again.status_code == 302
    world.act_as("case_manager")
    assert Disclosure.objects.count() == 1
    sheet = world.browser("case_manager").get(f"/p/{client.code}/shared/").content.decode()
    assert "A court or a law made us do it." in sheet


def test_l01_c06_treatment_data_carry_the_notice_of_part2(world: Cast, client: Client, now: datetime) -> None:
    request = asked(world, now)
    known(world, request, now)
    type(world.centre).objects.using("admin").filter(pk=world.centre.pk).update(regime=Regime.PART2)
    try:
        ready = decided(world, request, now, "identity", papers=SPECIAL)
        letter = actions.give(by=world.staff["privacy_officer"], state=ready, chosen={"given_name"}, now=now)
    finally:
        type(world.centre).objects.using("admin").filter(pk=world.centre.pk).update(regime=world.centre.regime)
    assert [notice.code for notice in letter.notices] == ["legal_process", "part2_notice"]
    assert letter.notices[1].words == catalogue.law(settings.LEEWARD_LAW).notices["part2_notice"]


def test_the_officer_can_not_choose_what_counsel_did_not_allow(world: Cast, client: Client, now: datetime) -> None:
    request = asked(world, now)
    known(world, request, now)
    ready = decided(world, request, now, "identity")
    with pytest.raises(NotReady):
        actions.give(by=world.staff["privacy_officer"], state=ready, chosen={"given_name", "phone"}, now=now)
    with pytest.raises(NotReady):
        actions.give(by=world.staff["privacy_officer"], state=ready, chosen=set(), now=now)
    assert not Disclosure.objects.exists()


def test_a_request_is_answered_once(world: Cast, now: datetime) -> None:
    request = asked(world, now)
    by = world.act_as("privacy_officer")
    actions.answer_with_nothing(by=by, state=state(request, now), now=now)
    with pytest.raises(AlreadyAnswered):
        actions.answer_with_nothing(by=by, state=state(request, now), now=now)


def test_l01_the_ledger_takes_no_compelled_entry_from_anybody_else(world: Cast, client: Client, now: datetime) -> None:
    request = asked(world, now)
    for who in ("case_manager", "privacy_officer"):  # the officer: counsel has allowed nothing yet
        world.act_as(who)
        entry = Disclosure(
            agency=client.agency,
            client=client,
            process=request.pk,
            basis="x",
            data_classes=[],
            exit="legal",
            disclosed_at=now,
        )
        with pytest.raises(Error), transaction.atomic():
            entry.save(force_insert=True)


# Telling the person


def gave(world: Cast, client: Client, now: datetime, *, silent_until: date | None = None) -> LegalRequest:
    request = asked(world, now)
    ready = known(world, request, now)
    if silent_until:
        actions.suspend(
            by=world.staff["privacy_officer"], state=ready, official=world.agencies["law_enforcement"], form="written",
            stated_on=now.date(), last_day=silent_until, words="It would warn the suspects.", now=now,
        )  # fmt: skip
    decided(world, request, now, "identity")
    actions.give(by=world.staff["privacy_officer"], state=state(request, now), chosen={"given_name"}, now=now)
    return request


def test_l03_the_care_team_is_asked_to_tell_the_person_after_a_safety_review(
    world: Cast, client: Client, now: datetime
) -> None:
    gave(world, client, now)
    browser = world.browser("case_manager")
    assert "Look at the safety plan first" in browser.get(f"/p/{client.code}/tell/").content.decode()
    today = browser.get("/").content.decode()
    assert f"/p/{client.code}/tell/" in today
    world.act_as("case_manager")
    notice = LegalNotice.objects.get(client=client)
    assert notice.due_at == now + timedelta(hours=72)
    browser.post(f"/p/{client.code}/tell/", {"notice": str(notice.pk), "how": "told"})
    world.act_as("case_manager")
    notice.refresh_from_db()
    assert (notice.how, notice.told_by) == ("told", world.staff["case_manager"])
    assert f"/p/{client.code}/tell/" not in browser.get("/").content.decode()


def test_v07_l03_a_dated_statement_keeps_it_from_the_person_and_their_team_until_it_ends(
    world: Cast, client: Client, now: datetime
) -> None:
    request = gave(world, client, now, silent_until=now.date() + timedelta(days=40))
    team = world.browser("case_manager")
    pages = [f"/p/{client.code}/{page}/" for page in ("shared", "who-saw", "tell")]
    for page in pages:
        text = page_of(team.get(page))
        assert "A court or a law made us" not in text, page
        assert "Test Law enforcement" not in text, page
        assert "legal" not in text.lower().replace("test legal aid", ""), page
    world.act_as("case_manager")
    assert not Disclosure.objects.filter(client=client).exists()
    assert not LegalNotice.objects.filter(client=client).exists()
    # The privacy officer sees it, and that it is kept off the list, and until when.
    ledger = world.browser("privacy_officer").get("/privacy/shared/").content.decode()
    assert "Not told before" in ledger
    own = page_of(world.browser("privacy_officer").get(f"/p/{client.code}/shared/"))
    assert "A court or a law made us" not in own
    assert "legal" not in own.lower().replace("test legal aid", "")
    world.act_as("privacy_officer")
    due = LegalNotice.objects.get(client=client).due_at
    assert due == Suspension.objects.get(process=request.pk).ends_at + timedelta(hours=72)
    # The day after, everything is told: the statement's last moment has passed.
    later = due - timedelta(hours=72)
    assert accounted(later, client=client, for_the_person=True).count() == 1
    assert accounted(later - timedelta(seconds=1), client=client, for_the_person=True).count() == 0


def test_v07_no_audit_record_of_the_work_betrays_what_is_withheld(world: Cast, client: Client, now: datetime) -> None:
    gave(world, client, now, silent_until=now.date() + timedelta(days=40))
    world.act_as("case_manager")
    told = set(AuditRecord.objects.filter(client_id=client.pk).values_list("action", "subject"))
    assert not [one for one in told if "legal" in " ".join(one) or "suspension" in one[1] or "disclosure" in one[1]]
    world.act_as("privacy_officer")
    assert AuditRecord.objects.filter(client_id=client.pk, action="disclosed legal").exists()


def test_l03_only_a_statement_with_an_end_counts_and_a_spoken_one_for_a_few_days(
    world: Cast, client: Client, now: datetime
) -> None:
    request = asked(world, now)
    ready = known(world, request, now)
    by, police = world.staff["privacy_officer"], world.agencies["law_enforcement"]

    today = now.date()

    def suspend(form: str, last_day: date, stated_on: date = today, words: str = "x") -> Suspension:
        return actions.suspend(
            by=by, state=ready, official=police, form=form, stated_on=stated_on, last_day=last_day, words=words, now=now
        )

    for wrong in (
        ("oral", today + timedelta(days=31)),
        ("written", today - timedelta(days=2)),
        ("written", today + timedelta(days=5), today + timedelta(days=1)),
        ("written", today + timedelta(days=5), today, " "),
    ):
        with pytest.raises(NotReady):
            suspend(*wrong)
    assert suspend("oral", today + timedelta(days=30))


def test_there_is_nothing_to_be_silent_about_when_nobody_is_known(world: Cast, now: datetime) -> None:
    request = asked(world, now, about="Nobody")
    with pytest.raises(NotReady):
        actions.suspend(
            by=world.act_as("privacy_officer"), state=state(request, now), official=world.agencies["law_enforcement"],
            form="written", stated_on=now.date(), last_day=now.date() + timedelta(days=9), words="x", now=now,
        )  # fmt: skip


def test_the_persons_own_request_goes_to_them_and_needs_no_call_back(
    world: Cast, client: Client, now: datetime
) -> None:
    request = asked(world, now, "own_request")
    by = world.act_as("privacy_officer")
    actions.look(by=by, state=state(request, now), name="Zoë Canary-Lantern", birth_year="1990", phone="", now=now)
    ready = decided(world, request, now, "identity", "contact", papers=("person_known", "person_signed"))
    letter = actions.give(by=by, state=ready, chosen={"given_name", "phone"}, now=now)
    assert letter.notices == ()
    assert not LegalNotice.objects.exists()
    assert Disclosure.objects.get(client=client).recipient is None


def test_l01_a_second_look_never_stands_for_the_first(world: Cast, client: Client, now: datetime) -> None:
    """Two windows, two names: the answer would have been about the first, whoever was found last."""
    request = asked(world, now)
    known(world, request, now)
    with pytest.raises(NotReady, match="found before"):
        actions.look(
            by=world.staff["privacy_officer"], state=state(request, now), name="Somebody Else", birth_year="1991",
            phone="", now=now,
        )  # fmt: skip
    assert state(request, now).client == client


def test_a_barred_officer_finds_nobody(world: Cast, client: Client, now: datetime) -> None:
    from leeward.protect import actions as protect

    by = world.act_as("case_manager")
    protect.bar(by=by, client=client, person=world.staff["privacy_officer"], now=now)
    request = asked(world, now)
    found = actions.look(
        by=world.act_as("privacy_officer"),
        state=state(request, now),
        name="Zoë Canary-Lantern",
        birth_year="1990",
        phone="",
        now=now,
    )
    assert found is None


@pytest.mark.parametrize("who", ["screener", "program_director", "evaluator", "law_enforcement"])
def test_l01_nobody_else_opens_a_page_of_the_queue(world: Cast, now: datetime, who: str) -> None:
    request = asked(world, now)
    browser = world.browser(who)
    for place in ("", f"{request.reference}/", f"{request.reference}/answer/", f"{request.reference}/letter/"):
        assert browser.get(f"/requests/{place}").status_code == 404

"""The pages of an emergency and of hidden records, as staff meet them."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from leeward.people import actions as people
from leeward.people.models import Client
from leeward.protect import actions as protect
from leeward.protect import concealment, emergency
from leeward.protect.models import AuditRecord, BreakGlass

from ..access.test_every_page import address, pages_of_a_client
from ..cast import Cast
from ..protect.test_row_security import ARRIVAL

WHO = "other_screener"
WHY = "She called from the bridge."


@pytest.fixture
def client(world: Cast, now: datetime) -> Client:
    return people.register(by=world.act_as("case_manager"), arrival=ARRIVAL, now=now)


@pytest.fixture(autouse=True)
def proved(cast: Cast) -> Iterator[None]:
    cast.prove(WHO)
    yield
    cast.prove(WHO, minutes=0)


def ask(world: Cast, client: Client, **other: object) -> HttpResponse:
    form = {"typed": client.code, "reason": WHY, "minutes": 10} | other
    return world.browser(WHO).post("/urgent/", form)  # type: ignore[return-value]


def test_a02_nothing_opens_before_they_have_proved_again_that_it_is_them(world: Cast, client: Client) -> None:
    world.prove(WHO, minutes=0)
    assert ask(world, client)["Location"].startswith("/prove/?next=/urgent/")
    assert world.browser(WHO).get(f"/p/{client.code}/").status_code == 404


def test_a02_with_a_reason_the_record_opens_under_a_banner(world: Cast, client: Client) -> None:
    me = world.browser(WHO)
    home = f"/p/{client.code}/"
    assert me.get(home).status_code == 404
    answer = ask(world, client)
    assert answer["Location"] == home
    page = me.get(home)
    text = page.content.decode()
    assert "Canary-Lantern" in text
    assert 0 < int(page["Refresh"].partition(";")[0]) <= 600
    for place in ("/", "/people/", "/training/"):
        assert "in an emergency. It closes at" in me.get(place).content.decode(), place


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": "urgent"},
        {"minutes": 16},
        {"minutes": 0},
        {"typed": "0000-00000-0"},
    ],
    ids=str,
)
def test_a02_without_one_of_them_nothing_opens(world: Cast, client: Client, wrong: dict[str, object]) -> None:
    assert ask(world, client, **wrong).status_code == 422
    assert world.browser(WHO).get(f"/p/{client.code}/").status_code == 404


def test_a02_unknown_barred_and_hidden_get_the_same_answer(world: Cast, client: Client, now: datetime) -> None:
    def told(**other: object) -> str:
        text = ask(world, client, **other).content.decode()
        return re.sub(r'value="[^"]*"', "", text)

    nobody = told(typed="0000-00000-0")
    by = world.act_as("case_manager")
    no = protect.bar(by=by, client=client, person=world.staff[WHO], now=now)
    barred = told()
    protect.unbar(by=world.act_as("case_manager"), barring=no, now=now)
    day = now.date() + timedelta(days=9)
    concealment.conceal(by=world.act_as("case_manager"), client=client, reason="staff", review_on=day, now=now)
    assert nobody == barred == told()


def test_every_page_of_the_record_can_be_read_and_none_written(world: Cast, client: Client) -> None:
    ask(world, client)
    me = world.browser(WHO)
    for page in pages_of_a_client():
        place = address(page, client.code)
        answer = me.get(place)
        assert answer.status_code in {200, 302, 404, 405}, f"{place} {answer.status_code}"
        sent = me.post(place, {"decline": "1", "part": "explained", "no": "1", "show": "1", "never": "1"})
        assert sent.status_code in {404, 405, 409, 422, 403} or page.name == "choose_record", (
            f"{place} {sent.status_code}"
        )
    text = me.post(f"/p/{client.code}/team/", {"leave": str(world.staff["case_manager"].pk)}).content.decode()
    assert "in an emergency, to read" in text


def test_a02_the_privacy_officer_is_told_on_every_page_and_reviews(world: Cast, client: Client, now: datetime) -> None:
    ask(world, client)
    world.browser(WHO).get(f"/p/{client.code}/")
    officer = world.browser("privacy_officer")
    assert "waits for your review" in officer.get("/training/").content.decode()
    page = officer.get("/privacy/").content.decode()
    assert WHY in page
    assert client.code in page
    assert "Canary" not in page
    glass = BreakGlass.objects.get(client=client)
    place = f"/urgent/{glass.pk}/"
    assert "Read: the record, in an emergency" in officer.get(place).content.decode()
    assert officer.post(place, {"verdict": ""}).status_code == 422
    assert officer.post(place, {"verdict": "not_needed", "found": "Nobody was called."})["Location"] == "/privacy/"
    assert world.browser(WHO).get(f"/p/{client.code}/").status_code == 404
    assert "waits for your review" not in officer.get("/training/").content.decode()
    assert "Nobody was called." in officer.get(place).content.decode()


def test_a02_a_review_that_nobody_made_in_72_hours_is_late(
    world: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(world, client)
    officer = world.browser("privacy_officer")
    late = '<span class="chip warn'
    assert late not in officer.get("/privacy/").content.decode()
    monkeypatch.setattr(emergency, "REVIEW_WITHIN", timedelta(seconds=0))
    assert late in officer.get("/privacy/").content.decode()


def test_a02_v07_the_person_reads_it_on_their_list(world: Cast, client: Client, now: datetime) -> None:
    ask(world, client)
    world.browser(WHO).get(reverse("safety_plan", args=[client.code]))
    page = world.browser("case_manager").get(f"/p/{client.code}/who-saw/").content.decode()
    name = world.staff[WHO].display_name
    assert f"{name} was not on your team" in page
    assert "Opened the record in an emergency" in page
    assert "Read: the safety plan, in an emergency" in page or "Read: safety plan and needs, in an emergency" in page
    assert "somebody else checks this" in page
    glass = BreakGlass.objects.get(client=client)
    emergency.review(by=world.act_as("privacy_officer"), glass=glass, verdict="needed", found="", now=now)
    page = world.browser("case_manager").get(f"/p/{client.code}/who-saw/").content.decode()
    assert "it was needed" in page


def test_closing_it_early(world: Cast, client: Client) -> None:
    ask(world, client)
    glass = emergency.running(world.act_as(WHO), timezone.now())[0]
    assert world.browser("clinician").post(f"/urgent/{glass.pk}/close/").status_code == 302
    assert world.browser(WHO).get(f"/p/{client.code}/").status_code == 200
    world.browser(WHO).post(f"/urgent/{glass.pk}/close/")
    assert world.browser(WHO).get(f"/p/{client.code}/").status_code == 404


@pytest.mark.parametrize("who", ["program_director", "evaluator", "shelter", "privacy_officer"])
def test_a07_whoever_gives_no_care_has_no_such_page(world: Cast, who: str) -> None:
    assert world.browser(who).get("/urgent/").status_code == 404


@pytest.mark.parametrize("who", ["program_director", "evaluator", "shelter", "clinician", WHO])
def test_p01_only_the_privacy_officer_reads_a_review(world: Cast, client: Client, who: str) -> None:
    ask(world, client)
    world.act_as("case_manager")
    glass = BreakGlass.objects.get(client=client)
    assert world.browser(who).get(f"/urgent/{glass.pk}/").status_code == 404


def test_a02_u02_the_record_of_looks_holds_no_word_of_the_reason(world: Cast, client: Client) -> None:
    ask(world, client)
    world.act_as("case_manager")
    records = AuditRecord.objects.filter(client_id=client.pk)
    assert records.filter(subject="protect_breakglass").exists()
    assert not [r for r in records if "bridge" in f"{r.action}{r.subject}{r.fields}{r.rule}"]


def test_a01_a_hidden_record_is_no_answer_to_a_search(world: Cast, client: Client) -> None:
    asked = {"typed": "Zoë Canary-Lantern", "birth_year": 1990}
    nobody = {"typed": "Nobody Canary", "birth_year": 1990}
    outside, team = world.browser(WHO), world.browser("case_manager")
    assert "already be known here" in outside.post("/people/", asked).content.decode()
    hide = {"reason": "staff", "review_on": "2999-01-01"}
    assert team.post(f"/p/{client.code}/hidden/", hide).status_code == 422
    hide["review_on"] = (timezone.now() + timedelta(days=20)).date().isoformat()
    assert team.post(f"/p/{client.code}/hidden/", hide).status_code == 302
    found = outside.post("/people/", asked)
    unknown = outside.post("/people/", nobody)

    def bare(answer: HttpResponse) -> str:
        return re.sub(r'value="[^"]*"', "", answer.content.decode())

    assert bare(found) == bare(unknown)  # type: ignore[arg-type]
    assert client.code in team.post("/people/", asked).content.decode()
    officer = world.browser("privacy_officer").get("/privacy/").content.decode()
    assert "They work here or with us" in officer
    assert team.post(f"/p/{client.code}/hidden/", {"show": "1"}).status_code == 302
    assert "already be known here" in outside.post("/people/", asked).content.decode()


def test_the_addresses_say_nothing() -> None:
    assert reverse("emergency") == "/urgent/"
    assert reverse("hidden", args=["X"]) == "/p/X/hidden/"


def test_p01_a_refusal_in_an_emergency_leaves_on_the_beat(world: Cast, client: Client, now: datetime) -> None:
    """The database looks longer at a record that is hidden than for one that is not there."""
    concealment.conceal(
        by=world.act_as("case_manager"), client=client, reason="staff",
        review_on=timezone.localdate() + timedelta(days=9), now=now,
    )  # fmt: skip
    for typed in (client.code, "0000-0000-0"):
        refused = ask(world, client, typed=typed)
        assert refused.status_code == 422
        assert refused.wsgi_request.found_nobody

"""Nothing typed is lost: it is kept sealed on the server for whoever typed it, also when their session ran out."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test import override_settings
from django.urls import include, path
from django.utils import timezone

from leeward.protect import drafts
from leeward.protect.gate import AskedRequest, signed_in
from leeward.protect.models import Draft, Session
from leeward.protect.sessions import token_digest

from ..cast import Cast
from ..cast import enter as pass_the_door

CANARY = "Qwertz-Canary"


@signed_in
def note(request: AskedRequest) -> HttpResponse:
    if request.method == "POST" and request.POST.get("save"):
        return HttpResponse(status=303, headers={"Location": "/"})
    return HttpResponse(str(sorted(drafts.initial(request).items())))


def outside(request: HttpRequest) -> HttpResponse:
    return HttpResponse("outside")


urlpatterns = [path("", include("leeward.web.urls")), path("note/", note), path("", outside)]
handler404 = "leeward.web.errors.not_found"


@pytest.fixture(autouse=True)
def _addresses(cast: Cast) -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield
    Draft.objects.using("admin").all().delete()


def enter(email: str = "therapist@example.org", **more: str) -> Browser:
    me = Browser(SERVER_NAME="localhost")
    assert pass_the_door(me, email, **more).status_code == 302
    return me


def run_out(me: Browser) -> None:
    row = Session.objects.filter(token_digest=token_digest(me.cookies["session"].value))
    assert row.update(idle_until=timezone.now() - timedelta(minutes=1)) == 1


def test_what_is_typed_is_there_again() -> None:
    me = enter()
    assert me.post("/draft/", {"stands_on": "/note/", "words": CANARY, "many": ["a", "b"]}).status_code == 204
    assert me.get("/note/").content.decode() == f"[('many', ['a', 'b']), ('words', '{CANARY}')]"


def test_it_is_sealed_in_the_database() -> None:
    me = enter()
    me.post("/draft/", {"stands_on": "/note/", "words": CANARY})
    row = Draft.objects.using("admin").get()
    assert CANARY.encode() not in bytes(row.sealed)


def test_it_is_there_for_nobody_else() -> None:
    enter().post("/draft/", {"stands_on": "/note/", "words": CANARY})
    assert enter("clinician@example.org").get("/note/").content == b"[]"


def test_a_draft_moved_to_somebody_else_does_not_open(cast: Cast) -> None:
    enter().post("/draft/", {"stands_on": "/note/", "words": CANARY})
    Draft.objects.using("admin").update(staff=cast.staff["clinician"])
    assert enter("clinician@example.org").get("/note/").content == b"[]"


def test_passwords_and_tokens_are_never_kept(world: Cast) -> None:
    me = world.act_as("therapist")
    data = {"words": ["x"], "password": ["secret"], "new_password": ["secret"], "csrfmiddlewaretoken": ["t"]}
    drafts.keep(by=me, place="/note/", data=data)
    assert drafts.find(by=me, place="/note/") == {"words": ["x"]}


def test_the_last_version_counts() -> None:
    me = enter()
    me.post("/draft/", {"stands_on": "/note/", "words": "first"})
    me.post("/draft/", {"stands_on": "/note/", "words": "second"})
    assert "second" in me.get("/note/").content.decode()
    assert Draft.objects.using("admin").count() == 1


def test_saving_forgets_the_draft() -> None:
    me = enter()
    me.post("/draft/", {"stands_on": "/note/", "words": CANARY})
    me.post("/note/", {"words": CANARY, "save": "yes"})
    assert me.get("/note/").content == b"[]"


def test_a_form_that_was_not_saved_keeps_its_draft() -> None:
    me = enter()
    me.post("/draft/", {"stands_on": "/note/", "words": CANARY})
    me.post("/note/", {"words": CANARY})
    assert CANARY in me.get("/note/").content.decode()


def test_a_form_sent_after_the_session_ran_out_is_there_after_signing_in() -> None:
    me = enter()
    run_out(me)
    answer = me.post("/note/", {"words": CANARY, "save": "yes"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=/note/&kept")
    assert "is kept" in me.get(answer["Location"]).content.decode()
    back = pass_the_door(me, "therapist", next="/")
    assert back["Location"] == "/note/"
    assert CANARY in me.get("/note/").content.decode()
    assert not Session.objects.filter(kept__isnull=False).exists()


def test_it_is_kept_where_the_form_stands() -> None:
    me = enter()
    run_out(me)
    answer = me.post("/note/", {"words": CANARY, "stands_on": "/p/ABC/"})
    assert answer["Location"].startswith("/sign-in/?next=/p/ABC/&kept")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil", "/" + "x" * 300, "p/ABC/"])
def test_a_form_that_says_it_stands_elsewhere_is_not_believed(elsewhere: str) -> None:
    me = enter()
    run_out(me)
    answer = me.post("/note/", {"words": CANARY, "stands_on": elsewhere})
    assert answer["Location"].startswith("/sign-in/?next=/note/&kept")


def test_somebody_else_at_the_same_machine_does_not_get_it() -> None:
    me = enter()
    run_out(me)
    me.post("/note/", {"words": CANARY})
    pass_the_door(me, "clinician")
    assert me.get("/note/").content == b"[]"
    Session.objects.filter(kept__isnull=False).delete()


def test_what_waits_for_a_return_is_sealed() -> None:
    me = enter()
    run_out(me)
    me.post("/note/", {"words": CANARY})
    row = Session.objects.get(kept__isnull=False)
    assert CANARY.encode() not in bytes(row.kept or b"")
    row.delete()


def test_typing_on_after_the_session_ran_out_is_kept_too() -> None:
    me = enter()
    run_out(me)
    assert me.post("/draft/", {"stands_on": "/note/", "words": "first"}).status_code == 401
    assert me.post("/draft/", {"stands_on": "/note/", "words": CANARY}).status_code == 401
    assert CANARY in enter().get("/note/").content.decode()


def test_a_stranger_keeps_nothing() -> None:
    nobody = Browser(SERVER_NAME="localhost")
    assert nobody.post("/draft/", {"stands_on": "/note/", "words": CANARY}).status_code == 403
    assert not Draft.objects.using("admin").exists()


@pytest.mark.parametrize("place", ["", "https://evil.example/", "//evil.example", "/" + "x" * 300, "/\\evil"])
def test_only_a_place_of_this_site_can_have_a_draft(place: str) -> None:
    assert enter().post("/draft/", {"stands_on": place, "words": "x"}).status_code == 400


def test_any_text_can_be_kept(world: Cast) -> None:
    me = world.act_as("therapist")
    odd = "שלום 👩‍👩‍👧 \u202e\x00 " + "x" * 10_000
    drafts.keep(by=me, place="/note/", data={"words": [odd]})
    assert drafts.find(by=me, place="/note/") == {"words": [odd]}


def test_what_nobody_came_back_for_is_forgotten(cast: Cast) -> None:
    me = enter()
    me.post("/draft/", {"stands_on": "/note/", "words": CANARY})
    Draft.objects.using("admin").update(saved_at=timezone.now() - timedelta(days=15))
    enter()
    assert not Draft.objects.using("admin").exists()


def test_a_draft_is_out_of_reach_of_others_in_the_database(cast: Cast) -> None:
    enter().post("/draft/", {"stands_on": "/note/", "words": CANARY})
    with transaction.atomic():
        cast.act_as("clinician")
        assert Draft.objects.count() == 0
        cast.act_as("therapist")
        assert Draft.objects.count() == 1

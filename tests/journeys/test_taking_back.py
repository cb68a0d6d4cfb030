"""A permission is given up and everybody hears of it: the centre's pages, the partner's, a message passed on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leeward.coordinate.models import ListKey
from leeward.protect import actions as protect
from leeward.protect.models import Grant, Session
from leeward.protect.outbox import sending
from leeward.protect.sessions import token_digest

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, refer, register
from .conftest import DESKTOP, PHONE, Open
from .walking import look, press


@pytest.mark.journey
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_c02_taken_back_told_and_confirmed(visit: Open, cast: Cast, size: dict[str, int]) -> None:
    forget_clients()
    now = datetime.now(UTC)
    client = register(cast, now - timedelta(days=1))
    referral = refer(cast, client, now)
    partner, manager = visit("shelter", size=size), visit("case_manager", size=size)

    partner.goto("/inbox/")
    look(partner)
    partner.goto(f"/r/{referral.reference}/")
    expect(partner.locator("main")).to_contain_text("Call us.")
    Session.objects.update(proved_until=timezone.now() + timedelta(minutes=5))
    partner.goto("/inbox/list/")
    look(partner)
    with partner.expect_download() as download:
        partner.get_by_role("button", name="Download the list").click()
    assert download.value.suggested_filename.endswith(".csv.age")
    assert "Lines: 1" in "".join(cast.opened([download.value.path().read_bytes()]))

    manager.goto(f"/p/{client.code}/referrals/")
    manager.get_by_role("button", name="Remind them").click()
    look(manager)
    manager.goto(f"/p/{client.code}/permissions/back/{referral.grant_id}/")
    look(manager)
    manager.get_by_role("button", name="Take it back").click()
    expect(manager.locator("main")).to_contain_text("The message is on its way")
    look(manager)

    partner.goto(f"/r/{referral.reference}/")
    expect(partner.locator("main")).not_to_contain_text("Call us.")
    assert sending.send_waiting(datetime.now(UTC)) == 1
    partner.goto("/inbox/")
    expect(partner.locator("main")).to_contain_text("Please confirm: permission withdrawn")
    partner.get_by_text("Look for something else").click()
    look(partner)
    partner.get_by_role("button", name="We confirm").click()
    expect(partner.locator("main")).to_contain_text("Thank you. It is noted.")

    manager.goto(f"/p/{client.code}/messages/way/")
    look(manager)
    manager.get_by_label("Through their advocate").check()
    manager.get_by_label("Others too").check()
    manager.get_by_role("button", name="Save").click()
    manager.get_by_label("Please call us when you can").check()
    press(manager, "Put it in the outbox")
    sending.send_waiting(datetime.now(UTC))
    manager.goto("/")
    expect(manager.locator("main")).to_contain_text("To pass on, face to face")
    look(manager)
    manager.goto(f"/p/{client.code}/messages/")
    look(manager)
    manager.get_by_role("button", name="I told them").click()
    expect(manager.locator("main")).to_contain_text("Passed on")
    expect(manager.locator("main")).to_contain_text("by Test shelter")
    forget_clients()


@pytest.mark.journey
def test_c02_t2_what_a_partner_has_open_goes_away_by_itself(visit: Open, cast: Cast) -> None:
    """Nobody touches the partner's pages: they ask by themselves, and leave."""
    forget_clients()
    now = datetime.now(UTC)
    referral = refer(cast, register(cast, now - timedelta(days=1)), now)
    one, inbox = visit("shelter"), visit("shelter")
    one.goto(f"/r/{referral.reference}/")
    inbox.goto("/inbox/")
    one.wait_for_timeout(1_800)
    expect(one.locator("main")).to_contain_text("Call us.")
    expect(inbox.locator("main")).to_contain_text(referral.reference)
    with asked_by(cast, "case_manager") as by:
        protect.withdraw(by=by, given=Grant.objects.get(pk=referral.grant_id), now=datetime.now(UTC))
    expect(one.locator("main")).not_to_contain_text("Call us.")
    expect(inbox.locator("main")).not_to_contain_text(referral.reference)
    expect(one.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    expect(inbox.locator("main")).to_contain_text("Inbox")
    forget_clients()


@pytest.mark.journey
def test_a06_a_page_goes_away_when_its_session_is_ended_elsewhere(visit: Open, cast: Cast) -> None:
    forget_clients()
    now = datetime.now(UTC)
    referral = refer(cast, register(cast, now - timedelta(days=1)), now)
    page = visit("shelter")
    page.goto(f"/r/{referral.reference}/")
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "session")
    Session.objects.filter(token_digest=token_digest(token)).delete()
    page.wait_for_url("**/sign-in/**")
    forget_clients()


@pytest.mark.journey
@pytest.mark.parametrize(("size", "language"), [(PHONE, "es"), (DESKTOP, "en")], ids=["phone", "desktop"])
def test_x01_an_agency_without_a_key_gives_one_and_then_there_is_a_file(
    visit: Open, cast: Cast, size: dict[str, int], language: str
) -> None:
    kept = list(ListKey.objects.using("admin").filter(agency=cast.agencies["legal_aid"]))
    ListKey.objects.using("admin").filter(agency=cast.agencies["legal_aid"]).delete()
    partner = visit("legal_aid", size=size, language=language)
    Session.objects.update(proved_until=timezone.now() + timedelta(minutes=5))
    partner.goto("/inbox/list/")
    expect(
        partner.get_by_text("There is no file yet" if language == "en" else "Todavía no hay archivo")
    ).to_be_visible()
    look(partner)
    partner.locator("#id_public_key").fill("age1nothing")
    partner.locator("form.stack button[type=submit]").click()
    look(partner)
    partner.locator("#id_public_key").fill(str(cast.age_key.to_public()))
    partner.locator("form.stack button[type=submit]").click()
    download = partner.get_by_role("button", name="Download the list" if language == "en" else "Descargar la lista")
    expect(download).to_be_visible()
    look(partner)
    ListKey.objects.using("admin").filter(agency=cast.agencies["legal_aid"]).delete()
    ListKey.objects.using("admin").bulk_create(kept)

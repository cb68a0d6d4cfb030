"""The privacy officer looks at somebody's odd reading and says whether it was part of their work."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from leeward.protect.models import AuditRecord, OddReading

from ..cast import Cast
from ..people.committed import register
from .conftest import DESKTOP, PHONE, Open
from .walking import look


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a05_odd_reading_is_looked_at_by_the_privacy_officer(visit: Open, cast: Cast, size: dict[str, int]) -> None:
    client = register(cast, datetime.now(UTC))
    reader = visit("case_manager", size=size)
    reader.goto(f"/p/{client.code}/")
    reader.goto(f"/p/{client.code}/team/")
    reads = AuditRecord.objects.using("admin").filter(client_id=client.pk, action__startswith="read ")
    records = list(reads.order_by("id").values_list("pk", flat=True))
    staff = cast.staff["case_manager"]
    OddReading.objects.using("admin").filter(staff=staff).delete()
    odd = OddReading.objects.using("admin").create(
        agency_id=staff.agency_id, staff=staff, kind="after_hours", day=datetime.now(UTC).date(), records=records,
        looks=len(records), noticed_at=datetime.now(UTC),
    )  # fmt: skip
    officer = visit("privacy_officer", size=size)
    officer.goto("/privacy/")
    look(officer)
    officer.locator(f'a[href="/privacy/reading/{odd.pk}/"]').click()
    expect(officer.get_by_role("heading", name="Reading to look at")).to_be_visible()
    expect(officer.get_by_role("table").get_by_text(client.code).first).to_be_visible()
    look(officer)
    officer.get_by_label("It was part of their work").check()
    officer.get_by_role("button", name="Save the review").click()
    expect(officer.locator(f'a[href="/privacy/reading/{odd.pk}/"]')).to_have_count(0)
    odd.reviews.using("admin").all().delete()
    odd.delete(using="admin")

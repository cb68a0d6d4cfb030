"""A leader asks for new results in a browser, goes on reading the last ones, and sees the new ones when they come."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leeward.learn import asking
from leeward.learn.actions import results_of
from leeward.learn.models import ResultsAnswer, ResultsRequest, ResultsSnapshot
from leeward.learn.results import as_json
from leeward.learn.tables import read_folder
from leeward.simulation import Parameters, write_centre

from ..cast import Cast
from .conftest import DESKTOP, PHONE, Open
from .walking import look


@pytest.fixture
def last_results(cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResultsSnapshot]:
    """Results of forty days ago; nothing of this test is left afterwards."""
    folder = tmp_path_factory.mktemp("centre")
    write_centre(Parameters(), clients=120, seed=7, out=folder)
    tables, then = read_folder(folder), timezone.now() - timedelta(days=40)
    latest = tables.latest_moment()
    assert latest
    document = as_json(results_of(tables, latest))
    kept = ResultsSnapshot(
        agency=cast.centre, computed_at=then, data_cut=then, protocol_version="1.0.0", document=document
    )
    kept.save(using="admin")
    yield kept
    for model in (ResultsAnswer, ResultsRequest, ResultsSnapshot):
        model.objects.using("admin").filter(agency=cast.centre).delete()


@pytest.mark.journey
@pytest.mark.parametrize(
    ("size", "language", "script"),
    [(PHONE, "es", True), (DESKTOP, "en", True), (DESKTOP, "en", False)],
    ids=["phone-spanish", "desktop", "no-script"],
)
def test_new_results_are_asked_for_and_come(
    visit: Open,
    last_results: ResultsSnapshot,
    monkeypatch: pytest.MonkeyPatch,
    size: dict[str, int],
    language: str,
    script: bool,
) -> None:
    """What the worker computes is proven elsewhere; here it keeps the last results again, under today's date."""
    page = visit("program_director", size=size, script=script, language=language)
    page.goto("/results/")
    page.get_by_role("button", name={"en": "Compute again", "es": "Calcular otra vez"}[language]).click()
    again = page.get_by_role("link", name={"en": "Look again", "es": "Mirar otra vez"}[language])
    expect(again).to_be_visible()
    heading = page.get_by_role("heading", name={"en": "In short", "es": "En breve"}[language])
    expect(heading).to_be_visible()
    if script:
        look(page)

    def keep(**_: object) -> None:
        now = timezone.now()
        last_results.pk, last_results.computed_at, last_results.data_cut = None, now, now
        last_results.pk = ResultsSnapshot._meta.pk.get_default()
        last_results.save(using="admin", force_insert=True)

    monkeypatch.setattr(asking, "compute_snapshot", keep)
    assert asking.answer_all(timezone.now()) == 1
    if not script:
        again.click()
    expect(again).to_be_hidden()
    expect(page.get_by_text({"en": "Next results:", "es": "Próximos resultados:"}[language])).to_be_visible()

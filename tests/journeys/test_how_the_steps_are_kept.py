"""The page on how the steps are kept, in a real browser: it fits, axe finds nothing, and one can choose a table."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from leeward.learn.actions import results_of
from leeward.learn.models import ResultsSnapshot
from leeward.learn.results import as_json
from leeward.learn.tables import read_folder
from leeward.simulation import Parameters, write_centre

from ..cast import Cast
from .conftest import DESKTOP, PHONE, Open
from .walking import look

pytestmark = pytest.mark.journey
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = tmp_path_factory.mktemp("centre")
    write_centre(Parameters(), clients=1200, seed=7, out=folder)
    tables = read_folder(folder)
    latest = tables.latest_moment()
    assert latest
    return as_json(results_of(tables, latest))


@pytest.fixture
def published(cast: Cast, document: object) -> Iterator[None]:
    now = timezone.now()
    snapshot = ResultsSnapshot(
        agency=cast.centre, computed_at=now, data_cut=now, protocol_version="1.0.0", document=document
    )
    snapshot.save(using="admin")
    yield
    snapshot.delete(using="admin")


@SIZES
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_leader_reads_where_most_is_lost_and_every_step(
    visit: Open, published: None, size: dict[str, int], language: str
) -> None:
    page = visit("program_director", size=size, language=language)
    page.goto("/protocol/fidelity/")
    look(page)


@SIZES
def test_a_leader_follows_one_step_from_month_to_month(visit: Open, published: None, size: dict[str, int]) -> None:
    page = visit("evaluator", size=size)
    page.goto("/results/")
    page.get_by_role("link", name="How the steps are kept").click()
    page.get_by_label("Which steps").select_option("step:screening")
    page.get_by_label("Counted by").select_option(label="Month of opening")
    page.get_by_role("button", name="Show").click()
    table = page.get_by_role("table", name="How often it was due and done in time")
    assert "January 2026" in table.inner_text()
    look(page)


def test_it_reads_without_script(visit: Open, published: None) -> None:
    page = visit("privacy_officer", script=False)
    page.goto("/protocol/fidelity/?of=role:therapist&by=step")
    assert page.get_by_role("table", name="How often, and how that went").is_visible()
    assert not page.get_by_role("button", name="Compute again").count()

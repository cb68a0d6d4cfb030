"""Every form of every page: sent twice it acts once (F-03), and whatever is typed into it breaks nothing (F-01).

The walk finds pages and forms by following links in a house where something stands on every page. What a new page or
form needs to be met, it says in a failing test, never by being left out.
"""

import pytest
from django.conf import settings
from django.test import override_settings

from .administrator import state
from .house import House
from .page_forms import Form
from .trial import Trial, tried, try_out
from .walk import Walk, browser_of, opened, send, undone

#: Nobody can fill these in rightly here, and where they are sent as they should be.
NOT_TAKEN = {
    "invitation": "two codes on paper: tests/web/test_sign_in.py",
    "sign_in": "a password and a code: tests/web/test_sign_in.py",
    "prove": "a passkey: tests/protect/test_second_factors.py",
    "new_passkey": "a passkey: tests/protect/test_second_factors.py",
    "new_app": "a code of the app: tests/web/test_sign_in.py",
    "new_password": "changes the token of the session, which other connections see when it is committed",
    "results": "counts what is committed: tests/learn/test_results_page.py",
    "protocol_fidelity": "counts what is committed: tests/learn/test_fidelity_page.py",
}
#: They answer with a page and do something. Why that is right, each time they are sent.
ON_THEIR_OWN_PAGE = {
    "new_codes": "the codes on the page are the ones that work, also on the second page",
    "legal_answer": "the letter is shown once; a second answer is refused because the first one is there",
    "account_request": "half of the invitation is shown to whoever hands it over",
}
#: Leaving must work always, also from a page whose token is too old.
NEEDS_NO_TOKEN = {"leave"}


@pytest.fixture(scope="module")
def trials(standing_house: House, walk: Walk) -> list[Trial]:
    """Every form, sent rightly, sent again, and sent without its token."""
    return tried(walk)


def test_the_walk_meets_every_address_of_the_site(walk: Walk, trials: list[Trial]) -> None:
    unknown = sorted(walk.unknown())
    assert not unknown, (
        f"Nobody comes to {unknown} by links or forms. If a page is met after an act, name it in walk.AFTER_AN_ACT; "
        "if it lacks a record, put one into house.furnish."
    )


def test_the_walk_knows_how_to_fill_in_every_form(trials: list[Trial]) -> None:
    """Taken once by each of its buttons; what is refused each time proves nothing about sending it twice."""
    taken = {(one.form.name, one.form.button[0]) for one in trials if one.status < 400}
    refused = {one.form.id for one in trials if (one.form.name, one.form.button[0]) not in taken | _not_taken(one)}
    assert not refused, f"Say in house.said what these need, or why they can't be taken in NOT_TAKEN: {refused}"
    assert len(trials) > 100


def _not_taken(one: Trial) -> set[tuple[str, str]]:
    return {(one.form.name, one.form.button[0])} if one.form.name in NOT_TAKEN else set()


def test_f03_a_form_that_is_sent_twice_acts_once(trials: list[Trial]) -> None:
    """The second is led where the first one was, and nothing is written."""
    twice = [one.form.id for one in trials if one.is_done and (one.wrote_again or one.again != (302, one.leads_to))]
    assert twice == []
    assert sum(bool(one.wrote) for one in trials if one.is_done) > 60, "and the first did something"


def test_f03_what_answers_with_its_own_page_has_done_nothing(walk: Walk, trials: list[Trial]) -> None:
    """Only what led elsewhere is noted as sent. So nothing else may be done, but for what is named and says why."""
    busy = [one for one in trials if not one.is_done and one.wrote and one.form.name not in ON_THEIR_OWN_PAGE]
    changed = [one.form.id for one in busy if one.form.name not in NOT_TAKEN and _changes(walk, one)]
    assert changed == []


def _changes(walk: Walk, trial: Trial) -> bool:
    """Whether it changed a record, and did not take back what it wrote (as a preview does)."""
    browser = browser_of(walk.house.cast, trial.form.who)
    with undone():
        fresh = opened(browser, trial.form, walk.house)
        before = state()
        send(browser, fresh, trial.said)
        return state() != before


def test_f03_a_form_of_another_site_is_refused(trials: list[Trial]) -> None:
    forged = [one for one in trials if one.form.name not in NEEDS_NO_TOKEN]
    assert [one.form.id for one in forged if one.without != 403 or one.wrote_without] == []


def test_f03_the_walk_sees_a_form_that_acts_twice(house: House, walk: Walk, trials: list[Trial]) -> None:
    """Without the part that notes what was sent, what each of these does is done again."""
    without = [one for one in settings.MIDDLEWARE if not one.endswith("Once")]
    acting = {"record", "legal_hand_in", "ask_account", "protocol_versions", "new_person", "around"}
    forms = [one.form for one in trials if one.is_done and one.form.name in acting and one.form.button[0] == ""]
    with override_settings(MIDDLEWARE=without):
        again = {form.name for form in forms if _tried_again(walk, form).wrote_again}
    assert again == acting


def _tried_again(walk: Walk, form: Form) -> Trial:
    with undone():
        return try_out(walk, form)

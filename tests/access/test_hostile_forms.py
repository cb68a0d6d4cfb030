"""Every form of every page: sent twice it acts once (F-03), and whatever is typed into it breaks nothing (F-01).

The walk finds pages and forms by following links in a house where something stands on every page. What a new page or
form needs to be met, it says in a failing test, never by being left out.
"""

import os
import random
from collections import Counter
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django import forms
from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.middleware.csrf import get_token
from django.template import Context, Template
from django.test import override_settings
from django.test.signals import template_rendered
from django.test.utils import instrumented_test_render
from django.urls import include, path
from django.utils.datastructures import MultiValueDict

from leeward.people.models import Client
from leeward.protect.drafts import STANDS_ON
from leeward.protect.gate import AskedRequest, signed_in

from .administrator import state
from .attack import at_address, at_form
from .hostility import HUGE, text
from .house import House
from .page_forms import Field, Form
from .trial import Trial, tried, try_out
from .walk import NOT_FOLLOWED, Walk, browser_of, opened, send, undone

FULL = os.environ.get("LEEWARD_FULL") == "yes"
SEED = int(os.environ.get("LEEWARD_SEED", "190"))
#: Hostile requests: to each form, to each address. In full some 8,000 together, in less than ten minutes.
TO_A_FORM, TO_AN_ADDRESS = (50, 25) if FULL else (3, 2)
#: Hostile values for each form by itself, without a request around it.
TO_EACH_CLASS = 10_000 if FULL else 40

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
        "if it lacks a record, put one into house.furnish. "
        f"Met by each: {Counter(page.who for page in walk.pages)}; by the therapist: "
        f"{[page.address for page in walk.pages if page.who == 'therapist']}"
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


def test_a_form_that_is_sent_elsewhere_says_on_which_page_it_stands(walk: Walk, trials: list[Trial]) -> None:
    """The browser does not. So a draft of it comes back on its own page, not where it was sent to."""
    elsewhere = [
        form
        for form in walk.forms
        if form.name not in NOT_FOLLOWED and urlsplit(form.action).path != urlsplit(form.page).path
    ]
    on_pages = [form for form in elsewhere if form.after is None]
    assert [form.id for form in on_pages if _stands_on(form) != urlsplit(form.page).path] == []
    assert len(on_pages) > 8


def _stands_on(form: Form) -> str:
    return next((one.value for one in form.fields if one.name == STANDS_ON), "")


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


# Whatever is typed (F-01)


def test_f01_no_form_breaks_shows_or_keeps_what_is_hostile(house: House, walk: Walk, trials: list[Trial]) -> None:
    found: list[str] = []
    for form in walk.forms:
        chance = random.Random(f"{SEED} {form.asks}")
        found += at_form(house, form, times=TO_A_FORM, chance=chance)
    assert not found, "\n".join(found[:20])


def test_f01_no_address_breaks_shows_or_changes_anything(house: House, walk: Walk) -> None:
    found: list[str] = []
    met = Counter[str]()
    for page in walk.pages:
        met[page.name] += 1
        if met[page.name] == 1:
            found += at_address(house, page, times=TO_AN_ADDRESS, chance=random.Random(f"{SEED} {page.name}"))
    assert len(met) > 70
    assert not found, "\n".join(found[:20])


def test_f01_no_form_class_breaks_on_any_value(house: House, walk: Walk) -> None:
    """The forms themselves, many times: they take it or name the field, and never fail."""
    found: list[str] = []
    kinds = _form_classes(house, walk)
    assert len(kinds) > 40
    for name, form in kinds.items():
        chance = random.Random(f"{SEED} {name}")
        for _ in range(TO_EACH_CLASS):
            said = {field: [_value(chance) for _ in range(chance.choice((1, 1, 1, 2)))] for field in form.fields}
            found += [f"{name}: {words} ({said!r})"[:600] for words in _validated(form, said)]
    assert not found, "\n".join(found[:20])


def _value(chance: random.Random) -> str:
    # Of the huge ones a short cut: the whole is sent in requests, which cost as much as a thousand of these.
    return chance.choice(HUGE)[:20_000] if chance.random() < 0.01 else text(chance)


def _form_classes(house: House, walk: Walk) -> dict[str, forms.Form]:
    """One form of each class and set of fields, as pages make them."""
    found: dict[str, forms.Form] = {}

    def note(*, context: Context, **_more: object) -> None:
        for layer in context.dicts:
            for value in layer.values():
                if isinstance(value, forms.Form):
                    found.setdefault(f"{type(value).__name__}({','.join(value.fields)})"[:200], value)

    with mock.patch.object(Template, "_render", instrumented_test_render):
        template_rendered.connect(note)
        for page in {(one.name, len(one.address)): one for one in walk.pages}.values():
            browser_of(house.cast, page.who).get(page.address)
        template_rendered.disconnect(note)
    return found


def _validated(form: forms.Form, said: dict[str, list[str]]) -> list[str]:
    data = QueryDict(mutable=True)
    # A page never gets a null or half a letter: the middleware refuses the one, reading the request mends the other.
    for name, values in said.items():
        data.setlist(name, [one.encode("utf-8", "replace").decode().replace("\0", "") for one in values])
    form.is_bound, form.data, form.files, form._errors = True, data, MultiValueDict(), None  # type: ignore[assignment]
    try:
        if not form.is_valid() and not str(form.errors):
            return ["refused without a word"]
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return [f"takes in an unknown field {name}" for name in form.cleaned_data if name not in form.fields]


# The attack can fail


@signed_in
def _careless(request: AskedRequest) -> HttpResponse:
    """A page with every fault that the attack looks for, one at a time."""
    said, fault = request.POST.get("words", ""), request.GET.get("fault", "")
    form = f'<input type=hidden name=csrfmiddlewaretoken value="{get_token(request)}"><textarea name=words></textarea>'
    if request.method == "POST":
        if fault == "breaks":
            said.encode("ascii")
        if fault == "keeps" and len(said) > 40:
            client = Client.objects.order_by("code").first()
            assert client is not None
            Client.objects.filter(pk=client.pk).update(county="Elsewhere")
            return HttpResponse('<p role="alert">No.</p>', status=422)
        if fault == "leads away" and "evil" in said:
            return HttpResponse(status=302, headers={"Location": "https://evil.example/"})
        if fault == "says nothing":
            return HttpResponse("<p>No.</p>", status=422)
        if fault == "is slow":
            sum(hash(said[at:]) for at in range(0, len(said), 40))
        if fault == "works it out" and "7919" in said:
            form += str(7919 * 7919)
        if fault == "shows":
            form += said
    return HttpResponse(f"<form method=post>{form}<button>Send</button></form>")


class _Addresses:
    urlpatterns = [path("careless/", _careless, name="careless"), path("", include("leeward.platform.urls"))]
    handler500 = "leeward.web.errors.server_error"
    handler404 = handler403 = "leeward.web.errors.not_found"
    handler400 = "leeward.web.errors.bad_request"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("breaks", "answered 500"), ("shows", "as it was typed"), ("works it out", "gives away"),
        ("keeps", "and wrote ['people_client']"), ("leads away", "leads to"), ("says nothing", "without a word"),
        ("is slow", "was busy for"),
    ],
)  # fmt: skip
def test_the_attack_sees_a_page_that_is_careless(house: House, fault: str, said: str) -> None:
    place = f"/careless/?fault={fault}"
    form = Form(
        who="case_manager", page=place, action=place, method="post", fields=(Field("words", "textarea"),),
        button=("", ""),
    )  # fmt: skip
    found: list[str] = []
    chance = random.Random(SEED)
    with override_settings(ROOT_URLCONF=_Addresses):
        for _ in range(80):
            found += at_form(house, form, times=5, chance=chance)
            if any(said in one for one in found):
                break
    assert any(said in one for one in found), found
    others = [one for one in found if said not in one and "was busy" not in one]
    assert fault == "breaks" or not others, others


def test_the_attack_finds_nothing_wrong_with_a_page_that_is_careful(house: House) -> None:
    place = "/careless/?fault=none"
    form = Form(
        who="case_manager", page=place, action=place, method="post", fields=(Field("words", "textarea"),),
        button=("", ""),
    )  # fmt: skip
    with override_settings(ROOT_URLCONF=_Addresses):
        assert at_form(house, form, times=30, chance=random.Random(SEED)) == []

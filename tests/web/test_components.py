"""Components say what they mean, to the eye and to a screen reader."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from leeward.rules.protocol.plan import State
from leeward.web.templatetags.leeward import STATES


def draw(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


class Sample(forms.Form):
    name = forms.CharField(label="Name", max_length=5, help_text="Any name.")
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    pick = forms.ChoiceField(label="Pick", widget=forms.RadioSelect, choices=[("a", "A"), ("b", "B")])
    many = forms.MultipleChoiceField(
        label="Many", widget=forms.CheckboxSelectMultiple, choices=[("x", "X"), ("y", "Y")], required=False
    )
    agree = forms.BooleanField(label="Agree")


def test_every_input_has_a_label() -> None:
    html = draw("{{ form }}", form=Sample())
    labels = set(re.findall(r'<label[^>]*for="([^"]+)"', html))
    inputs = set(re.findall(r'<(?:input|textarea|select)[^>]* id="([^"]+)"', html))
    assert inputs
    assert inputs == labels


def test_help_and_problem_are_read_with_the_input() -> None:
    form = Sample({"name": "", "pick": "a"})
    html = draw("{% field form.name %}", form=form)
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html


def test_problems_are_listed_first_with_links_that_lead_to_their_fields() -> None:
    html = draw("{{ form }}", form=Sample({}))
    targets = re.findall(r'<a href="#([^"]+)"', html)
    assert targets == ["id_name", "id_pick_0", "id_agree"]
    assert all(f'id="{target}"' in html for target in targets)
    assert "autofocus" in html
    assert html.index("errors") < html.index("id_name_error")


def test_a_form_without_problems_lists_none() -> None:
    assert "errors" not in draw("{{ form }}", form=Sample())


def test_the_browser_remembers_nothing_and_cuts_nothing_off() -> None:
    html = draw("{% field form.name %}", form=Sample())
    assert 'autocomplete="off"' in html
    assert "maxlength" not in html


def test_what_may_be_skipped_says_so() -> None:
    assert "you can skip this" in draw("{% field form.note %}", form=Sample())
    assert "you can skip this" not in draw("{% field form.name %}", form=Sample())


def test_choices_are_one_group_with_one_legend() -> None:
    html = draw("{% field form.pick %}", form=Sample())
    assert html.count("<legend>") == 1
    assert html.count('class="choice"') == 2


def test_words_with_markup_stay_words() -> None:
    html = draw("{% card title %}{{ text }}{% endcard %}", title="<b>", text="<script>")
    assert "&lt;b&gt;" in html
    assert "<script>" not in html


def test_states_differ_without_colour() -> None:
    drawn = [draw("{% state_chip state %}", state=name) for name in STATES]
    words = [re.sub(r"<[^>]+>", "", html).strip() for html in drawn]
    assert len(set(words)) == len(STATES)
    pictures = [re.findall(r"<svg.*?</svg>", html, re.DOTALL)[0] for html in drawn]
    assert len(set(pictures)) >= len(STATES) - 1


@pytest.mark.parametrize("state", list(State))
def test_every_state_of_a_plan_has_a_chip(state: State) -> None:
    assert "chip" in draw("{% state_chip state %}", state=state)


def test_done_late_and_late_are_not_the_same() -> None:
    assert "Done late" in draw("{% state_chip state %}", state=State.LATE)
    assert "Done" not in draw("{% state_chip state %}", state=State.OVERDUE)


def test_a_definition_speaks_the_readers_language() -> None:
    texts = {"en": "Water", "es": "Agua"}
    assert draw("{{ t|bilingual }}", t=texts) == "Water"
    with translation.override("es"):
        assert draw("{{ t|bilingual }}", t=texts) == "Agua"


def test_times_are_the_centres_own() -> None:
    html = draw("{{ t|local_time }}", t=datetime(2026, 7, 1, 3, 30, tzinfo=UTC))
    assert "06/30/2026 10:30" in html
    assert 'datetime="2026-06-30T22:30-05:00"' in html


def test_deadlines_speak_like_people() -> None:
    assert "2\xa0days late" in draw("{{ t|deadline }}", t=datetime.now(UTC) - timedelta(days=2, minutes=5))
    assert "2\xa0hours left" in draw("{{ t|deadline }}", t=datetime.now(UTC) + timedelta(hours=2, minutes=5))
    assert draw("{{ t|deadline }}", t=None) == ""


def test_the_pager_keeps_the_rest_of_the_query() -> None:
    request = RequestFactory().get("/", {"for": "everyone", "page": "2"})
    html = draw("{% pager page %}", page=Paginator(range(60), 20).page(2), request=request)
    assert 'href="?for=everyone&amp;page=1"' in html
    assert 'href="?for=everyone&amp;page=3"' in html


def test_the_present_place_is_marked() -> None:
    assert 'aria-current="page">ABC' in draw('{% breadcrumb "People" "/people/" "ABC" "" %}')

"""The pages that ask what another version would have asked for, and show the answer when the job worker has it."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from leeward.people.errors import PeopleError
from leeward.people.models import Role
from leeward.protect.gate import AskedRequest, for_roles
from leeward.rules.picture.words import role as role_in_words

from . import comparisons, reading, words
from .charts import Mark, Picture
from .layout import Table
from .models import CaseSource
from .reading import Part
from .whatif.sentences import held_fixed, is_changed, sentences

READERS = (Role.PROGRAM_DIRECTOR, Role.EVALUATOR, Role.PRIVACY_OFFICER)
REFUSED = 422
#: Weeks in a picture: a quarter of a year. The table has them all.
_DRAWN = 13
_OF_BOTH: words.Words = {
    "opened": lazy("Opened"),
    "late": lazy("Done late"),
    "overdue": lazy("Overdue"),
}
_TURNED: words.Words = {
    "new": lazy("Opened only with B"),
    "gone": lazy("Opened only with A"),
    "turned_missed": lazy("In time with A, late with B"),
    "turned_fine": lazy("Late with A, in time with B"),
}
_WORK: words.Words = {
    "openings": lazy("Begun"),
    "closings": lazy("Ended"),
    "open": lazy("Open at the end"),
}


class QuestionForm(forms.Form):
    """Which two are compared, on whose timelines."""

    required_note = False

    cases = forms.ChoiceField(
        label=lazy("On whose timelines"),
        choices=CaseSource.choices,
        initial=CaseSource.OURS,
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any, offered: list[comparisons.Choice], initial: dict[str, str]) -> None:
        super().__init__(data, initial=initial)
        choices = [(each.key, each.label) for each in offered]
        a = forms.ChoiceField(label=lazy("A: what was in force"), choices=choices)
        b = forms.ChoiceField(label=lazy("B: what might have been"), choices=choices)
        self.fields = {"a": a, "b": b, **self.fields}


@for_roles(*READERS)
@require_http_methods(["GET", "POST"])
def what_if(request: AskedRequest) -> HttpResponse:
    """Ask for a comparison, and read those that were asked for. `?b=draft:…` chooses B beforehand."""
    offered = comparisons.choices(request.staff)
    first = {"a": offered[0].key, "b": offered[-1].key} | {
        name: value for name in ("a", "b") if (value := request.GET.get(name, ""))
    }
    form = QuestionForm(request.POST or None, offered, first)
    problem: PeopleError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            chosen = form.cleaned_data
            asked = comparisons.ask(
                by=request.staff, a=chosen["a"], b=chosen["b"], cases=CaseSource(chosen["cases"]), now=timezone.now()
            )
            return redirect("what_if_answer", asked.pk)
        except PeopleError as refused:
            problem = refused
    context = {
        "form": form,
        "problem": problem,
        "can_ask": len(offered) > 1,
        "newest": comparisons.newest(request.staff),
    }
    return render(request, "learn/what_if.html", context, status=REFUSED if problem or form.errors else 200)


@for_roles(*READERS)
@require_safe
def what_if_answer(request: AskedRequest, comparison: UUID) -> HttpResponse:
    """One comparison: its answer, or that it is still computed."""
    asked = comparisons.asked(request.staff, comparison)
    if asked is None:
        raise Http404
    answer = getattr(asked, "answer", None)
    context: dict[str, object] = {"asked": asked, "answer": answer}
    if answer is None:
        context["is_long"] = timezone.now() - asked.asked_at > comparisons.PATIENCE
    elif answer.document is not None:
        found = Part(answer.document)
        context |= {
            "held_fixed": held_fixed(),
            "sentences": sentences(found),
            "tables": list(_tables(found)),
            "people": reading.count(found["people"]),
            "threshold": int(found["threshold"].number or 1) - 1,
        }
    return render(request, "learn/what_if_answer.html", context)


def _tables(found: Part) -> Iterator[Table]:
    changed = [step for step in found["steps"] if is_changed(step)]
    if changed:
        yield Table(
            caption=_("The steps that would have been asked for or judged otherwise"),
            columns=(_("Step"), *_named(_OF_BOTH), *_named(_TURNED)),
            rows=tuple(
                (
                    step["title"].text,
                    *(_pair(step, name) for name in _OF_BOTH),
                    *(reading.count(step[name]) for name in _TURNED),
                )
                for step in changed
            ),
        )
    language = get_language() or "en"
    roles = list(found["roles"])
    yield Table(
        caption=_("Each role’s work, in steps"),
        columns=(_("Role"), *_named(_WORK)),
        rows=tuple((role_in_words(role["role"].text, language), *_work(role)) for role in roles),
    )
    for role in roles:
        if role["changed"].value and (weeks := list(role["weeks"])):
            yield _by_week(role_in_words(role["role"].text, language), weeks)


def _by_week(role: str, weeks: list[Part]) -> Table:
    caption = _("%(role)s by week") % {"role": role}
    rows = [(_day(week["monday"].text), week) for week in weeks]
    marks = tuple(
        Mark(monday, letter, value)
        for monday, week in rows[-_DRAWN:]
        for side, letter in (("a", "A"), ("b", "B"))
        if (value := week[side]["open"].number) is not None
    )
    alt = _("%(title)s. The table beside it has every number.") % {"title": caption}
    picture = Picture(title=caption, alt=alt, axis=str(_WORK["open"]), marks=marks, bars=True) if marks else None
    return Table(
        caption=caption,
        columns=(_("Week that begins on"), *_named(_WORK)),
        rows=tuple((monday, *_work(week)) for monday, week in rows),
        picture=picture,
        folded=True,
    )


def _named(names: words.Words) -> list[str]:
    return [str(word) for word in names.values()]


def _work(part: Part) -> list[str]:
    return [_pair(part, name) for name in _WORK]


def _pair(part: Part, name: str) -> str:
    """`12 → 15`, from A to B; once where both are the same."""
    before, after = (reading.count(part[side][name]) for side in "ab")
    return before if before == after else f"{before} → {after}"


def _day(iso: str) -> str:
    return str(formats.date_format(date.fromisoformat(iso), "SHORT_DATE_FORMAT"))

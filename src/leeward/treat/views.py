"""Pages of treatment: check-ins and what they show over time, goals, sessions."""

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from leeward.people import timeline
from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Client
from leeward.protect import drafts
from leeward.protect.gate import AskedRequest, for_roles, open_client
from leeward.rules.instruments import Instrument

from . import actions, queries
from .actions import Filling
from .chart import drawing, in_full
from .forms import FORM_LANGUAGES, GoalsForm, MeasureForm, MissedForm, SessionForm
from .models import Measure, Mode, ServicePlan, Wording
from .queries import Occasion, Series

REFUSED = 422


@for_roles(*CARE_ROLES)
@require_safe
def measures(request: AskedRequest, code: str) -> HttpResponse:
    """Every measure that is offered, with the latest result of each."""
    client = open_client(request, code, reading="treat.measures", fields=("total", "band"))
    now = timezone.now()
    context = {
        "client": client,
        "series": queries.all_series(client),
        "held": timeline.holds_back("measure.completed", client, now),
        "declined": request.GET.get("done") == "declined",
        "talk_is_due": queries.talk_is_due(client, now),
        "safety_url": _safety_url(client),
    }
    return render(request, "treat/measures.html", context)


@for_roles(*CARE_ROLES)
@require_safe
def measure_series(request: AskedRequest, code: str, name: str) -> HttpResponse:
    """One measure over time: a chart, and the same numbers in a table."""
    asked = _instrument(name)
    client = open_client(request, code, reading="treat.measure_series", fields=("total", "band"))
    series = queries.series(client, asked)
    context = {
        "client": client,
        "series": series,
        "asked": asked,
        "newest_first": series.occasions[::-1],
        "chart": drawing(series),
        "chart_in_words": in_full(series),
    }
    return render(request, "treat/series.html", context)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def measure_form(request: AskedRequest, code: str, name: str) -> HttpResponse:
    """Fill in a measure, or record that they would rather not."""
    asked = _instrument(name)
    client = open_client(request, code, reading="treat.measure_form")
    if request.method == "POST" and "decline" in request.POST:
        actions.decline_measure(by=request.staff, client=client, instrument=asked, now=timezone.now())
        return redirect(f"{reverse('measures', args=[client.code])}?done=declined")
    return _fill(request, client, asked, corrects=None)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def measure_correct(request: AskedRequest, code: str, name: str, number: int) -> HttpResponse:
    """Enter a check-in again that was entered wrongly."""
    asked = _instrument(name)
    client = open_client(request, code, reading="treat.measure_answers", fields=("answers",))
    return _fill(request, client, asked, corrects=_occasion(queries.series(client, asked), number).measure)


def _fill(request: AskedRequest, client: Client, asked: Instrument, corrects: Measure | None) -> HttpResponse:
    language = _form_language(request, client, corrects)
    problem: PeopleError | None = None
    if request.method == "POST":
        form = MeasureForm(request.POST, instrument=asked, language=language)
        if form.is_valid():
            filling = Filling(
                instrument=asked,
                answers=form.answers,
                mode=Mode(form.cleaned_data["mode"]),
                language=language,
                day=form.cleaned_data["day"],
            )
            try:
                measure = actions.complete_measure(
                    by=request.staff, client=client, filling=filling, now=timezone.now(), corrects=corrects
                )
                return redirect("measure_result", client.code, asked.name, _number(client, asked, measure))
            except PeopleError as refused:
                problem = refused
    else:
        before = _as_typed(client, corrects) if corrects else {}
        form = MeasureForm(initial=before | drafts.initial(request), instrument=asked, language=language)
    context = {
        "client": client,
        "asked": asked,
        "form": form,
        "form_language": language,
        "other_languages": [known for known in FORM_LANGUAGES if known != language],
        "intro": asked.intro.in_(language),
        "is_official": asked.wording_in(language).value == Wording.OFFICIAL,
        "problem": problem,
        "held": "" if corrects else timeline.holds_back("measure.completed", client, timezone.now()),
        "corrects": corrects,
    }
    return render(request, "treat/measure_form.html", context, status=REFUSED if problem or form.errors else 200)


@for_roles(*CARE_ROLES)
@require_safe
def measure_result(request: AskedRequest, code: str, name: str, number: int) -> HttpResponse:
    """What one check-in says. A safety question answered above zero comes before everything else."""
    asked = _instrument(name)
    client = open_client(request, code, reading="treat.measure_result", fields=("answers", "total", "band"))
    occasion = _occasion(queries.series(client, asked), number)
    score = queries.score_of(client, occasion.measure, asked)
    context = {
        "client": client,
        "asked": asked,
        "occasion": occasion,
        "measure": occasion.measure,
        "score": score,
        "clusters": [
            (cluster, score.clusters[cluster.id], asked.highest * len(cluster.items) // len(asked.items))
            for cluster in asked.clusters
        ]
        if score
        else [],
        "is_high": score is not None and any(line.is_default for line in score.cut_offs),
        "safety_url": _safety_url(client),
        "talk_is_due": occasion.measure.alert and queries.talk_is_due(client, timezone.now()),
    }
    return render(request, "treat/result.html", context)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def service_plan(request: AskedRequest, code: str) -> HttpResponse:
    """What the survivor wants to reach: agree it, or look at it together again."""
    client = open_client(request, code, reading="treat.service_plan", fields=("goals",))
    plan = queries.newest_plan(client)
    goals, version = queries.goals_of(client, plan), plan.version if plan else 0
    problem: PeopleError | None = None
    if request.method == "POST":
        form = GoalsForm(request.POST, goals=goals, version=version)
        try:
            if "decline" in request.POST:
                actions.decline_plan(by=request.staff, client=client, now=timezone.now())
                return redirect("client", client.code)
            if form.is_valid():
                actions.save_plan(
                    by=request.staff,
                    client=client,
                    goals=form.goals,
                    written_after=form.cleaned_data["written_after"],
                    now=timezone.now(),
                )
                return redirect(f"{reverse('service_plan', args=[client.code])}?done=saved")
        except PeopleError as refused:
            problem = refused
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["written_after"] = str(version)  # type: ignore[index]
    else:
        form = GoalsForm(initial=drafts.initial(request), goals=goals, version=version)
    context = {
        "client": client,
        "plan": plan,
        "goals": goals,
        "form": form,
        "problem": problem,
        "held": "" if plan else timeline.holds_back("plan.agreed", client, timezone.now()),
        "saved": request.GET.get("done") == "saved",
        "older": range(version - 1, 0, -1),
    }
    status = REFUSED if request.method == "POST" and (problem or form.errors) else 200
    return render(request, "treat/service_plan.html", context, status=status)


@for_roles(*CARE_ROLES)
@require_safe
def service_plan_version(request: AskedRequest, code: str, version: int) -> HttpResponse:
    """An earlier version of the goals."""
    client = open_client(request, code, reading="treat.service_plan", fields=("goals",))
    plan = ServicePlan.objects.filter(client=client, version=version).select_related("by").first()
    if plan is None:
        raise Http404
    context = {"client": client, "plan": plan, "goals": queries.goals_of(client, plan)}
    return render(request, "treat/service_plan_version.html", context)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def sessions(request: AskedRequest, code: str) -> HttpResponse:
    """Sessions held and missed, and a form for each."""
    client = open_client(request, code, reading="treat.sessions")
    missed = request.method == "POST" and "missed" in request.POST
    known = queries.sessions(client)
    today = timezone.localdate()
    last = next((session for session in known if session.attended), None)
    first_values = {
        "day": today,
        "number": max((s.number or 0 for s in known), default=0) + 1,
        **({"phase": last.phase} if last and last.phase else {}),
    }
    draft = drafts.initial(request)
    held_form = SessionForm(
        request.POST if request.method == "POST" and not missed else None, initial=first_values | draft
    )
    missed_form = MissedForm(request.POST if missed else None, initial={"missed_day": today})
    problem: PeopleError | None = None
    used: forms.Form = missed_form if missed else held_form
    if request.method == "POST" and used.is_valid():
        try:
            if missed:
                actions.record_missed(
                    by=request.staff, client=client, day=used.cleaned_data["missed_day"], now=timezone.now()
                )
            else:
                actions.record_attended(by=request.staff, client=client, now=timezone.now(), **used.cleaned_data)
            return redirect(f"{reverse('sessions', args=[client.code])}?done=saved")
        except PeopleError as refused:
            problem = refused
    context = {
        "client": client,
        "sessions": known,
        "held_form": held_form,
        "missed_form": missed_form,
        "problem": problem,
        "saved": request.GET.get("done") == "saved",
    }
    return render(request, "treat/sessions.html", context, status=REFUSED if problem or used.errors else 200)


def _instrument(name: str) -> Instrument:
    asked = queries.instrument(name)
    if asked is None:
        raise Http404
    return asked


def _occasion(series: Series, number: int) -> Occasion:
    if not 1 <= number <= len(series.occasions):
        raise Http404
    return series.occasions[number - 1]


def _number(client: Client, asked: Instrument, measure: Measure) -> int:
    return next(o.number for o in queries.series(client, asked).occasions if o.measure.pk == measure.pk)


def _form_language(request: AskedRequest, client: Client, corrects: Measure | None) -> str:
    """The language of the questions, which may be another than the page's."""
    wishes = (
        request.POST.get("form_language"),
        request.GET.get("in"),
        corrects.language if corrects else None,
        client.language,
        (get_language() or "")[:2],
    )
    return next((wish for wish in wishes if wish in FORM_LANGUAGES), FORM_LANGUAGES[0])


def _as_typed(client: Client, measure: Measure) -> dict[str, str | list[str]]:
    """A filled measure as the form's first values."""
    answers = queries.answers_of(client, measure)
    typed: dict[str, str | list[str]] = {
        item: str(answer) if isinstance(answer, int) else "declined" for item, answer in answers.items()
    }
    return typed | {"day": timezone.localdate(measure.taken_at).isoformat(), "mode": measure.mode}


def _safety_url(client: Client) -> str:
    """The page on which the talk about safety is recorded; without it, the person's page."""
    try:
        return reverse("suicide_risk", args=[client.code])
    except NoReverseMatch:
        return reverse("client", args=[client.code])

"""Pages of noticing, of the first talk in its order, of the safety talk and of the checks for danger."""

from collections.abc import Callable
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leeward import catalogue
from leeward.people import timeline
from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Client
from leeward.protect import competence, drafts
from leeward.protect.gate import AskedRequest, for_roles, open_client
from leeward.rules.instruments.conversation import Audience, Result

from . import actions, queries
from .forms import Alone, Danger, NoReport, Notice, Report, Risk, SafetyTalk
from .models import Screening


def _language() -> str:
    return (get_language() or "en").split("-")[0]


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def observe(request: AskedRequest, code: str) -> HttpResponse:
    """Record signs that were noticed."""
    client = open_client(request, code, reading="identify.observe")
    form = Notice(request.POST or None, initial=drafts.initial(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        noticed = actions.Noticed(
            codes=form.codes(),
            suspected=said["suspected"] == "yes",
            danger_now=said["danger_now"] == "yes",
            note=said["note"],
        )
        now = timezone.now()
        actions.observe(by=request.staff, client=client, noticed=noticed, now=now)
        if queries.report_is_due(client, now):
            return redirect("report", client.code)
        return redirect("safety_check" if noticed.danger_now else "client", client.code)
    context = {"client": client, "form": form}
    return render(request, "identify/observe.html", context, status=422 if form.errors else 200)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def first_talk(request: AskedRequest, code: str) -> HttpResponse:
    """Speak alone, say what stays private, offer information: in this order, each part saved at once."""
    client = open_client(request, code, reading="identify.first_talk")
    language = queries.talk_so_far(client).language or client.language
    own = {"language": client.language}
    form = Alone(request.POST if request.POST.get("part") == "alone" else None, initial=own)
    problem: PeopleError | None = None
    if request.method == "POST":
        try:
            if _do_part(request, client, form, language):
                return redirect("first_talk", client.code)
        except PeopleError as refused:
            problem = refused
    so_far = queries.talk_so_far(client)
    context = {
        "client": client,
        "form": form,
        "so_far": so_far,
        "steps": [_("Talk alone"), _("What stays private"), _("Information")],
        "problem": problem,
    }
    return render(request, "identify/first_talk.html", context, status=422 if problem or form.errors else 200)


def _do_part(request: AskedRequest, client: Client, form: Alone, language: str) -> bool:
    now, by = timezone.now(), request.staff
    match request.POST.get("part"):
        case "alone" if form.is_valid():
            said = form.cleaned_data
            actions.talk_alone(
                by=by,
                client=client,
                companion=said["companion"] == "yes",
                interpreter=said["interpreter"],
                language=said["language"],
                now=now,
            )
        case "not_alone":
            timeline.append("conversation.declined", client=client, by=by, now=now)
        case "explained":
            actions.explain_confidentiality(by=by, client=client, language=language, now=now)
        case "informed" | "not_informed" as part:
            actions.offer_information(by=by, client=client, taken=part == "informed", language=language, now=now)
        case _:
            return False
    return True


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def screening(request: AskedRequest, code: str) -> HttpResponse:
    """The safety talk. No question is on the page before privacy and confidentiality, or without training."""
    client = open_client(request, code, reading="identify.screening")
    now = timezone.now()
    if request.method == "POST" and "decline" in request.POST:
        actions.decline_talk(by=request.staff, client=client, now=now)
        return redirect("first_talk", client.code)
    held_back = timeline.holds_back("screening.completed", client, now)
    verdict = competence.may_now(request.staff, "screen", now)
    if held_back or not verdict.permitted:
        context = {
            "client": client,
            "held_back": held_back,
            "not_trained": None if verdict.permitted else competence.NotTrained(verdict),
        }
        return render(request, "identify/talk_closed.html", context, status=403 if request.method == "POST" else 200)
    audience = queries.audience_of(client, now)
    conversation = catalogue.conversation()
    own = {"language": queries.talk_so_far(client).language}
    form = SafetyTalk(conversation, audience, request.POST or None, initial={**own, **drafts.initial(request)})
    problem: PeopleError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            held = _hold(request, client, form, audience)
            return redirect("screening_result", client.code, held.pk)
        except PeopleError as refused:
            problem = refused
    context = {
        "client": client,
        "form": form,
        "intro": conversation.intro(audience).in_(_language()),
        "note": conversation.validation_note.in_(_language()),
        "problem": problem,
    }
    return render(request, "identify/talk.html", context, status=422 if problem or form.errors else 200)


def _hold(request: AskedRequest, client: Client, form: SafetyTalk, audience: Audience) -> Screening:
    said = form.cleaned_data
    talk = actions.Talk(replies=form.replies(), language=said["language"], mode=said["mode"], audience=audience)
    return actions.hold_talk(by=request.staff, client=client, talk=talk, now=timezone.now())


@for_roles(*CARE_ROLES)
def screening_result(request: AskedRequest, code: str, talk: UUID) -> HttpResponse:
    """What the talk says, how much a positive result is worth, and what comes next."""
    client = open_client(request, code, reading="identify.screening_result", fields=("answers", "result"))
    held = get_object_or_404(Screening.objects.select_related("client", "screener"), pk=talk, client=client)
    conversation = catalogue.conversation()
    given = queries.answers_of(held)
    replies = {reply.value: words.in_(_language()) for reply, words in conversation.replies.items()}
    context = {
        "client": client,
        "held": held,
        "positive": held.result == Result.POSITIVE.value,
        "accuracy": conversation.accuracy,
        "right_of_hundred": max(1, round(conversation.accuracy.positive_predictive_value * 100)),
        "reason": next(text for reason, text in conversation.reasons.items() if reason.value == held.reason).in_(
            _language()
        ),
        "answers": [
            (question.text(Audience(held.audience)).in_(_language()), replies.get(given.get(question.id, ""), ""))
            for question in conversation.questions
        ],
        "report_due": queries.report_is_due(client, timezone.now()),
    }
    return render(request, "identify/talk_result.html", context)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def safety_check(request: AskedRequest, code: str) -> HttpResponse:
    """Is there danger now?"""
    client = open_client(request, code, reading="identify.safety_check")

    def save(form: Form) -> None:
        danger = form.cleaned_data["danger"]
        actions.check_safety(by=request.staff, client=client, danger=danger, now=timezone.now())

    page = ("identify/safety_check.html", _("Safety now"))
    return _one_question(request, client, Danger(request.POST or None, initial=drafts.initial(request)), page, save)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def suicide_risk(request: AskedRequest, code: str) -> HttpResponse:
    """How high is the risk of suicide? Only for staff whose training for it holds."""
    client = open_client(request, code, reading="identify.suicide_risk")

    def save(form: Form) -> None:
        level = form.cleaned_data["level"]
        actions.check_suicide_risk(by=request.staff, client=client, level=level, now=timezone.now())

    verdict = competence.may_now(request.staff, "assess_suicide_risk", timezone.now())
    not_trained = None if verdict.permitted else competence.NotTrained(verdict)
    page = ("identify/suicide_risk.html", _("Risk check"))
    return _one_question(
        request, client, Risk(request.POST or None, initial=drafts.initial(request)), page, save, not_trained
    )


def _one_question(
    request: AskedRequest,
    client: Client,
    form: Form,
    page: tuple[str, str],
    save: Callable[[Form], None],
    closed: PeopleError | None = None,
) -> HttpResponse:
    """A page with one question. `closed` says why the asker may not answer it; then the question is not shown."""
    problem = closed
    if request.method == "POST" and form.is_valid():
        try:
            save(form)
            return redirect("client", client.code)
        except PeopleError as refused:
            problem = refused
    template, here = page
    context = {"client": client, "form": form, "problem": problem, "here": here, "closed": closed is not None}
    wrong = form.errors or (problem and request.method == "POST")
    return render(request, template, context, status=422 if wrong else 200)


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def report(request: AskedRequest, code: str) -> HttpResponse:
    """The report that the law requires for a person under 18, or why none is required."""
    client = open_client(request, code, reading="identify.report")
    now = timezone.now()
    making = Report(request.POST if "reference" in request.POST else None, initial=drafts.initial(request))
    waiving = NoReport(request.POST if request.POST.get("part") == "none" else None)
    if request.method == "POST":
        if making.is_bound and making.is_valid():
            said = making.cleaned_data
            actions.report(by=request.staff, client=client, to=said["to"], reference=said["reference"], now=now)
            return redirect(_after_report(client), client.code)
        if waiving.is_bound and waiving.is_valid():
            actions.no_report(by=request.staff, client=client, reason=waiving.cleaned_data["reason"], now=now)
            return redirect(_after_report(client), client.code)
    context = {
        "client": client,
        "making": making,
        "waiving": waiving,
        "due": queries.report_is_due(client, now),
        "danger": queries.danger_is_unchecked(client, now),
    }
    return render(request, "identify/report.html", context, status=422 if making.errors or waiving.errors else 200)


def _after_report(client: Client) -> str:
    """The report came first; a check for danger that is still open comes next."""
    return "safety_check" if queries.danger_is_unchecked(client, timezone.now()) else "client"

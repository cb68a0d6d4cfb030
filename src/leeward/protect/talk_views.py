"""The talk about sharing with one recipient: a page for two people and one tablet, in the person's own language.

Four pages that lead to each other by POST: before we start (for the staff), choose, look, decide. What was entered goes
along in the form and is checked anew on each page, so nothing is kept of a talk that was broken off.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from leeward import catalogue
from leeward.people import timeline
from leeward.people.errors import PeopleError
from leeward.people.models import CARE_ROLES, Agency, Client
from leeward.rules.consent import Requirement

from . import actions, drafts, preview, queries, representatives
from .gate import AskedRequest, for_roles, open_client
from .models import DataClass, Method, Purpose
from .of_age import SigningAge, signing_age
from .talk_forms import Before, Choose, Decide, Question, carried, methods_for

#: The pages of the talk in their order, as the person reads them.
STEPS = ("before", "choose", "look", "decide")


@for_roles(*CARE_ROLES)
@require_http_methods(["GET", "POST"])
def ask(request: AskedRequest, code: str, agency: UUID) -> HttpResponse:
    """The conversation about one recipient: what they would see, why, until when; yes or no to each."""
    client = open_client(request, code, reading="protect.ask")
    recipient = get_object_or_404(queries.partners(), pk=agency)
    if queries.restrictions(client).filter(recipient=recipient).exists():
        return redirect("permissions", client.code)  # they said never: nobody asks again
    talk = Talk(request=request, client=client, recipient=recipient, now=timezone.now())
    if request.method == "GET":
        return talk.page("before", talk.before(initial=True))
    return talk.answered()


@dataclass(slots=True, kw_only=True)
class Talk:
    """One request of the talk: the forms of the pages so far, and what follows from them."""

    request: AskedRequest
    client: Client
    recipient: Agency
    now: datetime
    age: SigningAge = field(init=False)
    #: For each purpose and class, what the law asks.
    needed: dict[str, dict[str, Requirement]] = field(init=False)

    def __post_init__(self) -> None:
        self.age = signing_age(self.client, timezone.localdate(self.now))
        self.needed = {
            purpose: queries.requirements(holder=self.client.agency, recipient=self.recipient, purpose=purpose)
            for purpose in Purpose.values
        }

    # What was entered

    @property
    def data(self) -> QueryDict:
        return self.request.POST

    def before(self, *, initial: bool = False) -> Before:
        names = {person.pk: name for person, name in representatives.known_people(self.client)}
        standing = [(one, names[one.person_id]) for one in representatives.standing(self.client, self.now)]
        first = {
            "language": self.client.language,
            "explained_by": self.request.staff.pk,
            **drafts.initial(self.request),
        }
        return Before(
            None if initial else self.data,
            initial=first,
            law=catalogue.law(settings.LEEWARD_LAW),
            age=self.age,
            signers=standing,
            colleagues=queries.colleagues(self.request.staff, self.client).filter(role__in=CARE_ROLES),
        )

    def choose(self, before: Before, *, answered: bool) -> Choose:
        signer = before.told().representation
        holding = queries.active(queries.grants_of(self.client).filter(recipient=self.recipient), self.now).first()
        first = {"purpose": holding.purpose if holding else self.request.GET.get("purpose", Purpose.COORDINATION)}
        # What was chosen before a change of language, or before something is changed.
        first |= {name: str(value) for name, value in self.data.items()}
        return Choose(
            self.data if answered else None,
            initial=first,
            requirements=self.needed,
            longest=signer.last_day if signer else None,
        )

    def wish(self, before: Before, choose: Choose, *, method: str = Method.TABLET, **told: Any) -> actions.Wish:
        return actions.Wish(
            recipient=self.recipient,
            classes=choose.allowed,
            asked=frozenset(choose.asked),
            purpose=choose.cleaned_data["purpose"],
            last_day=choose.last_day_or_usual(),
            method=method,
            language=self.language,
            long_reason=choose.cleaned_data["long_reason"],
            told=before.told(**told),
        )

    @property
    def language(self) -> str:
        """The language of this talk: the switch on its pages counts more than what was chosen before it."""
        switched = self.data.get("switch") or self.data.get("talk_language") or ""
        if not catalogue.law(settings.LEEWARD_LAW).lacks_wording(actions.FORM_VERSION, switched):
            return switched
        return self.data.get("language", "")

    # What follows

    def answered(self) -> HttpResponse:
        before = self.before()
        if not before.is_valid():
            return self.page("before", before, status=422)
        if before.cleaned_data["able"] == "no":
            actions.put_off(
                by=self.request.staff, client=self.client, recipient=self.recipient, now=self.now,
                language=before.cleaned_data["language"], told=before.told(),
            )  # fmt: skip
            return self.done()
        if not before.has_wording:
            return self.without_wording(before)
        with translation.override(self.language):
            return self.in_their_language(before)

    def without_wording(self, before: Before) -> HttpResponse:
        """Nobody can say yes by a form that nobody approved in their language (C-04)."""
        language = before.cleaned_data["language"]
        if "wish" in self.data:
            actions.wish_for_interpreter(
                by=self.request.staff, client=self.client, recipient=self.recipient, language=language, now=self.now
            )
            return self.done()
        return self.page("interpreter", before, carried=list(carried([before])))

    def in_their_language(self, before: Before) -> HttpResponse:
        step = self.data.get("step", "before")
        if "no" in self.data or "never" in self.data:
            return self.said_no(before)
        if step == "before" or "back" in self.data or (step == "choose" and "switch" in self.data):
            return self.page("choose", self.choose(before, answered=False), earlier=[before])
        choose = self.choose(before, answered=True)
        if not choose.is_valid():
            return self.page("choose", choose, earlier=[before], status=422)
        if not choose.allowed:
            return self.said_no(before)
        try:
            return self.said_what(before, choose, step)
        except PeopleError as refused:
            return self.page("choose", choose, earlier=[before], problem=refused, status=422)

    def said_what(self, before: Before, choose: Choose, step: str) -> HttpResponse:
        counted = self.data.get("tries") or "0"
        tries = int(counted) if counted.isdecimal() else 0
        if step == "choose" or ("switch" in self.data and step == "look"):
            return self.look(before, choose, Question(recipient=self.recipient, tries=tries, initial={"tries": tries}))
        question = Question(self.data, recipient=self.recipient, tries=tries)
        if not question.is_valid():
            return self.look(before, choose, question, status=422)
        if not question.understood:
            again = Question(recipient=self.recipient, tries=tries + 1, initial={"tries": tries + 1})
            return self.look(before, choose, again, again=True)
        told = {"understood": question.understood}
        decide = self.decide(before, choose, answered=step == "decide" and "switch" not in self.data)
        if decide.is_bound and decide.is_valid():
            entered = decide.cleaned_data
            wish = self.wish(before, choose, method=entered["method"], witness=entered["witness"], **told)
            actions.grant(by=self.request.staff, client=self.client, wish=wish, now=self.now)
            return self.done()
        status = 422 if decide.is_bound else 200
        return self.page(
            "decide", decide, earlier=[before, choose, question], status=status, wish=self.wish(before, choose),
            said=self.said(choose),
        )  # fmt: skip

    def look(
        self, before: Before, choose: Choose, question: Question, *, again: bool = False, status: int = 200
    ) -> HttpResponse:
        """The recipient's own page, as it would be."""
        wish = self.wish(before, choose)
        drawn = preview.drawn(by=self.request.staff, client=self.client, wish=wish, now=self.now)
        return self.page(
            "look", question, earlier=[before, choose], status=status, again=again, wish=wish, drawn=drawn,
            said=self.said(choose), never=self.never(wish.purpose),
        )  # fmt: skip

    def decide(self, before: Before, choose: Choose, *, answered: bool) -> Decide:
        law = catalogue.law(settings.LEEWARD_LAW)
        needed = self.needed[choose.cleaned_data["purpose"]]
        explains = before.cleaned_data["explained_by"]
        return Decide(
            self.data if answered else None,
            methods=methods_for(law, needed=[needed[name] for name in choose.allowed], language=self.language),
            witnesses=queries.colleagues(self.request.staff, self.client).exclude(pk=explains.pk),
        )

    def said_no(self, before: Before) -> HttpResponse:
        """Their no. It is an answer like any other, and nothing else changes."""
        choose = self.choose(before, answered=self.data.get("step") != "before")
        about = choose.asked if choose.is_bound else []
        if "never" in self.data:
            actions.restrict(by=self.request.staff, client=self.client, recipient=self.recipient, now=self.now)
            return self.done()
        purpose = self.data.get("purpose", "")
        actions.decline(
            by=self.request.staff, client=self.client, recipient=self.recipient, now=self.now, asked=about,
            purpose=purpose if purpose in Purpose.values else "", language=self.language, told=before.told(),
        )  # fmt: skip
        return self.done()

    def done(self) -> HttpResponse:
        """Back to a page that asked for the permission; never to an address from outside."""
        back = "referrals" if self.request.GET.get("back") == "referrals" else "permissions"
        return redirect(back, self.client.code)

    # What the pages say

    def page(
        self, name: str, form: Any, *, earlier: list[Any] | None = None, status: int = 200, **more: Any
    ) -> HttpResponse:
        held = timeline.holds_back("consent.granted", self.client, self.now) if name == "before" else ""
        context = {
            "client": self.client,
            "recipient": self.recipient,
            "form": form,
            "step": name,
            "steps": [_("Before we start"), _("Choose"), _("Look"), _("Decide")],
            "number": STEPS.index(name) + 1 if name in STEPS else 1,
            "carried": list(carried(earlier or [])),
            "talk_language": self.language,
            "languages": [(code, label) for code, label in settings.LANGUAGES if code != get_language()],
            "holding": list(queries.active(queries.grants_of(self.client).filter(recipient=self.recipient), self.now)),
            "held": held,
            "minor": self.age.minors_age(says_of_age=None) is not None,
            **more,
        }
        return render(self.request, f"protect/talk_{name}.html", context, status=status)

    def said(self, choose: Choose) -> dict[str, list[str]]:
        """What has a yes and what has a no, in words."""
        return {
            "yes": [str(DataClass(name).label) for name in choose.asked if name in choose.allowed],
            "no": [str(DataClass(name).label) for name in choose.asked if name not in choose.allowed],
        }

    def never(self, purpose: str) -> list[tuple[str, str]]:
        """What the law never lets this recipient have, and why."""
        language = get_language() or "en"
        return [
            (str(DataClass(name).label), one.reason.text.in_(language))
            for name, one in self.needed[purpose].items()
            if one.is_forbidden
        ]

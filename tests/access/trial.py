"""Every form is sent as people send it: rightly, then the very same again, and by another site without the token."""

from collections import deque
from dataclasses import dataclass, field

from django.http import HttpResponse

from .administrator import writes, written_since
from .page_forms import Form, read_page
from .walk import NOT_FOLLOWED, Said, Walk, browser_of, fillings, opened, send, text_of, undone

#: Pages deep that a form may lead to another form.
DEEP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of one form."""

    form: Form
    #: What was filled in when it was taken, or at the last attempt.
    said: Said
    status: int
    leads_to: str
    #: Tables that it wrote, that its repetition wrote, and that it wrote without the token.
    wrote: frozenset[str]
    wrote_again: frozenset[str]
    wrote_without: frozenset[str]
    again: tuple[int, str]
    without: int
    #: Forms on the page that it answered with.
    behind: list[Form] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return self.status == 302


def tried(walk: Walk) -> list[Trial]:
    """Every form of the walk, and every form behind one."""
    trials: list[Trial] = []
    waiting = deque((form, 1) for form in walk.forms)
    while waiting:
        form, depth = waiting.popleft()
        with undone():
            trial = try_out(walk, form)
        trials.append(trial)
        known = len(walk.forms)
        if depth <= DEEP:
            walk.take(trial.behind)
        waiting.extend((one, depth + 1) for one in walk.forms[known:])
    return trials


def try_out(walk: Walk, form: Form) -> Trial:
    """Send one form three ways."""
    browser = browser_of(walk.house.cast, form.who)
    fresh = opened(browser, form, walk.house)
    first = next(fillings(fresh, walk.house))
    before = writes()
    without = browser.post(form.action, first)
    wrote_without = written_since(before)
    answer, said = HttpResponse(status=500), first
    for said in fillings(fresh, walk.house):
        before = writes()
        answer = send(browser, fresh, said)
        if answer.status_code < 400:
            break
    wrote, before = written_since(before), writes()
    again = send(browser, fresh, said)
    page = answer.status_code == 200 and not answer.streaming and form.name not in NOT_FOLLOWED
    return Trial(
        form=form,
        said=said,
        status=answer.status_code,
        leads_to=answer.get("Location", ""),
        wrote=frozenset(wrote),
        wrote_again=frozenset(written_since(before)),
        wrote_without=frozenset(wrote_without),
        again=(again.status_code, again.get("Location", "")),
        without=without.status_code,
        behind=read_page(form.who, form.action, text_of(answer), after=form)[1] if page else [],
    )

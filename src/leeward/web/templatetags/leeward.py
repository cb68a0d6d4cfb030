"""The pages' components as template tags. They are built in: no template needs to load them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django import forms, template
from django.core.paginator import Page
from django.db.models import Model
from django.forms import BoundField
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from leeward.protect import drafts
from leeward.rules.wording import Text

register = template.Library()

#: State of a step instance: words, tone, icon. Tone is never the only sign.
STATES = {
    "done": (gettext_lazy("Done"), "ok", "done"),
    "late_done": (gettext_lazy("Done late"), "ok", "clock"),
    "due": (gettext_lazy("To do"), "info", "clock"),
    "late": (gettext_lazy("Late"), "warn", "alarm"),
    "declined": (gettext_lazy("They said no"), "plain", "no"),
    "ended": (gettext_lazy("No longer needed"), "plain hollow", "ended"),
    "not_open": (gettext_lazy("Not open yet"), "plain hollow", "dotted"),
}
#: The plan's own words for the same states.
PLAN_STATES = {"met": "done", "late": "late_done", "pending": "due", "overdue": "late", "void": "ended"}
NOTICE_ICONS = {"info": "info", "ok": "done", "warn": "alarm", "danger": "alarm", "plain": "info"}
#: Levels of Django's messages, should a page use them.
MESSAGE_KINDS = {"success": "ok", "warning": "warn", "error": "danger", "debug": "plain"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline picture from `web/icons/`. It says nothing to a screen reader: words stand beside it."""
    return render_to_string(f"web/icons/{name}.html")


# Buttons


@register.inclusion_tag("web/components/button.html")
def button(
    text: str, kind: str = "primary", *, name: str = "", value: str = "", icon: str = "", type: str = "submit"
) -> dict[str, str]:
    """A form's button. Kinds: primary (one a page), secondary, quiet, danger."""
    return {"text": text, "kind": kind, "name": name, "value": value, "icon_name": icon, "type": type}


@register.simple_tag(takes_context=True)
def stands_on(context: template.Context) -> SafeString:
    """For a form that is sent to another address than its page's: the page, where a draft of it belongs.

    The browser does not say it (`Referrer-Policy: no-referrer`).
    """
    field = '<input type="hidden" name="{}" value="{}">'
    return format_html(field, drafts.STANDS_ON, context["request"].path)


@register.inclusion_tag("web/components/link_button.html")
def link_button(text: str, href: str, kind: str = "primary", *, icon: str = "") -> dict[str, str]:
    """A link that looks like a button."""
    return {"text": text, "href": href, "kind": kind, "icon_name": icon}


# Boxes


@register.simple_block_tag
def card(content: SafeString, title: str = "", *, level: int = 2, href: str = "", id: str = "") -> SafeString:
    """A box with a heading; with `href` the whole box is a link (then put no other link in it)."""
    given = {"content": content, "title": title, "level": level, "href": href, "id": id}
    return render_to_string("web/components/card.html", given)


@register.simple_block_tag
def notice(content: SafeString, kind: str = "info", *, title: str = "", role: str = "") -> SafeString:
    """A message in the page: info, ok, warn, danger, plain. Danger is for a person in danger or a wrong that can't be
    undone."""
    kind = MESSAGE_KINDS.get(kind, kind)
    given = {
        "content": content,
        "kind": kind,
        "title": title,
        "role": role,
        "icon_name": NOTICE_ICONS.get(kind, "info"),
    }
    return render_to_string("web/components/notice.html", given)


@register.simple_block_tag
def confirm(content: SafeString, title: str, *, kind: str = "warn") -> SafeString:
    """A panel that asks before something happens: its heading is the question, its content has the two buttons."""
    return render_to_string("web/components/panel.html", {"content": content, "title": title, "kind": kind})


@register.inclusion_tag("web/components/empty_state.html")
def empty_state(title: str, text: str = "", *, href: str = "", action: str = "", icon: str = "calm") -> dict[str, str]:
    """What a list shows when there is nothing in it, and perhaps what to do."""
    return {"title": title, "text": text, "href": href, "action": action, "icon_name": icon}


@register.simple_block_tag
def fact(content: SafeString, label: str) -> SafeString:
    """One line of a `<dl class="facts">`."""
    return render_to_string("web/components/fact.html", {"content": content, "label": label})


# State and place


@register.inclusion_tag("web/components/state_chip.html")
def state_chip(state: object, text: str = "") -> dict[str, object]:
    """A step's state in words, with a picture. Takes `STATES`, or a state of the plan itself (an enum member)."""
    value = getattr(state, "value", None)
    name = PLAN_STATES.get(value, value) if isinstance(value, str) else str(state)
    words, tone, picture = STATES[name if name in STATES else PLAN_STATES[name]]
    return {"text": text or words, "tone": tone, "icon_name": picture}


@register.inclusion_tag("web/components/breadcrumb.html")
def breadcrumb(*pairs: str) -> dict[str, list[tuple[str, str]]]:
    """`{% breadcrumb _("People") people_url code "" %}`: label and address by turns; the last address is empty."""
    return {"crumbs": list(zip(pairs[::2], [*pairs[1::2], ""], strict=False))}


@register.inclusion_tag("web/components/steps.html")
def progress(steps: Sequence[str], current: int) -> dict[str, list[dict[str, str]]]:
    """Where somebody is on a way of several pages: labels, and the number (from 1) of the present one."""
    states = ["done" if n < current else "now" if n == current else "later" for n in range(1, len(steps) + 1)]
    return {"steps": [{"label": label, "state": state} for label, state in zip(steps, states, strict=True)]}


@register.inclusion_tag("web/components/pager.html", takes_context=True)
def pager(context: template.Context, page: "Page[Model]") -> dict[str, object]:
    """Before and next, for a page of Django's Paginator; keeps the rest of the query."""
    request = context.get("request")
    query = ""
    if isinstance(request, HttpRequest):
        others = request.GET.copy()
        others.pop("page", None)
        query = f"{others.urlencode()}&" if others else ""
    return {"page": page, "query": query}


# Forms


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """One field of a form: label, help, problem, input."""
    return SafeString(bound.as_field_group())


@register.simple_tag
def widget(bound: BoundField) -> SafeString:
    """The bare input, which neither remembers earlier values nor cuts off what is typed."""
    extra: dict[str, str | bool] = {}
    known = bound.field.widget.attrs
    if "autocomplete" not in known:
        extra["autocomplete"] = "off"
    if isinstance(bound.field.widget, forms.Textarea) and known.get("rows") == "10":
        extra["rows"] = "5"  # ten is Django's own default, not somebody's choice
    if isinstance(bound.field.widget, forms.TextInput | forms.Textarea):
        extra["dir"] = known.get("dir", "auto")
        extra["maxlength"] = False  # the server says what is too long; the browser would cut it off without a word
    return bound.as_widget(attrs=extra)


@register.inclusion_tag("web/components/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, forms.BaseForm]:
    """What to mend before the form can be saved, each with a link to its field. Takes the focus. Drawn once a form."""
    drawn = getattr(form, "has_summary", False)
    form.has_summary = True  # type: ignore[attr-defined]
    return {} if drawn else {"form": form}


@register.filter
def first_input(bound: BoundField) -> str:
    """Id of the element that a link to a field's problem leads to."""
    if bound.use_fieldset and has_choices(bound):
        return f"{bound.auto_id}_0"
    return bound.id_for_label


@register.filter
def has_choices(bound: BoundField) -> bool:
    """Is it a set of radio buttons or checkboxes?"""
    return isinstance(bound.field.widget, forms.RadioSelect)  # CheckboxSelectMultiple is one


@register.filter
def asks_nothing(bound: BoundField) -> bool:
    """Fields whose form says itself what may be skipped (`required_note = False`) get no "you can skip this"."""
    return getattr(bound.form, "required_note", True) is False


# Words and times


@register.filter
def bilingual(texts: object) -> str:
    """The text of a definition (`{en: …, es: …}`) in the reader's language, else in English."""
    if isinstance(texts, Text):
        return texts.in_((get_language() or "en").split("-")[0])
    if not isinstance(texts, Mapping):
        return str(texts)
    language = (get_language() or "en").split("-")[0]
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))


@register.filter
def lookup(mapping: Mapping[object, object], key: object) -> object:
    """`mapping[key]`, or nothing."""
    return mapping.get(key, "")


def _time(machine: str, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', machine, text)


@register.filter
def local_time(moment: datetime | None) -> str:
    """Day and time of day where the centre is."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return _time(local.isoformat(timespec="minutes"), formats.date_format(local, "SHORT_DATETIME_FORMAT"))


@register.filter
def local_date(day: date | datetime | None) -> str:
    """Day, in words."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = timezone.localtime(day).date()
    return _time(day.isoformat(), formats.date_format(day, "DATE_FORMAT"))


@register.filter
def local_weekday(moment: datetime) -> str:
    """Day with its weekday, in words."""
    day = timezone.localtime(moment).date()
    weekday, date = formats.date_format(day, "l"), formats.date_format(day, "DATE_FORMAT")
    # Within a sentence Spanish writes it small and without a comma.
    return _time(day.isoformat(), f"{weekday}, {date}" if get_language() == "en" else f"{weekday.lower()} {date}")


def _span(earlier: datetime, later: datetime) -> str:
    """A length of time in one unit, in days up to two months: "13 days" says more than "1 week"."""
    hours = int((later - earlier).total_seconds() // 3600)
    if 48 <= hours < 60 * 24:
        days = ngettext("%(number)s day", "%(number)s days", hours // 24) % {"number": hours // 24}
        return days.replace(" ", "\N{NO-BREAK SPACE}")
    return timesince(earlier, later, depth=1)


@register.filter
def from_now(moment: datetime | None) -> str:
    """How far a moment is from now: "in 3 hours", "2 days ago"."""
    if moment is None:
        return ""
    now = timezone.now()
    ahead = moment >= now
    span = _span(now, moment) if ahead else _span(moment, now)
    words = _("in %(span)s") if ahead else _("%(span)s ago")
    return _time(timezone.localtime(moment).isoformat(timespec="minutes"), words % {"span": span})


@register.filter
def deadline(moment: datetime | None) -> str:
    """A due time as people say it: "3 hours left", "2 days late"."""
    if moment is None:
        return ""
    now = timezone.now()
    late = moment < now
    span = _span(moment, now) if late else _span(now, moment)
    words = _("%(span)s late") if late else _("%(span)s left")
    return _time(timezone.localtime(moment).isoformat(timespec="minutes"), words % {"span": span})

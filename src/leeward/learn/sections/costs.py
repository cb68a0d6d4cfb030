"""What late and missed steps cost: the people and the days of each step, ranked, and each in one plain sentence."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import reading
from ..layout import Section, Table
from ..reading import NOTHING, Part


def costs(whole: Part) -> Section:
    """Steps whose numbers are shown, the one that costs the most people first."""
    ranked = whole["bottlenecks"]
    by_people, by_days, gains = (_by_step(part) for part in (ranked["people"], ranked["days"], whole["on_time"]))
    steps = list(dict.fromkeys([*by_people, *by_days]))
    rows = tuple(
        (
            (by_people.get(step) or by_days[step])["title"].text,
            _late(by_people.get(step, Part(None))),
            _days(by_days.get(step, Part(None))),
            _gain(gains.get(step, Part(None))),
            _first(by_people.get(step, Part(None))),
            _first(by_days.get(step, Part(None))),
        )
        for step in steps
    )
    table = Table(
        caption=_("What each step costs"),
        columns=(
            _("Step"),
            _("Late or not at all"),
            _("Days past its clock"),
            _("People more, if all were in time"),
            _("Costs the most people"),
            _("Costs the most days"),
        ),
        rows=rows,
        folded=True,
    )
    return Section(
        id="costs",
        title=_("Where people and days are lost"),
        lead=_(
            "People for whom a step was due and who had it late or not at all, and the days that went by past its "
            "clock. What somebody declined costs nothing."
        ),
        tables=(table,) if rows else (),
        sentences=tuple(
            cost_sentence(by_people[step], by_days.get(step, Part(None)), gains.get(step, Part(None)))
            for step in steps
            if step in by_people
        ),
        notes=tuple(_notes(ranked)) if rows else (),
    )


def cost_sentence(people: Part, days: Part, gain: Part) -> str:
    """People lost, days lost and what-if of one step."""
    lost = _("“%(step)s”: %(missed)s of %(due)s people (%(share)s) had it late or not at all") % {
        "step": people["title"].text,
        "missed": reading.count(people["missed_people"]),
        "due": reading.count(people["due_people"]),
        "share": reading.percent_in_words(people["share"]),
    }
    if days["value"].number:
        lost = _("%(lost)s, and %(days)s days went by past its clock (%(low)s–%(high)s)") % {
            "lost": lost,
            **{name: reading.whole(days[key]) for name, key in (("days", "value"), ("low", "low"), ("high", "high"))},
        }
    if gain["gain"].number is None:
        return _("%(lost)s.") % {"lost": lost}
    if gain["gain"].number < 0.5:
        return _("%(lost)s; those who had it in time did not reach help more often.") % {"lost": lost}
    more = round(gain["gain"].number)
    return ngettext(
        "%(lost)s; had it always been in time, about %(gain)s more person (%(low)s–%(high)s) might have reached help.",
        "%(lost)s; had it always been in time, about %(gain)s more people (%(low)s–%(high)s) might have reached help.",
        more,
    ) % {
        "lost": lost,
        **{
            name: reading.whole(gain[key])
            for name, key in (("gain", "gain"), ("low", "gain_low"), ("high", "gain_high"))
        },
    }


def _by_step(part: Part) -> dict[str, Part]:
    return {each["step"].text: each for each in part}


def _late(cost: Part) -> str:
    if cost.is_absent:
        return NOTHING
    of = _("%(count)s of %(all)s") % {
        "count": reading.count(cost["missed_people"]),
        "all": reading.count(cost["due_people"]),
    }
    return f"{reading.percent(cost['share'])}, {of}"


def _days(cost: Part) -> str:
    return _range(cost, "value", "low", "high")


def _gain(each: Part) -> str:
    return _range(each, "gain", "gain_low", "gain_high")


def _range(part: Part, value: str, low: str, high: str) -> str:
    if part[value].number is None:
        return NOTHING
    return _("%(value)s (%(low)s–%(high)s)") % {
        "value": reading.whole(part[value]),
        "low": reading.whole(part[low]),
        "high": reading.whole(part[high]),
    }


def _first(cost: Part) -> str:
    """In how many of 100 redraws it comes first; never rounded to always or never."""
    share = cost["first"].number
    if share is None:
        return NOTHING
    times = 100 * share
    shown = 100 if share >= 1 else 0 if share <= 0 else min(99, max(1, round(times)))
    return _("%(times)s in 100") % {"times": shown}


def _notes(ranked: Part) -> Iterator[str]:
    unranked = int(ranked["unranked"].number or 0)
    yield _(
        "The last two columns say how sure the rank is: in how many of 100 redraws of the same people, with "
        "replacement, the step came first (Efron 1979, %(n)s redraws). The limits of the days come from the same."
    ) % {"n": reading.whole(ranked["redraws"])}
    if unranked:
        yield ngettext(
            "%(n)s step is not ranked: nobody had it late, or its numbers are hidden.",
            "%(n)s steps are not ranked: nobody had them late, or their numbers are hidden.",
            unranked,
        ) % {"n": unranked}
    yield _(
        "That people who had a step in time reached help more often is an association: whoever is easy to serve is "
        "served in time, too. Gains of several steps can’t be added."
    )

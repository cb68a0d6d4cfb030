"""Where most is lost, in plain sentences in the active language."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from leeward.learn import reading
from leeward.learn.reading import Part


def sentences(costs: Part) -> tuple[str, ...]:
    """What costs the most people and the most days, from the part `bottlenecks` of a document; why, where nothing can
    be said."""
    found = tuple(_both(costs))
    return found or (_("No step was late or left undone, as far as the numbers may be shown."),)


def _both(costs: Part) -> Iterator[str]:
    for cost in list(costs["people"])[:1]:
        yield _(
            "“%(step)s” costs the most people: %(missed)s of the %(due)s for whom it was due (%(share)s) had it late "
            "or not at all. %(sure)s"
        ) % {
            "step": cost["title"].text,
            "missed": reading.count(cost["missed_people"]),
            "due": reading.count(cost["due_people"]),
            "share": reading.percent_in_words(cost["share"]),
            "sure": _sure(cost),
        }
    for cost in list(costs["days"])[:1]:
        yield _(
            "“%(step)s” costs the most days: %(days)s days past its clock (%(low)s–%(high)s), of %(missed)s people. "
            "%(sure)s"
        ) % {
            "step": cost["title"].text,
            "days": reading.whole(cost["value"]),
            "low": reading.whole(cost["low"]),
            "high": reading.whole(cost["high"]),
            "missed": reading.count(cost["missed_people"]),
            "sure": _sure(cost),
        }


def _sure(cost: Part) -> str:
    """How often the step comes first when the people are drawn anew; never rounded up to always."""
    share = cost["first"].number or 0.0
    times = 100 if share >= 1 else min(99, round(100 * share))
    return _("Drawn anew from the same people, it comes first %(times)s of 100 times.") % {"times": times}

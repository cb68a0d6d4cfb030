"""What a reader with one minute should know, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import reading, words
from ..reading import Part


def in_short(whole: Part) -> tuple[str, ...]:
    """What a reader with one minute should know, in plain sentences; only what is shown."""
    return tuple(_in_short(whole))


def _in_short(whole: Part) -> Iterator[str]:
    about = whole["about"]
    if about["people"].number is not None:
        yield ngettext(
            "%(n)s person is counted here.", "%(n)s people are counted here.", int(about["people"].number)
        ) % {"n": reading.count(about["people"])}
    for each in whole["compared"]:
        if each["stage"].text == "asked" and each["difference"]["estimate"].number is not None:
            yield _(
                "Since the protocol began, %(since)s of all who came had signs noticed and were talked with alone; "
                "before, %(before)s. The difference: %(points)s."
            ) % {
                "since": reading.percent(each["since"]["share"]),
                "before": reading.percent(each["before"]["share"]),
                "points": reading.points(each["difference"]),
            }
    for aim in whole["reaim"]:
        if aim["name"].text == "in_time" and aim["share"]["share"]["estimate"].number is not None:
            yield _("%(share)s of the steps that were due were done in time.") % {
                "share": reading.percent(aim["share"]["share"])
            }
    for each in whole["symptoms"]:
        if each["era"].text == "since" and each["better"]["share"]["estimate"].number is not None:
            yield _(
                "On %(measure)s, %(share)s of those who came since go-live and were measured twice or more got "
                "reliably better."
            ) % {
                "measure": each["title"].text,
                "share": reading.percent(each["better"]["share"]),
            }
    yield _("There was no comparison group: these figures show what happened, not why.")


def area_sentence(area: Part) -> str:
    """One place where most could be gained, in one plain sentence."""
    lost = area["share"]
    if area["kind"].text == "people":
        return _("Of %(all)s people who reached “%(stage)s”, %(lost)s (%(share)s) %(what)s%(choice)s.") % {
            "all": reading.count(lost["of"]),
            "stage": words.said(words.STAGES, area["of_stage"].text),
            "lost": reading.count(lost["count"]),
            "share": reading.percent_in_words(lost["share"]),
            "what": words.said(words.NOT_REACHED, area["code"].text),
            "choice": (
                _("; those who said no are among them")
                if area["includes_declined"].value is True
                else _(", and not because they said no")
            ),
        }
    return _(
        "“%(step)s”, which has a clock of %(clock)s, was late or is still open past it %(missed)s of %(due)s times "
        "(%(share)s): %(days)s days lost."
    ) % {
        "step": area["title"].text,
        "missed": reading.count(lost["count"]),
        "due": reading.count(lost["of"]),
        "share": reading.percent_in_words(lost["share"]),
        "days": reading.whole(area["days_lost"]),
        "clock": words.length(area["clock"].text),
    }


def gain_sentence(each: Part) -> str:
    """One step, in one plain sentence."""
    return ngettext(
        "If “%(step)s” had always met its clock, about %(gain)s more person (%(low)s–%(high)s) might have reached "
        "help.",
        "If “%(step)s” had always met its clock, about %(gain)s more people (%(low)s–%(high)s) might have reached "
        "help.",
        round(each["gain"].number or 0),
    ) % {
        "step": each["title"].text,
        "gain": reading.whole(each["gain"]),
        "low": reading.whole(each["gain_low"]),
        "high": reading.whole(each["gain_high"]),
    }

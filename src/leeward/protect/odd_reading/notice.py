"""Going round: the job worker has the database note odd reading; what is odd is what the site says (A-05)."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import connections
from psycopg.types.range import TimestamptzRange

from leeward.rules.protocol.office import DAYS, Office

WORKER = "worker"
#: A round looks at today and yesterday, so that a worker that was away for a night misses nothing.
DAYS_BACK = 1


class WrongHours(Exception):
    """Working hours or days that can't be read."""


def working_hours() -> Office:
    """When reading is nothing to wonder about, by the site's settings. Raises WrongHours, with how to mend it."""
    days = tuple(day.strip().lower() for day in settings.LEEWARD_WORK_DAYS.split(",") if day.strip())
    if wrong := [day for day in days if day not in DAYS]:
        raise WrongHours(f"LEEWARD_WORK_DAYS has {wrong[0]!r}. Use {', '.join(DAYS)}.")
    opens, dash, closes = settings.LEEWARD_WORK_HOURS.partition("-")
    try:
        hours = (time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip()))
    except ValueError as error:
        raise WrongHours(f"LEEWARD_WORK_HOURS is {settings.LEEWARD_WORK_HOURS!r}. Write 06:00-21:00.") from error
    if not dash or hours[0] >= hours[1]:
        raise WrongHours(f"LEEWARD_WORK_HOURS is {settings.LEEWARD_WORK_HOURS!r}. It must begin before it ends.")
    return Office(zone=settings.TIME_ZONE, days=days, hours=(hours,))


def notice(now: datetime) -> int:
    """Note the odd reading of today and yesterday; returns how many notes are new or grew. Raises WrongHours."""
    office = working_hours()
    first = office.local_day(now) - timedelta(days=DAYS_BACK)
    spans = [
        TimestamptzRange(span.starts, span.ends)
        for day in (first + timedelta(days=number) for number in range(DAYS_BACK + 2))
        if office.is_open_on(day)
        for span in office.spans(day)
    ]
    with connections[WORKER].cursor() as cursor:
        cursor.execute(
            "SELECT ctx.notice_odd(%s, range_agg(span), %s, %s, %s) FROM unnest(%s::tstzrange[]) AS span",
            [
                office.midnight(first),
                office.zone,
                settings.LEEWARD_ODD_SEARCHES,
                settings.LEEWARD_ODD_IDLE_DAYS,
                spans,
            ],
        )
        noted: int = cursor.fetchone()[0]
    return noted

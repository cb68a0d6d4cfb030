"""Late steps make themselves heard: the job worker goes round and raises each rung of a ladder once, when reached.

What is raised is what `plan` calls an escalation of an open step (`rules.protocol.plan`): the tasks carry the moments,
so that a round is one indexed query and needs neither the timeline nor the protocol. Nothing doubles, whoever else
goes round and wherever a worker is killed: a task is claimed by its row lock, a rung is unique, a batch is one
statement.
"""

from datetime import datetime
from importlib.resources import files

from django.db import connections, transaction

from .models import Round

WORKER = "worker"
NAME = "escalation"
_RING = files(__package__).joinpath("ring.sql").read_text(encoding="utf-8")
_ROUND = (
    "INSERT INTO people_round (name, ended_at) VALUES (%(name)s, %(now)s)"
    " ON CONFLICT (name) DO UPDATE SET ended_at = greatest(people_round.ended_at, excluded.ended_at)"
)


def ring(now: datetime, *, limit: int = 500) -> int:
    """Raise every rung reached by `now` that nobody has heard of; returns how many.

    Claims at most `limit` tasks in a transaction, and as many transactions as it takes. Tasks that another worker has
    claimed are left to it.
    """
    raised = 0
    while True:
        with transaction.atomic(using=WORKER), connections[WORKER].cursor() as cursor:
            cursor.execute(_RING, {"now": now, "limit": limit})
            claimed, rungs = cursor.fetchone()
            if claimed == 0:
                cursor.execute(_ROUND, {"name": NAME, "now": now})
                return raised
        raised += rungs


def last_round(using: str = "default") -> datetime | None:
    """When a worker last went round to the end; None if none ever did, or the asker is nobody."""
    return Round.objects.using(using).filter(name=NAME).values_list("ended_at", flat=True).first()

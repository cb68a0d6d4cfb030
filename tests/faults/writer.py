"""A process that registers people one after another as a request would, and says which after each commit.

Run as `python -m tests.faults.writer TOKEN STAFF`; each line that it prints was acknowledged by the database.
"""

import sys
import time

import django

django.setup()

from django.db import Error, connections, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from leeward.people import actions  # noqa: E402
from leeward.people.actions import Arrival  # noqa: E402
from leeward.people.models import Staff  # noqa: E402
from leeward.protect.middleware import be  # noqa: E402


def write_for_ever(token: str, staff: str) -> None:
    number = 0
    while True:
        number += 1
        arrival = Arrival(
            identity={"given_name": f"Written{number}"}, birth_year=1990, language="en", county="Forrest", source="self"
        )
        try:
            with transaction.atomic():
                be(token)
                by = Staff.objects.select_related("agency").get(pk=staff)
                client = actions.register(by=by, arrival=arrival, now=timezone.now())
            sys.stdout.write(f"{client.pk}\n")
            sys.stdout.flush()
        except Error:
            connections.close_all()
            time.sleep(0.2)


if __name__ == "__main__":
    write_for_ever(sys.argv[1], sys.argv[2])

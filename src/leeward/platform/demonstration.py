"""The demonstration centre: a synthetic centre in the database, and a sign-in for each role."""

import json

from django.db import connections

from leeward.home import home

MARK = "demo-centre.json"


def is_loaded(*, clients: int, seed: int) -> bool:
    """Whether this very centre is already in the database."""
    mark = home() / MARK
    if not mark.exists() or json.loads(mark.read_text()) != {"clients": clients, "seed": seed}:
        return False
    with connections["admin"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people_client WHERE is_synthetic")
        return bool(cursor.fetchone()[0])

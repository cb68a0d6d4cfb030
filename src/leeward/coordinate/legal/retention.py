"""How long the words of a legal request are kept: until the erasure; of one that gave nothing, the days of the site.

What an accounting of disclosures needs stays: when, to whom, on what basis, which fields (45 CFR 164.528(b)(2)).
Nothing is accounted for where nothing was given, or where the person got it themselves (164.528(a)(1)(ii)).
"""

from uuid import UUID

from django.db import connections

from leeward.protect import sealing
from leeward.protect.erasure import USING
from leeward.protect.models import Disclosure

from .models import Done, LegalRequest, LegalStep
from .queries import process

WORKER = "worker"
#: Who asked, who said that it is theirs, and who decided.
ACCOUNTED = frozenset({"asker", "organisation", "spoke_with", "counsel"})


def forget_with(client_id: UUID) -> None:
    """Take from the requests about a person who is being erased every word that need not be accounted for.

    As the administrator, within the erasure. What waits for an answer keeps the name of whoever gets it.
    """
    about = LegalRequest.objects.using(USING).filter(match__client_id=client_id)
    given = set(Disclosure.objects.using(USING).filter(client_id=client_id).values_list("process", flat=True))
    for request in about:
        steps = list(LegalStep.objects.using(USING).filter(request=request))
        waits = all(step.kind != Done.ANSWERED for step in steps)
        kind = process().kinds.get(request.kind)
        to_the_person = kind is not None and kind.handed_to_person
        keep = ACCOUNTED if (waits or request.pk in given) and not to_the_person else frozenset[str]()
        for row in (request, *steps):
            sealing.forget(row, keep=keep)
            row.save(using=USING, update_fields=["sealed", "site_key_version"])


def forget() -> int:
    """As the job worker: take every word from requests that were answered with nothing `LEEWARD_REQUEST_DAYS` ago.

    The database holds the days and the clock. Whether somebody was found makes no difference; a legal hold does (L-02).
    Returns how many requests lost words.
    """
    with connections[WORKER].cursor() as cursor:
        cursor.execute("SELECT ctx.forget_requests()")
        forgot: int = cursor.fetchone()[0]
    return forgot

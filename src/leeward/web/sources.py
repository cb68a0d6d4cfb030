"""Where a request comes from, so that guessing slows down its own source and nobody else (K-03)."""

from django.conf import settings
from django.http import HttpRequest


def source(request: HttpRequest) -> str:
    """The address of whoever asks.

    Behind the site's own proxy every request has the proxy's address: then it is the last one in `X-Forwarded-For`,
    the only one that the proxy itself wrote. Were it the first, anybody could lock out a colleague by claiming theirs.
    """
    told = request.headers.get("X-Forwarded-For", "") if settings.LEEWARD_BEHIND_PROXY else ""
    return told.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))

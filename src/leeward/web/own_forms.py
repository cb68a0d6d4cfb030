"""Was a form sent by one of our own pages? (F-03)

No page of ours tells where it was (`Referrer-Policy: no-referrer`), and a browser then hides where a form comes from,
too: `Origin: null`, no `Referer`. Django takes such a form for a forged one. Here the browser's own word decides, which
no page can set (`Sec-Fetch-Site`, W3C Fetch Metadata), and after it, as always, the token.

Browsers that know no such word (Safari before 16.4) are believed on the token alone. Over HTTPS that is sound only if
nobody else can plant the token's cookie: not another host of the same domain, not whoever holds the line to it. Against
them Django asks for the `Referer`; a cookie named `__Host-` keeps them out by itself (RFC 6265bis, 4.1.3.2).
"""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware, RejectRequest

#: How a browser writes an origin that it does not tell.
UNTOLD = "null"
#: What it says of a form that a page of another site sent, or of another host of ours.
FOREIGN = frozenset({"cross-site", "same-site"})
#: What it says of one that our own page sent, or that a person sent again by reloading or restoring what it answered.
OWN = frozenset({"same-origin", "none"})


class OwnForms(CsrfViewMiddleware):
    """Django's check of the token, in which a form may come from a page that tells nothing.

    Should Django rename what is overridden here, it refuses such forms: it fails closed.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META["HTTP_ORIGIN"] == UNTOLD:
            return _may_be_ours(request)
        return bool(super()._origin_verified(request))  # type: ignore[misc]  # the stubs know nothing of these three

    def _check_referer(self, request: HttpRequest) -> None:
        if "HTTP_REFERER" in request.META or not _may_be_ours(request):
            super()._check_referer(request)  # type: ignore[misc]

    def _check_token(self, request: HttpRequest) -> None:
        if request.headers.get("Sec-Fetch-Site") in FOREIGN:
            raise RejectRequest("The browser says that a page of another site sent this.")
        super()._check_token(request)  # type: ignore[misc]


def _may_be_ours(request: HttpRequest) -> bool:
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said in OWN
    return not request.is_secure() or settings.CSRF_COOKIE_NAME.startswith("__Host-")

"""What every answer has in common: it leaves nothing behind in the browser, and it never breaks into a stack trace."""

from collections.abc import Callable, Iterator
from time import monotonic, sleep

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.datastructures import MultiValueDictKeyError

from . import errors, sign_in

#: Seconds: several times what the answer costs on a calm machine, and too short for a person to notice.
BEAT = 0.02
#: What the browser could do for a page and never does for ours. Passkeys are for our own pages alone.
NOT_NEEDED = ", ".join(
    [
        *(
            f"{power}=()"
            for power in (
                "accelerometer", "bluetooth", "browsing-topics", "camera", "clipboard-read", "display-capture",
                "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone",
                "midi", "payment", "screen-wake-lock", "serial", "usb", "web-share", "xr-spatial-tracking",
            )
        ),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    ]
)  # fmt: skip


class NoTrace:
    """No cache, no referrer, no search engine; and leaving works even when nothing else does (V-01)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path == reverse("leave") and response.status_code >= 400:
            response = sign_in.gone()
            response.delete_cookie(settings.SESSION_COOKIE_NAME, samesite="Strict")
        response["Cache-Control"] = "no-store, private"
        response["Permissions-Policy"] = NOT_NEEDED
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Referrer-Policy"] = "no-referrer"
        return response


class Left:
    """Somebody left while the line was down: the first request after it ends their session (V-01).

    The page sets the cookie before it asks the server to end the session, and the answer to whatever comes first takes
    it away. Another site that could plant it would only sign somebody out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        left = settings.LEFT_COOKIE_NAME in request.COOKIES
        if left:
            request.session.flush()
        response = self.get_response(request)
        if left:
            response.delete_cookie(settings.LEFT_COOKIE_NAME, samesite="Strict")
        return response


class OnTheBeat:
    """What says that nothing is there leaves on the next beat of a clock that begins with the request (P-01).

    A forbidden record costs the database a little more than none: its policies are asked. On the beat both answers
    take the same time, whatever they cost. It stands outside everything, so that nothing is held meanwhile.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = monotonic()
        response = self.get_response(request)
        if response.status_code == 404 or getattr(request, "found_nobody", False):
            sleep(BEAT - (monotonic() - began) % BEAT)
        return response


class PlainErrors:
    """A refusal that a page did not catch becomes a page in plain words, and nothing of the request stays done.

    So does what no page could read (F-01): a null character, which the database can't hold, or a form without its
    fields.

    All other exceptions reach `errors.server_error`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any("\0" in text for text in _sent(request)):
            return errors.unreadable(request)
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            return errors.wrong_way(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        lacks_a_field = isinstance(exception, MultiValueDictKeyError)
        if not lacks_a_field and not isinstance(getattr(exception, "hint", None), str):
            return None
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)
        return errors.unreadable(request) if lacks_a_field else errors.refused(request, exception)


def _sent(request: HttpRequest) -> Iterator[str]:
    """The address and everything in it and in the form."""
    yield request.path
    for held in (request.GET, request.POST):
        for name, values in held.lists():
            yield name
            yield from values

"""Every address. None carries a name, a date, a time-ordered id or a word that tells what the site is for."""

from importlib.util import find_spec

from django.urls import include, path

ROOMS = (
    "web.urls",
    "web.people_urls",
    "protect.urls",
    "identify.urls",
    "treat.urls",
    "support.urls",
    "coordinate.urls",
    "train.urls",
    "learn.urls",
)


def _exists(module: str) -> bool:
    return find_spec(module.rpartition(".")[0]) is not None and find_spec(module) is not None


urlpatterns = [path("", include(f"leeward.{room}")) for room in ROOMS if _exists(f"leeward.{room}")]

handler400 = "leeward.web.errors.bad_request"
handler403 = "leeward.web.errors.not_found"
handler404 = "leeward.web.errors.not_found"
handler500 = "leeward.web.errors.server_error"

"""Every address. None carries a name, a date, a time-ordered id or a word that tells what the site is for."""

from importlib.util import find_spec

from django.urls import include, path

ROOMS = ("web", "protect", "identify", "treat", "support", "coordinate", "train", "learn")


def _has_pages(room: str) -> bool:
    return find_spec(f"leeward.{room}") is not None and find_spec(f"leeward.{room}.urls") is not None


urlpatterns = [path("", include(f"leeward.{room}.urls")) for room in ROOMS if _has_pages(room)]

handler400 = "leeward.web.errors.bad_request"
handler403 = "leeward.web.errors.not_found"
handler404 = "leeward.web.errors.not_found"
handler500 = "leeward.web.errors.server_error"

"""Pages for when something goes wrong: plain words, a way out, and what was typed given back. Never a stack trace.

Most of these must work when the database is gone: they are drawn without asking who is signed in.
"""

import logging
import secrets
import sys
import traceback
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from leeward.protect import drafts, room

from .context import bare_shell

log = logging.getLogger(__name__)
NO_DATABASE = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
CODE_SIGNS = "23456789CFGHJMPQRVWX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What a page about a failure says."""

    status: int
    title: str | Promise
    text: str | Promise
    remedy: str | Promise = ""
    code: str = ""


def page(request: HttpRequest, trouble: Trouble, *, give_back: bool = True, retry: bool = True) -> HttpResponse:
    """A calm page, drawn without session or database. With `give_back` it carries the typed fields of a POST."""
    typed = drafts.typed(request) if give_back and request.method == "POST" else {}
    context = {
        "trouble": trouble,
        "typed": [] if drafts.has_password(request) else [(n, v) for n, values in typed.items() for v in values],
        "has_files": bool(typed and request.FILES),
        "again": request.get_full_path() if retry else "",
        "stands_on": drafts.place_of(request),
        "csrf_token": get_token(request),
        **bare_shell(),
    }
    response = HttpResponse(render_to_string("web/error.html", context), status=trouble.status)
    if request.headers.get("HX-Request"):  # a part of a page was asked for: the message replaces the whole content
        response["HX-Retarget"], response["HX-Reselect"], response["HX-Reswap"] = "#main", "#main", "outerHTML"
    return response


def explain(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """The page for an exception that nobody caught; its log line has code, class and place in the code only."""
    code = new_code()
    log.error("%s %s %s", code, type(error).__name__, _place(error))
    if room.is_lacking(error):
        return page(
            request,
            Trouble(
                status=503,
                title=_("We can't open records right now"),
                text=_(
                    "We write down each look at a record. There is no room to write, so nothing was shown or changed."
                ),
                remedy=_(
                    "Tell the person who runs this site the code, so that they make room. “Leave now” still works."
                ),
                code=code,
            ),
        )
    if isinstance(error, NO_DATABASE):
        response = page(
            request,
            Trouble(
                status=503,
                title=_("We can't reach our records right now"),
                text=_("Nothing is lost. What was saved before is safe."),
                remedy=_("Wait a minute, then try again. If it goes on, tell the person who runs this site the code."),
                code=code,
            ),
        )
        response["Retry-After"] = "30"
        return response
    return page(
        request,
        Trouble(
            status=500,
            title=_("Something went wrong on our side"),
            text=_("It is not your fault. Nothing was changed."),
            remedy=_("Try again. If it goes on, tell the person who runs this site the code."),
            code=code,
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return explain(request, sys.exception())


def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """The page for a refusal in the domain's own words (an exception with a `hint`)."""
    return page(
        request,
        Trouble(status=409, title=_("This is not possible now"), text=str(error), remedy=getattr(error, "hint", "")),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(
        request,
        Trouble(
            status=400,
            title=_("We could not read that"),
            text=_("The request was too large or not complete. Nothing was changed."),
            remedy=_("Go back and try again with less text or a smaller file."),
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The same answer for what does not exist and for what the asker may not see."""
    return render(request, "web/not_found.html", status=404)


def wrong_way(request: HttpRequest) -> HttpResponse:
    """The address only takes forms, and somebody opened it like a page (or the other way round)."""
    return page(
        request,
        Trouble(
            status=405,
            title=_("This page can't be opened by itself"),
            text=_("Nothing was changed."),
            remedy=_("Go to the start page and find your way from there."),
        ),
        retry=False,
    )


def unreadable(request: HttpRequest) -> HttpResponse:
    """What was sent lacks a part that every form of ours sends, or holds what no keyboard types."""
    return page(
        request,
        Trouble(
            status=400,
            title=_("We could not read what was sent"),
            text=_("Nothing was changed."),
            remedy=_("Go back, type it again, and send it."),
        ),
        give_back=False,
        retry=False,
    )


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token does not fit: it is too old, or another site sent it. Only our own pages get the text back."""
    return page(
        request,
        Trouble(
            status=403,
            title=_("This form was open for too long"),
            text=_("We did not save it yet."),
            remedy=_("Send it again to save it."),
        ),
        give_back=_from_here(request),
    )


def new_code() -> str:
    """A code that a person can read out over the phone. It means nothing by itself."""
    signs = [secrets.choice(CODE_SIGNS) for _n in range(6)]
    return f"{''.join(signs[:3])}-{''.join(signs[3:])}"


def _from_here(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    sender = request.headers.get("Origin") or request.headers.get("Referer", "")
    return urlsplit(sender).netloc == request.get_host()


def _place(error: BaseException | None) -> str:
    """File, line and function of the last frame of our own code."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    ours = [f for f in frames if "/leeward/" in f.filename and not f.filename.endswith("middleware.py")] or frames
    if not ours:
        return "-"
    return f"{ours[-1].filename.rpartition('/leeward/')[2]}:{ours[-1].lineno} {ours[-1].name}"

"""Two people at the server's shell, each by their own password and a code that works once (I-06)."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from leeward.people.models import Staff


def both(by: str, confirmed_by: str) -> "tuple[Staff, Staff]":
    """Ask both for their password and code, and return who they are. Django must be set up.

    Raises NotBySamePerson, NotAllowedHere.
    """
    from django.utils import timezone

    from leeward.protect import two_leaders

    two_leaders.refuse_one(by.strip().casefold(), confirmed_by.strip().casefold())
    first, second = _ask(by), _ask(confirmed_by)
    return two_leaders.both(first, second, now=timezone.now())


def _ask(email: str) -> tuple[str, str, str]:
    password = typer.prompt(f"Password of {email}", hide_input=True, err=True)
    code = typer.prompt(f"Code of the app of {email}, or one of their recovery codes", hide_input=True, err=True)
    return email, str(password), str(code)

"""Moments on the command line."""

from datetime import datetime

import typer


def moment(text: str | None) -> datetime | None:
    """What was typed after `--now`, if anything was. Leaves with exit 2 if it is no moment with a time zone."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"`{text}` is not a moment; write 2026-11-23T12:00Z.", param_hint="--now") from error
    if found.tzinfo is None:
        raise typer.BadParameter(f"`{text}` has no time zone; write 2026-11-23T12:00Z.", param_hint="--now")
    return found


def said(at: datetime) -> str:
    """A moment as files and pages of the command line write it."""
    return at.isoformat().replace("+00:00", "Z")

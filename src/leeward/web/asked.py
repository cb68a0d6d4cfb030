"""Reading what a form sent where it is no field of a form."""

from uuid import UUID

from django.http import Http404


def identifier(text: str) -> UUID:
    """The row that a button names. Raises Http404 for what names nothing: it is the same as a row that is not there."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None

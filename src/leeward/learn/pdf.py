"""The report as a PDF for screen readers too: tagged (PDF/UA-1), with bookmarks, a title and a language.

WeasyPrint lays it out; it needs Pango of the operating system, which `scripts/pdf` installs where it may.
"""

from __future__ import annotations

import io
import logging
from functools import cache


class NoPdf(Exception):
    """The PDF can't be made here. `str()` is one plain sentence; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def pdf(page: str) -> bytes:
    """A page as PDF. Everything must be in the page: nothing is fetched. Raises NoPdf without Pango."""
    weasyprint = _weasyprint()
    out = io.BytesIO()
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    inside = weasyprint.urls.URLFetcher(allowed_protocols=["data"])
    document = weasyprint.HTML(string=page, url_fetcher=inside)
    document.write_pdf(out, pdf_variant="pdf/ua-1")
    return out.getvalue()


def get_ready() -> None:
    """Load all that laying out needs, for which one small page is laid out."""
    pdf("<html lang=en><title>·</title><table><tr><td>·</table>")


def is_possible() -> bool:
    """Whether PDFs can be made here."""
    try:
        _weasyprint()
    except NoPdf:
        return False
    return True


@cache
def _weasyprint():  # type: ignore[no-untyped-def]
    try:
        import weasyprint
    except OSError as error:
        raise NoPdf(
            "The PDF can't be made, because the library Pango is missing on this machine.",
            hint="Run scripts/pdf, or on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0.",
        ) from error
    return weasyprint

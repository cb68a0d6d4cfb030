"""The report as a PDF for screen readers too: tagged (PDF/UA-1), with bookmarks, a title and a language.

WeasyPrint lays it out; it needs Pango of the operating system, which `scripts/pdf` installs where it may.
"""

from __future__ import annotations

import gc
import io
import logging
import subprocess
import sys
from functools import cache
from types import TracebackType


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


class Press:
    """A process beside this one that lays one page out: it gets ready while the page is still being made."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self) -> Press:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def pdf(self, page: str) -> bytes:
        """The page as PDF, as `pdf` makes it. Raises NoPdf without Pango."""
        made, _ = self._process.communicate(page.encode())
        return made if self._process.returncode == 0 else pdf(page)  # which says in its own words what is wrong


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


def _work() -> None:
    """What the process of a `Press` does: one small page to get ready, then the one it is for, then it ends."""
    gc.disable()
    pdf("<html lang=en><title>·</title><table><tr><td>·</table>")
    sys.stdout.buffer.write(pdf(sys.stdin.buffer.read().decode()))


if __name__ == "__main__":
    _work()

"""Cells that no spreadsheet evaluates (X-02): what would begin a formula gets an apostrophe, numbers stay numbers.

A program that opens the file trims spaces and signs that nobody sees before it looks for a formula; so do we. A
full-width sign counts as its plain one.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_STARTS_A_FORMULA = frozenset("=+-@|%")
#: First in the file, so that a spreadsheet reads its letters as UTF-8.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def cell(value: str | int | float) -> str:
    """The value as it may stand in a cell."""
    text = "".join(each for each in str(value) if each in "\n\t" or unicodedata.category(each) != "Cc")
    shown = "".join(each for each in text if unicodedata.category(each) != "Cf").strip()
    if not shown or _NUMBER.fullmatch(shown):
        return shown
    first = unicodedata.normalize("NFKC", shown[0])
    return f"'{text}" if first[:1] in _STARTS_A_FORMULA or text[0] == "\t" else text


def row(values: Iterable[str | int | float]) -> str:
    """One line of a CSV file (RFC 4180), every cell safe."""
    line = io.StringIO()
    csv.writer(line).writerow([cell(value) for value in values])
    return line.getvalue()

"""Papers as PDF, for screen readers too: tagged (PDF/UA-1), with bookmarks, a title and a language.

Typst lays them out. Each sheet in `paper/` says how; what it says is given, and a text that is given is never markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typst

_SHEETS: Final = Path(__file__).with_name("paper")


def pdf(sheet: str, given: Mapping[str, object]) -> bytes:
    """The sheet `paper/SHEET.typ` filled in with what is given, which JSON can hold."""
    made = typst.compile(
        _SHEETS / f"{sheet}.typ",
        root=_SHEETS,
        format="pdf",
        sys_inputs={"given": json.dumps(given)},
        pdf_standards="ua-1",
    )
    if not isinstance(made, bytes):
        raise TypeError(f"The sheet {sheet} is no single document.")
    return made

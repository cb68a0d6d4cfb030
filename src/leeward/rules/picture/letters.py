"""How wide words are on a picture whose font is not known: reckoned widely, so that they stay in their boxes."""

from __future__ import annotations

import re
from typing import Final

#: Widths in hundredths of the letter height, as in the widest of the common screen fonts, DejaVu Sans and Verdana.
_CLASSES: Final = (
    (42, " \u00a0ijlIíÍ'|\\/.,;:·’-ftr!¡()[]"),
    (56, 'czs?¿"“”*_–§`L'),
    (66, "aábdeéghknñoópquúüvxy0123456789$FPTEKSÉ«»J"),
    (80, "ABCÁDGHNÑOÓQRUÚÜVXYZ&~+=<>≥#^w↻"),
)
_WIDTHS: Final = {letter: width for width, letters in _CLASSES for letter in letters}
#: A letter that is not listed, such as m, W or one of another script, is as wide as it is high.
_WIDEST: Final = 104
_BOLD: Final = 1.13
#: Where lines may be broken: not at a space that says otherwise.
_SPACES: Final = re.compile(r"[ \t\r\n]+")
CUT: Final = "…"


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels of a text set in letters of this many pixels; never less than what a browser needs."""
    hundredths = sum(_WIDTHS.get(letter, _WIDEST) for letter in text)
    return hundredths / 100 * size * (_BOLD if bold else 1)


def wrapped(text: str, room: float, size: float, *, bold: bool = False, most: int | None = None) -> tuple[str, ...]:
    """The text in lines of at most `room` pixels, broken between words, and inside a word that is too long.

    Of more than `most` lines the rest is cut, which the last line shows by three dots.
    """
    lines: list[str] = []
    line = ""
    for word in _SPACES.split(text.strip()):
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold=bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *pieces, line = _pieces(word, room, size, bold=bold)
        lines += pieces
    if line:
        lines.append(line)
    if most is None or len(lines) <= most:
        return tuple(lines)
    kept = lines[:most]
    while kept[-1] and width(kept[-1] + CUT, size, bold=bold) > room:
        kept[-1] = kept[-1][:-1]
    kept[-1] = kept[-1].rstrip() + CUT
    return tuple(kept)


def _pieces(word: str, room: float, size: float, *, bold: bool) -> list[str]:
    pieces, piece = [], ""
    for letter in word:
        if piece and width(piece + letter, size, bold=bold) > room:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece]

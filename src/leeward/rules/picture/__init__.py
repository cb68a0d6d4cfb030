"""The picture of a protocol: lanes for roles, columns for stages, a box for each step. Pure: it is laid out as a value
(`lay_out`) and written as SVG, for a page (`page_svg`) or as a file (`file_svg`)."""

from .layout import lay_out, numbers
from .model import Area, Arrow, Band, Box, Column, Lane, Note, Notes, Picture, Sign, Tone, Words
from .opening import ByEvent, ByStep, Opening, openings
from .svg import file_svg, page_svg

__all__ = [
    "Area",
    "Arrow",
    "Band",
    "Box",
    "ByEvent",
    "ByStep",
    "Column",
    "Lane",
    "Note",
    "Notes",
    "Opening",
    "Picture",
    "Sign",
    "Tone",
    "Words",
    "file_svg",
    "lay_out",
    "numbers",
    "openings",
    "page_svg",
]

"""The parts of a safety plan. Every part is optional, and each is in the survivor's own words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Section:
    """`printed` is the heading on paper: it must tell nothing to somebody who finds it."""

    code: str
    title: Promise
    printed: Promise
    help: Promise


SECTIONS: Final = (
    Section(
        "now",
        _("If it gets dangerous right now"),
        _("First of all"),
        _("The first steps, in order. Who to call, where to go."),
    ),
    Section("signs", _("Signs that things get worse"), _("Signs"), _("What they notice in themselves or around them.")),
    Section("helps", _("What helps me"), _("Good for me"), _("What calms or carries them through an hour.")),
    Section("people", _("People I trust"), _("People"), _("Who they can turn to, and what for.")),
    Section("places", _("Places where I am safe"), _("Places"), _("Where they can go, by day and by night.")),
    Section(
        "reach", _("How to reach me safely"), _("Calls and messages"), _("When, how, and what never to say or send.")
    ),
    Section("take", _("What I take with me"), _("To bring"), _("Papers, keys, medicine, money, phone.")),
)
CODES: Final = tuple(section.code for section in SECTIONS)


def to_text(sections: Mapping[str, str]) -> str:
    """The filled parts as one text, to be sealed."""
    return json.dumps({code: sections[code] for code in CODES if sections.get(code)}, ensure_ascii=False)


def from_text(text: str) -> dict[str, str]:
    filled: dict[str, str] = json.loads(text)
    return filled

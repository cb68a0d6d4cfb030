"""Colours keep WCAG 2.2 AA in both themes: computed from the tokens, not looked at."""

import re
from itertools import product
from pathlib import Path

import pytest

import leeward.web

STATIC = Path(leeward.web.__file__).parent / "static" / "web"
THEMES = ("light", "dark")
#: Words on a ground need 4.5 to 1 (1.4.3).
WORDS = [
    *product(["ink", "muted"], ["paper", "surface", "sunken"]),
    *product(["accent", "accent-strong"], ["paper", "surface", "sunken", "accent-soft"]),
    *[(tone, ground) for tone in ("ok", "warn", "danger", "info") for ground in (f"{tone}-soft", "surface", "paper")],
    *[("ink", f"{tone}-soft") for tone in ("ok", "warn", "danger", "info", "accent")],
    *[("muted", f"{tone}-soft") for tone in ("accent",)],
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
    ("danger-ink", "danger"),
    ("paper", "ink"),
    ("paper", "muted"),
]
#: Borders of inputs and the ring of focus need 3 to 1 (1.4.11, 2.4.13).
SHAPES = [
    *product(["edge", "focus"], ["paper", "surface", "sunken"]),
    ("focus", "accent-soft"),
    ("accent", "surface"),
    ("warn", "surface"),
]


def tokens(theme: str) -> dict[str, str]:
    text = (STATIC / "tokens.css").read_text()
    light, _, dark = text.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6});", light))
    return found if theme == "light" else found | dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6});", dark))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read(theme: str) -> None:
    known = tokens(theme)
    weak = [(a, b, round(contrast(known[a], known[b]), 2)) for a, b in WORDS if contrast(known[a], known[b]) < 4.5]
    assert weak == []


@pytest.mark.parametrize("theme", THEMES)
def test_borders_and_focus_can_be_seen(theme: str) -> None:
    known = tokens(theme)
    weak = [(a, b, round(contrast(known[a], known[b]), 2)) for a, b in SHAPES if contrast(known[a], known[b]) < 3]
    assert weak == []


def test_both_themes_name_the_same_colours() -> None:
    dark_block = (STATIC / "tokens.css").read_text().partition("@media (prefers-color-scheme: dark)")[2]
    assert set(re.findall(r"--([a-z-]+):\s*#", dark_block)) == set(tokens("light"))


def test_no_style_sheet_names_a_colour_of_its_own() -> None:
    for sheet in STATIC.glob("*.css"):
        if sheet.name != "tokens.css":
            screen = sheet.read_text().partition("@media print")[0]
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;,\s)])|rgba?\(|hsla?\(", screen) == [], sheet.name


def test_every_token_that_is_used_exists() -> None:
    named = set(re.findall(r"(--[a-z0-9-]+):", (STATIC / "tokens.css").read_text())) | {"--tone", "--tone-soft"}
    for sheet in STATIC.glob("*.css"):
        text = sheet.read_text()
        own = set(re.findall(r"(--[a-z0-9-]+):", text))
        assert set(re.findall(r"var\((--[a-z0-9-]+)", text)) <= named | own, sheet.name

"""English and Spanish from the first page: nothing is left in one language, and survivors' pages stay easy to read."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from ..cast import Cast
from .test_people_pages import open_record

ROOT = Path(__file__).parents[2]
SPANISH = ROOT / "locale" / "es" / "LC_MESSAGES" / "django.po"
GRADE = 6
#: Pages and words that are read by, or out loud to, a survivor.
FOR_SURVIVORS = (
    "src/leeward/protect/templates/protect/permissions.html",
    "src/leeward/protect/templates/protect/ask.html",
    "src/leeward/protect/templates/protect/take_back.html",
    "src/leeward/protect/words.py",
    "src/leeward/protect/models.py",
    "src/leeward/identify/templates/identify/first_talk.html",
)


def messages_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages_script", ROOT / "scripts" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def collected() -> Catalog:
    catalog: Catalog = messages_script().collect()
    return catalog


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    with SPANISH.open("rb") as file:
        return read_po(file, locale="es")


def texts(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple | list) else [str(message.id)]


def test_every_text_has_its_spanish(collected: Catalog, spanish: Catalog) -> None:
    missing = []
    for message in collected:
        if not message.id:
            continue
        known = spanish.get(message.id, context=message.context)
        said = [] if known is None else list(known.string) if isinstance(known.string, tuple) else [known.string]
        if not said or not all(said) or (known is not None and known.fuzzy):
            missing.append(f"{message.locations[0][0]}: {texts(message)[0]!r}")
    assert not missing, "\n".join(missing)


def test_gaps_and_marks_are_the_same_in_both_languages(spanish: Catalog) -> None:
    wrong = []
    for message in spanish:
        if not message.id or not message.string:
            continue
        said = list(message.string) if isinstance(message.string, tuple) else [message.string]
        for one in said:
            if marks(one) != marks(texts(message)[-1]) and marks(one) != marks(texts(message)[0]):
                wrong.append(f"{texts(message)[0]!r} -> {one!r}")
    assert not wrong, "\n".join(wrong)


def marks(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|\{\w*\}|</?\w+[^>]*>", text))


def test_a_spanish_reader_gets_spanish_pages(world: Cast) -> None:
    browser = world.browser("screener")
    address = open_record(browser)
    for place in ("/", address, f"{address}first-talk/", f"{address}permissions/", "/training/"):
        page = browser.get(place, headers={"accept-language": "es"}).content.decode()
        assert 'lang="es"' in page
        assert "Salir ya" in page
        assert "Sign out" not in page


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end."""
    groups = len(re.findall(r"[aeiouy]+", word.lower()))
    return max(1, groups - (1 if re.search(r"[^aeiouyl]e$", word.lower()) else 0))


def grade(words_and_sentences: list[str]) -> float:
    """School grade by Flesch and Kincaid (1975): 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    sentences = [s for text in words_and_sentences for s in re.split(r"(?<=[.!?:])\s+", text) if re.search(r"\w", s)]
    words = [w for sentence in sentences for w in re.findall(r"[A-Za-z’']+", sentence)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def test_what_survivors_read_is_at_grade_six_or_below(collected: Catalog) -> None:
    read = [
        re.sub(r"%\(\w+\)s|\d[\d-]+", "them", text)
        for message in collected
        for text in texts(message)
        if any(place in FOR_SURVIVORS for place, _line in message.locations) and text.count(" ") >= 3
    ]
    assert len(read) > 30
    assert grade(read) <= GRADE, round(grade(read), 1)


def test_the_measure_of_reading_tells_easy_from_hard() -> None:
    assert grade(["You can stop at any time.", "We do not tell your boss."]) < 3
    assert grade(["Notwithstanding antecedent authorisations, disclosure necessitates explicit documentation."]) > 15

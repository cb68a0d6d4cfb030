"""English and Spanish from the first page: nothing is left in one language, and survivors' pages stay easy to read."""

import html
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client as Browser

from ..cast import Cast
from .test_people_pages import open_record

ROOT = Path(__file__).parents[2]
SPANISH = ROOT / "locale" / "es" / "LC_MESSAGES" / "django.po"
GRADE = 6
#: Words of many English sentences and of no Spanish one.
ENGLISH = re.compile(
    r"\b(the|and|of|with|you|your|is|are|was|this|that|for|not|from|who|what|they|it|to)\b", re.IGNORECASE
)
#: Roles that open no records of their own.
NO_RECORDS = ("privacy_officer", "program_director")
#: Pages and words that are read by, or out loud to, a survivor.
FOR_SURVIVORS = (
    "src/leeward/protect/templates/protect/permissions.html",
    "src/leeward/protect/templates/protect/talk_page.html",
    "src/leeward/protect/templates/protect/talk_choose.html",
    "src/leeward/protect/templates/protect/talk_look.html",
    "src/leeward/protect/templates/protect/talk_decide.html",
    "src/leeward/protect/talk_forms.py",
    "src/leeward/protect/templates/protect/take_back.html",
    "src/leeward/protect/words.py",
    "src/leeward/protect/models.py",
    "src/leeward/identify/templates/identify/first_talk.html",
    "src/leeward/web/templates/web/leaving.html",
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


def test_somebody_not_signed_in_reads_spanish_too() -> None:
    answer = Browser(SERVER_NAME="localhost").get("/sign-in/", headers={"accept-language": "es-MX,es;q=0.9"})
    page = answer.content.decode()
    assert 'lang="es"' in page
    assert "Contraseña" in page
    assert english(page) == []


@pytest.mark.parametrize("who", ["screener", "therapist", "case_manager", "privacy_officer", "program_director"])
def test_no_page_or_refused_form_a_spanish_reader_can_reach_has_an_english_sentence(world: Cast, who: str) -> None:
    browser = world.browser(who)
    start = ["/"] if who in NO_RECORDS else ["/", open_record(browser, language="es", contact_hours="de 9 a 11")]
    left, seen = list(start), set(start)
    wrong = []
    while left:
        place = left.pop()
        answer = browser.get(place, headers={"accept-language": "es"}, follow=True)
        page = answer.content.decode() if answer["Content-Type"].startswith("text/html") else ""
        wrong += [f"{place}: {line}" for line in english(page)]
        if '<form method="post"' in page:
            refused = browser.post(place, {}, headers={"accept-language": "es"}, follow=True).content.decode()
            wrong += [f"{place} refused: {line}" for line in english(refused)]
        links = {link.partition("#")[0] for link in re.findall(r'<a\b[^>]*href="(/[^"]*)"', page)} - seen
        seen |= links
        left += sorted(links)
    assert len(seen) > (3 if who in NO_RECORDS else 15)
    assert not wrong, "\n".join(wrong)


def english(page: str) -> list[str]:
    """Lines of the page that hold a word no Spanish sentence has; what says it is in English is let through."""
    page = page.replace(settings.LEEWARD_SITE_NAME, "")
    page = re.sub(r"<(script|style|title)\b.*?</\1>|<(\w+)\b[^>]*\blang=\"en\".*?</\2>", "", page, flags=re.DOTALL)
    said = re.findall(r'(?:aria-label|placeholder|alt)="([^"]*)"', page)
    lines = [html.unescape(line).strip() for line in [*re.sub(r"<[^>]*>", "\n", page).splitlines(), *said]]
    return [line for line in lines if ENGLISH.search(line)]


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

"""Every template of every room: all words can be translated, nothing is inline, forms are safe, titles are neutral."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

import leeward

PACKAGE = Path(leeward.__file__).parent
TEMPLATES = sorted(PACKAGE.glob("*/templates/**/*.html"))
#: Says nothing by itself; stands where a tag stood. (A sign of the private use area: it may stand anywhere in HTML.)
GAP = "\ue000"
#: The same in every language.
UNTRANSLATED = {"Leeward", "English", "Español", "htmx"}
WORDS_IN = {"alt", "title", "aria-label", "placeholder", "data-label", "aria-description"}
#: Tags whose first argument is read by people, and keyword arguments that are.
SPEAKING_TAGS = {"button", "link_button", "card", "confirm", "empty_state", "fact"}
SPEAKING_KEYS = ("title", "text", "action", "label")
#: Words that a title, an address or a file name must not hold (V-02).
GIVING_AWAY = re.compile(
    r"traffic?k|victim|survivor|abuse|exploit|slavery|forced|rescue|danger|police|sex|trata|víctima"
    r"|sobrevivi|abuso|explota|esclav|rescate|peligro|policía",
    re.IGNORECASE,
)


def ids(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def skeleton(source: str) -> str:
    """The template with a gap for each tag, variable and translated block."""
    out: list[str] = []
    depth = 0
    in_class = False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            word = token.contents.split()[0]
            depth += word in {"blocktranslate", "blocktrans", "comment"}
            depth -= word in {"endblocktranslate", "endblocktrans", "endcomment"}
            in_class = token.contents in {"block page_class", "block body_class"}
            out.append(GAP)
        elif token.token_type == TokenType.TEXT:
            out.append(GAP if depth or in_class else token.contents)
        else:
            out.append(GAP)
    return "".join(out)


class Words(HTMLParser):
    """Collects what a reader sees or hears, and every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        # Text with a language of its own is written in that language on purpose.
        foreign = "lang" in given and tag != "html"
        if foreign or tag in {"script", "style"} or (self._silent and tag == self._silent[-1]):
            self._silent.append(tag)
        self.seen += [value for name, value in given.items() if name in WORDS_IN]
        if tag == "input" and given.get("type") in {"submit", "button"}:
            self.seen.append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.seen.append(data)


def read(path: Path) -> Words:
    words = Words()
    words.feed(skeleton(path.read_text(encoding="utf-8")))
    words.close()
    return words


def blocks(path: Path) -> list[str]:
    tokens = Lexer(path.read_text(encoding="utf-8")).tokenize()
    return [token.contents for token in tokens if token.token_type == TokenType.BLOCK]


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 20


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_every_word_can_be_translated(path: Path) -> None:
    bare = [
        word
        for text in read(path).seen
        for word in re.findall(r"[^\W\d_]{2,}", text.replace(GAP, " "))
        if word not in UNTRANSLATED
    ]
    assert bare == [], "put these words into {% translate %}"


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_words_given_to_a_component_can_be_translated(path: Path) -> None:
    bare = []
    for contents in blocks(path):
        name = contents.split()[0]
        if name in SPEAKING_TAGS | {"notice", "state_chip", "breadcrumb"}:
            keys = "|".join(SPEAKING_KEYS)
            bare += re.findall(rf"""\b(?:{keys})=(["'][^"']*[^\W\d_][^"']*["'])""", contents)
        if name in SPEAKING_TAGS:
            bare += re.findall(rf"""^{name}\s+(["'][^"']*["'])""", contents)
    assert bare == [], 'write _("…") around these'


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_nothing_is_inline(path: Path) -> None:
    for tag, attrs in read(path).tags:
        assert tag != "style", "styles live in static files"
        assert tag != "script" or "src" in attrs, "scripts live in static files"
        assert "style" not in attrs, "use a class"
        assert not any(name.startswith(("on", "hx-on")) for name in attrs), "no script in attributes"
        assert not attrs.get("href", "").startswith("javascript:")


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    for tag, attrs in read(path).tags:
        if tag in {"script", "link", "img", "iframe", "source", "video", "audio", "embed", "object", "use"}:
            address = attrs.get("src", attrs.get("href", ""))
            assert not re.match(r"(https?:)?//", address), address
            assert tag not in {"iframe", "embed", "object"}


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_forms_that_change_something_carry_a_token(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for form in re.findall(r"<form\b.*?</form>", source, re.DOTALL | re.IGNORECASE):
        if re.search(r'method="post"', form, re.IGNORECASE) and "url 'leave'" not in form:
            assert "csrf_token" in form, form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_a_title_gives_nothing_away(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for title in re.findall(r"{%\s*block title\s*%}(.*?){%\s*endblock", source, re.DOTALL):
        assert not GIVING_AWAY.search(title), title
        assert not re.search(r"{{(?!\s*trouble\.title\s*}})", title), f"a title holds no value: {title}"


@pytest.mark.parametrize("path", TEMPLATES, ids=ids)
def test_a_page_has_a_title(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    if '{% extends "web/base.html" %}' in source:
        assert "{% block title %}" in source


def test_no_static_file_is_named_for_what_the_site_does() -> None:
    names = [str(path.relative_to(PACKAGE)) for path in PACKAGE.glob("*/static/**/*") if path.is_file()]
    assert [name for name in names if GIVING_AWAY.search(name)] == []


def test_no_address_is_named_for_what_the_site_does() -> None:
    from django.urls import URLPattern, URLResolver, get_resolver

    def routes(resolver: URLResolver) -> list[str]:
        found = []
        for entry in resolver.url_patterns:
            found += [str(entry.pattern)] if isinstance(entry, URLPattern) else routes(entry)
        return found

    assert [route for route in routes(get_resolver()) if GIVING_AWAY.search(route)] == []

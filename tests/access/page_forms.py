"""The links and forms of a page, as a person meets them: what is asked, what may be chosen, which button sends it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve

TOKEN = "csrfmiddlewaretoken"
HERE = "http://localhost"


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form, with what is filled in and what may be chosen."""

    name: str
    kind: str
    value: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form on a page, to be sent by one of its buttons. `after` is the form that was sent to come to this page."""

    who: str
    page: str
    action: str
    method: str
    fields: tuple[Field, ...]
    button: tuple[str, str]
    after: "Form | None" = None

    @property
    def name(self) -> str:
        """The name of the address that it goes to."""
        return name_of(urlsplit(self.action).path) or "?"

    @property
    def asks(self) -> tuple[object, ...]:
        """What makes two forms the same for the walk: where it goes, what it asks, by which button.

        A form behind another carries along what was said before, which makes it no other form.
        """
        button, value = self.button
        step = next((one.value for one in self.fields if one.name in {"step", "part"} and one.kind == "hidden"), "")
        asked = tuple(one.name for one in self.asked if not (self.after and one.kind == "hidden"))
        return (self.name, step, button, value if len(value) < 30 else "", asked)

    @property
    def id(self) -> str:
        words = [self.who or "nobody", self.name, *(part[:20] for part in self.button if part)]
        asked = ",".join(one.name for one in self.asked)[:60]
        return f"{' '.join(words)} ({asked}) on {self.page}"

    @property
    def token(self) -> str:
        return next((one.value for one in self.fields if one.name == TOKEN), "")

    @property
    def asked(self) -> tuple[Field, ...]:
        """What a person or the page fills in, without the token."""
        return tuple(one for one in self.fields if one.name != TOKEN)


@dataclass(slots=True)
class _Raw:
    attrs: dict[str, str]
    fields: list["_Input"] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Input:
    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)
    is_checked: bool = False


class _Reader(HTMLParser):
    """Collects links and forms."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.forms: list[_Raw] = []
        self._form: _Raw | None = None
        self._open: _Input | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self._form = _Raw(given)
            self.forms.append(self._form)
        elif self._form is not None:
            self._asked(self._form, tag, given)

    def _asked(self, form: _Raw, tag: str, given: dict[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "button" and given.get("type", "submit") == "submit":
            form.buttons.append((name, value))
        elif tag == "input" and name:
            kind = given.get("type", "text")
            boxes = {"radio", "checkbox"}
            form.fields.append(_Input(name, kind, value or ("on" if kind in boxes else ""), [], "checked" in given))
        elif tag in {"select", "textarea"}:
            self._open = _Input(name, tag)
            form.fields.append(self._open)
        elif tag == "option" and self._open is not None:
            self._open.choices.append(value)
            if "selected" in given:
                self._open.value = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in {"select", "textarea"}:
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._open.kind == "textarea":
            self._open.value += data if self._open.value else data.lstrip("\n")


def read_page(who: str, address: str, text: str, *, after: Form | None = None) -> tuple[list[str], list[Form]]:
    """Links and forms of the page at `address`; a form with several buttons is as many forms."""
    reader = _Reader()
    reader.feed(text)
    found: list[Form] = []
    for raw in reader.forms:
        form = Form(
            who=who,
            page=address,
            action=local(raw.attrs.get("action") or address, address),
            method=raw.attrs.get("method", "get").lower(),
            fields=tuple(_grouped(raw.fields)),
            button=("", ""),
            after=after,
        )
        found.extend(replace(form, button=button) for button in (raw.buttons or [("", "")]))
    return [local(link, address) for link in reader.links], found


def _grouped(inputs: Iterable[_Input]) -> Iterator[Field]:
    """Radio buttons and checkboxes of one name are one question."""
    groups: dict[str, list[_Input]] = {}
    for one in inputs:
        groups.setdefault(one.name, []).append(one)
    for name, group in groups.items():
        first = group[0]
        if first.kind in {"radio", "checkbox"}:
            checked = next((one.value for one in group if one.is_checked), "")
            yield Field(name, first.kind, checked, tuple(one.value for one in group))
        else:
            yield from (Field(name, one.kind, one.value, tuple(one.choices)) for one in group)


def local(link: str, address: str) -> str:
    """A link on the page at `address` as a path of ours; nothing for one that leads elsewhere."""
    place = urlsplit(urljoin(f"{HERE}{address}", link))
    if f"{place.scheme}://{place.netloc}" != HERE:
        return ""
    return f"{place.path}?{place.query}" if place.query else place.path


def name_of(path: str) -> str:
    """The name of an address; nothing for one that is not ours."""
    try:
        return str(resolve(path).url_name)
    except Resolver404:
        return ""

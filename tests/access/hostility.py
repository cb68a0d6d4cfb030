"""What somebody hostile, or a broken program, types: by a seed, so that what broke something can be typed again."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote_plus

from .page_forms import TOKEN, Form
from .walk import Said

#: Long enough to cost, short enough to be read at all (`DATA_UPLOAD_MAX_MEMORY_SIZE`).
LONG = 900_000
#: Stands in every text that must never come back as it was typed.
MARK = "hostile7"
#: Text that means something to a browser, a database, a template, a shell, a spreadsheet, a terminal or a parser.
TEXTS = (
    f"<script>{MARK}</script>", f'"><img src=x onerror={MARK}>', f"'\"--></style><svg onload={MARK}>",
    f"</textarea><script>{MARK}</script>", f"javascript:{MARK}", f"<a href='{MARK}'>&lt;{MARK}&gt;",
    "' OR '1'='1", "1; DROP TABLE people_client; --", "') UNION SELECT password FROM protect_account --", "%s%d%n",
    "{{ 7919 * 7919 }}", "{% debug %}", "${7919*7919}", "#{7919*7919}", "<%= 7919*7919 %>",
    "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd%00.txt", "file:///etc/passwd", "~root",
    "x\r\nSet-Cookie: stolen=1", "x\nLocation: https://evil.example/", "x%0d%0aSet-Cookie:%20stolen=1",
    "=HYPERLINK(\"https://evil.example\")", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\u200b=1+1",
    "&#60;script&#62;", "&lt;b&gt;", "&nbsp;", "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
    "a\x00b", "\x1b[2J\x1b[31mred", "\x07\x08", "\u202egnp.exe", "\u200f\u200e\u2066x\u2069", "\ufeff", "\u0000",
    "\ud800", "a\udfffb", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "Z\u0351\u0327\u0322a\u0321l\u0338go", "ß" * 50,
    "İı", "ﬁ", "\u2028\u2029", "   ", "\n\n", "\t", "null", "None", "undefined", "true", "[]", "{}", "NaN", "-NaN",
    "Infinity", "-Infinity",
    "1e309", "-1e309", "1e-400", "0x1F", "1_000", "٣", "½", "９", "-1", "0", "-0", "2147483648", "-2147483649",
    "9223372036854775808", "1" * 400, "3.14159", "1,5", "1.2.3", "0000-00-00", "0000-01-01", "0001-01-01",
    "9999-12-31", "10000-01-01", "2026-02-30", "2026-13-01", "-0001-01-01", "1969-12-31T23:59:60", "0001-01-01T00:00",
    "9999-12-31T23:59", "2026-03-08T02:30", "2026-11-01T01:30", "24:00", "99:99", "-1:00", "00:00:00.0000001",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "not-a-uuid",
    "https://evil.example/", "//evil.example", "/\\evil.example", "///evil.example", "http:evil.example",
    "somebody@example.org\nBcc: all@example.org", "a" * 300 + "@example.org", "0000-00000-0", "O0OO-OOOOO-0",
    "A" * 5_000, "(" * 3_000, "a" * 3_000 + "!", "<" * 3_000, " " * 9_000,
)  # fmt: skip
#: Those that a page may only show escaped.
LIVE = tuple(one for one in TEXTS if MARK in one and any(sign in one for sign in "<\"'"))
#: Blows that cost the sender little: tried by themselves, and seldom.
HUGE = ("x" * LONG, "<b>" * (LONG // 9), "\u202e" * (LONG // 9), "é" * (LONG // 6), "9" * LONG, "[" * (LONG // 3))


@dataclass(frozen=True, slots=True)
class Blow:
    """One hostile request: what kind it is, and its body as bytes."""

    kind: str
    body: bytes
    content_type: str = "application/x-www-form-urlencoded"


def blow(chance: random.Random, form: Form, said: Said) -> Blow:
    """A hostile version of a form that was filled in rightly, with its token, so that it reaches the page."""
    kind = chance.choice(tuple(KINDS))
    return KINDS[kind](chance, form, {name: list(values) for name, values in said.items()})


def text(chance: random.Random) -> str:
    """A hostile value; now and then two that are glued together, or one with noise in it."""
    one = chance.choice(TEXTS)
    match chance.randrange(6):
        case 0:
            return one + chance.choice(TEXTS)
        case 1:
            return "".join(chr(chance.randrange(0x3000)) for _ in range(chance.randrange(1, 40)))
        case 2:
            return chance.choice(LIVE)
    return one


def encoded(form: Form, said: Said) -> bytes:
    """As a browser sends it, but for surrogates and nulls, which no browser would."""
    pairs = [(TOKEN, form.token), *((name, value) for name, values in said.items() for value in values)]
    return "&".join(f"{_plus(name)}={_plus(value)}" for name, value in pairs).encode("ascii")


def _plus(words: str) -> str:
    return quote_plus(words.encode("utf-8", "surrogatepass"))


def _names(form: Form, said: Said) -> list[str]:
    """What the blow goes at: rather what a person fills in than what the page carries along."""
    asked = [one.name for one in form.asked if one.kind != "hidden"]
    return asked or list(said) or ["words"]


def _one(chance: random.Random, form: Form, said: Said) -> Blow:
    name = chance.choice(_names(form, said))
    said[name] = [text(chance)]
    return Blow("one field", encoded(form, said))


def _all(chance: random.Random, form: Form, said: Said) -> Blow:
    return Blow("all fields", encoded(form, {name: [text(chance)] for name in (said or {"words": []})}))


def _hidden(chance: random.Random, form: Form, said: Said) -> Blow:
    for one in form.asked:
        if one.kind == "hidden":
            said[one.name] = [text(chance)]
    return Blow("what the page carries along", encoded(form, said))


def _button(chance: random.Random, form: Form, said: Said) -> Blow:
    said[form.button[0] or "decide"] = [text(chance)]
    return Blow("the button", encoded(form, said))


def _choice(chance: random.Random, form: Form, said: Said) -> Blow:
    for one in form.asked:
        if one.choices:
            said[one.name] = [chance.choice(["no such choice", text(chance), *one.choices, ""])]
    return Blow("choices", encoded(form, said))


def _missing(chance: random.Random, form: Form, said: Said) -> Blow:
    left = {name: values for name, values in said.items() if chance.random() < 0.5}
    return Blow("missing fields", encoded(form, left))


def _repeated(chance: random.Random, form: Form, said: Said) -> Blow:
    for name in list(said):
        said[name] = [*said[name], text(chance), *said[name] * chance.randrange(3)]
    return Blow("repeated fields", encoded(form, said))


#: Names that forms elsewhere, or the tables behind them, know.
ELSEWHERE = (
    "agency", "agency_id", "client", "staff", "id", "pk", "is_active", "role", "step", "next", "back", "no", "never",
    "decline", "lift", "show", "switch", "give", "say",
)  # fmt: skip


def _unasked(chance: random.Random, form: Form, said: Said) -> Blow:
    for name in (*ELSEWHERE, text(chance)):
        if chance.random() < 0.4:
            said.setdefault(name, [text(chance)])
    return Blow("fields that nobody asked for", encoded(form, said))


def _many(chance: random.Random, form: Form, said: Said) -> Blow:
    more = {f"field{number}": ["x"] for number in range(chance.choice((300, 500, 5_000)))}
    return Blow("many fields", encoded(form, more | said))


def _huge(chance: random.Random, form: Form, said: Said) -> Blow:
    said[chance.choice(_names(form, said))] = [chance.choice(HUGE)]
    return Blow("a huge field", encoded(form, said))


def _over(chance: random.Random, form: Form, said: Said) -> Blow:
    said[chance.choice(_names(form, said))] = ["x" * 1_200_000]
    return Blow("more than is read", encoded(form, said))


def _json(chance: random.Random, form: Form, said: Said) -> Blow:
    return Blow("JSON", json.dumps({**said, "deep": eval("[" * 40 + "]" * 40)}).encode(), "application/json")  # noqa: S307


def _raw(chance: random.Random, form: Form, said: Said) -> Blow:
    return Blow("noise", encoded(form, {}) + b"&" + chance.randbytes(chance.randrange(1, 400)))


WRONG_TYPES = (
    "text/plain", "text/xml", "", "x" * 300, "multipart/form-data", "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded; charset=nonsense",
)  # fmt: skip


def _wrong_type(chance: random.Random, form: Form, said: Said) -> Blow:
    return Blow("a wrong content type", encoded(form, said), chance.choice(WRONG_TYPES))


def _multipart(chance: random.Random, form: Form, said: Said) -> Blow:
    edge = "edge7"
    parts = [_part(edge, TOKEN, form.token)]
    at = chance.choice(_names(form, said))
    for name, values in said.items():
        file = f'; filename="../../{MARK}.html"\r\nContent-Type: text/html' if name == at else ""
        parts += [_part(edge, name, value, file) for value in (values if name != at else [text(chance)])]
    whole = b"".join(parts) + f"--{edge}--\r\n".encode()
    cut = whole[: chance.randrange(len(whole))] if chance.random() < 0.2 else whole
    return Blow("a file in a field's place", cut, f"multipart/form-data; boundary={edge}")


def _part(edge: str, name: str, value: str, more: str = "") -> bytes:
    head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value.encode("utf-8", "surrogatepass") + b"\r\n"


KINDS: dict[str, Callable[[random.Random, Form, Said], Blow]] = {
    "one": _one, "one more": _one, "all": _all, "hidden": _hidden, "button": _button, "choice": _choice,
    "missing": _missing, "repeated": _repeated, "unasked": _unasked, "many": _many, "huge": _huge, "over": _over,
    "json": _json, "raw": _raw, "type": _wrong_type, "multipart": _multipart,
}  # fmt: skip

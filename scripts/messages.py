"""Collects translatable texts into locale/*/LC_MESSAGES/django.po, or compiles them (`--compile`).

Needs no gettext on the machine: Django turns templates into Python-like source, Babel reads and writes catalogues.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def collect() -> Catalog:
    """Every text that Python or a template marks for translation, with where it stands."""
    import django
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure(USE_I18N=True)
        django.setup()
    catalog = Catalog(charset="utf-8", project="leeward", version="")
    for path in sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("src/**/templates/**/*.html")]):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            # Indentation means nothing in a template, and everything to the reader of Python that comes next.
            text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
        place = path.relative_to(ROOT).as_posix()
        for line, function, message, _comments in extract_python(BytesIO(text.encode()), list(KEYWORDS), [], {}):
            _add(catalog, function, message, place, line)
    return catalog


def _add(catalog: Catalog, function: str, message: object, place: str, _line: int) -> None:
    parts = message if isinstance(message, tuple) else (message,)
    parts = tuple(part for part in parts if isinstance(part, str))
    if not parts or not parts[0]:
        return
    context = None
    if function.lstrip("n").startswith("pgettext"):
        context, parts = parts[0], parts[1:]
    plural = function.startswith(("ngettext", "npgettext")) and len(parts) >= 2
    catalog.add(parts[:2] if plural else parts[0], locations=[(place, None)], context=context)


def update() -> None:
    """Bring each language's file up to date, keeping what is translated."""
    template = collect()
    for file in sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po")):
        with file.open("rb") as source:
            present = read_po(source, locale=file.parts[-3], charset="utf-8")
        present.update(template, no_fuzzy_matching=True)
        present.obsolete.clear()
        present.project, present.version = "leeward", ""
        present.msgid_bugs_address = present.last_translator = present.language_team = ""
        with file.open("wb") as target:
            write_po(target, present, width=110, sort_output=True, omit_header=False, include_lineno=False)
        missing = sum(1 for message in present if message.id and not message.string)
        print(f"{file.relative_to(ROOT)}: {len(present)} texts, {missing} to translate")


def compile_all() -> None:
    """Write the binary catalogue beside each text one, where it is missing or older."""
    for file in sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po")):
        target = file.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= file.stat().st_mtime:
            continue
        with file.open("rb") as source:
            catalog = read_po(source, locale=file.parts[-3], charset="utf-8")
        with target.open("wb") as sink:
            write_mo(sink, catalog)


if __name__ == "__main__":
    compile_all() if "--compile" in sys.argv else update()

"""Words that people read, in both languages of the definitions."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "es")


@dataclass(frozen=True, slots=True)
class Text:
    """One wording in English and Spanish."""

    en: str
    es: str

    def in_(self, language: str) -> str:
        """The wording in the language asked for (`es`, `es-MX`), English if there is none."""
        return self.es if language.lower().startswith("es") else self.en

    def filled(self, **values: object) -> Text:
        """Both languages with `{name}` replaced by the values."""
        en, es = self.en, self.es
        for name, value in values.items():
            en, es = en.replace(f"{{{name}}}", str(value)), es.replace(f"{{{name}}}", str(value))
        return Text(en, es)

"""What staff may notice: indicators, risk factors and disclosures, kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from leeward.rules.errors import DefinitionError
from leeward.rules.reading import Entry
from leeward.rules.wording import Text
from leeward.rules.yaml_source import Document, nearest, raise_all, validate


class IndicatorKind(Enum):
    INDICATOR = "indicator"
    RISK_FACTOR = "risk_factor"
    DISCLOSURE = "disclosure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    code: str
    kind: IndicatorKind
    category: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators:
    name: str
    version: str
    kinds: Mapping[IndicatorKind, Text]
    categories: Mapping[str, Text]
    all: tuple[Indicator, ...]

    def by_category(self) -> dict[str, tuple[Indicator, ...]]:
        """Category code → its indicators, in the order of the definition."""
        return {code: tuple(one for one in self.all if one.category == code) for code in self.categories}

    def find(self, code: str) -> Indicator | None:
        return next((one for one in self.all if one.code == code), None)


def parse_indicators(document: Document, schema: Mapping[str, object]) -> Indicators:
    """Read a list of indicators. Raises DefinitionError with the line of the first mistake."""
    validate(document, schema)
    root = Entry(document)
    raise_all(_contradictions(root))
    return Indicators(
        name=root["indicators"].text(),
        version=root["version"].text(),
        kinds={kind: root["kinds"][kind.value].words() for kind in IndicatorKind},
        categories={code: root["categories"][code].words() for code in root["categories"].named()},
        all=tuple(
            Indicator(
                code=entry["code"].text(),
                kind=IndicatorKind(entry["kind"].text()),
                category=entry["category"].text(),
                text=entry["text"].words(),
            )
            for entry in root["list"].entries()
        ),
    )


def _contradictions(root: Entry) -> Iterator[DefinitionError]:
    seen: set[str] = set()
    categories = root["categories"].named()
    for entry in root["list"].entries():
        code = entry["code"].text()
        if code in seen:
            yield entry["code"].wrong(f"`{code}` is given twice", "Give each its own.")
        seen.add(code)
        if entry["category"].text() not in categories:
            yield entry["category"].wrong(
                "is not a category of this list", nearest(entry["category"].text(), categories)
            )

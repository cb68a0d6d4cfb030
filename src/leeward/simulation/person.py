"""Who a person is: what anyone could write down, and what only the simulation knows."""

from datetime import UTC, datetime
from typing import NamedTuple

from .chance import Chance, Weighted
from .ids import case_code
from .parameters import DAYS_A_MONTH, Parameters
from .rows import ClientRow
from .staffing import SITE_OF_COUNTY

DAY = 86_400
_ADULT_SPREAD = 11.0
_BANDS = ((12, "under 12"), (15, "12-14"), (18, "15-17"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"))


class Person(NamedTuple):
    """One who comes to the centre. `experienced` is the true status, `era` 0 before go-live and 1 after."""

    number: int
    code: str
    arrived: int
    months: float
    era: int
    age: int
    gender: str
    race_ethnicity: str
    language: str
    county: str
    site: str
    payer: str
    source: str
    experienced: bool

    @property
    def is_minor(self) -> bool:
        return self.age < 18

    def row(self, parameters: Parameters) -> ClientRow:
        """What the centre writes down."""
        return ClientRow(
            self.code,
            self.site,
            self.county,
            next((band for below, band in _BANDS if self.age < below), "55 and over"),
            self.is_minor,
            self.gender,
            self.race_ethnicity,
            self.language,
            self.payer,
            datetime.fromtimestamp(self.arrived, UTC),
            self.source,
            parameters.protocol_version if self.era else None,
        )


class Population:
    """Draws people from the declared shares."""

    def __init__(self, parameters: Parameters, seed: int) -> None:
        people = parameters.people
        self._parameters, self._people, self._seed = parameters, people, seed
        self._go_live = int(parameters.go_live.timestamp())
        self._counties = Weighted(people.counties)
        self._sources = Weighted(people.sources)
        self._genders = Weighted(people.genders)
        self._race_ethnicities = Weighted(people.race_ethnicities)
        self._payers = Weighted(people.payers)

    def person(self, number: int, arrived: int, chance: Chance) -> Person:
        people = self._people
        source = chance.pick(self._sources)
        race_ethnicity = chance.pick(self._race_ethnicities)
        county = chance.pick(self._counties)
        return Person(
            number=number,
            code=case_code(self._seed, number),
            arrived=arrived,
            months=(arrived - self._go_live) / DAY / DAYS_A_MONTH,
            era=int(arrived >= self._go_live),
            age=self._age(chance),
            gender=chance.pick(self._genders),
            race_ethnicity=race_ethnicity,
            language=self._language(race_ethnicity, chance),
            county=county,
            site=SITE_OF_COUNTY[county],
            payer=chance.pick(self._payers),
            source=source,
            experienced=chance.happens(people.experienced_by_source[source]),
        )

    def _age(self, chance: Chance) -> int:
        if chance.happens(self._people.minors):
            return 12 + int(6 * max(chance.uniform(), chance.uniform()))
        return 18 + min(int(abs(chance.normal()) * _ADULT_SPREAD + chance.uniform() * 8), 62)

    def _language(self, race_ethnicity: str, chance: Chance) -> str:
        other = chance.uniform()
        if race_ethnicity == "hispanic" and other < self._people.spanish_if_hispanic:
            return "es"
        if race_ethnicity == "asian" and other < self._people.vietnamese_if_asian:
            return "vi"
        return "en"

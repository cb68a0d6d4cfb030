"""Is the person of age to sign alone? From the year of birth in the vault, or from what they say where it is in doubt.

Only the year is kept (decision 0007): in the year of the eighteenth birthday the year alone does not tell.
"""

from dataclasses import dataclass
from datetime import date

from django.conf import settings

from leeward import catalogue
from leeward.people import vault
from leeward.people.models import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningAge:
    """What the year of birth says on a day. `born` is None where nobody has said the year."""

    born: int | None
    today: date
    of_age_from: int

    @property
    def must_be_asked(self) -> bool:
        """Whether the person has to say if they are of age: the year is not known, or is that of the birthday."""
        return self.born is None or self.today.year - self.born == self.of_age_from

    def minors_age(self, *, says_of_age: bool | None) -> int | None:
        """A minor's age in whole years, the youngest that they may be; None for somebody of age.

        Where they have to say it and have not, they count as a minor.
        """
        if self.born is None:
            return None if says_of_age else 0
        oldest = self.today.year - self.born
        if oldest > self.of_age_from or (oldest == self.of_age_from and says_of_age):
            return None
        return max(oldest - 1, 0)

    @property
    def last_day_as_minor(self) -> date | None:
        """The last day on which they may still be a minor; None where the year is not known."""
        return None if self.born is None else date(self.born + self.of_age_from, 12, 31)


def signing_age(client: Client, today: date) -> SigningAge:
    """For the care team: others may not read the year."""
    year = vault.identity(client).get("birth_year", "")
    law = catalogue.law(settings.LEEWARD_LAW)
    return SigningAge(born=int(year) if year.isdecimal() else None, today=today, of_age_from=law.release_age)

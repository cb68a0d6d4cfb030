"""Doctor names the rows of the law whose sources nobody has read for more than a year."""

from datetime import date

from leeward import catalogue
from leeward.platform.checkup import checked_within_a_year


def test_o01_rows_of_the_law_that_were_checked_a_year_ago_are_still_good() -> None:
    assert checked_within_a_year(catalogue.law(), date(2027, 10, 9)).ok


def test_o01_rows_older_than_a_year_are_named_with_what_to_do() -> None:
    law = catalogue.law()
    finding = checked_within_a_year(law, date(2027, 10, 10))
    assert not finding.ok
    assert all(row.id in finding.mend for row in law.rows)
    assert "counsel" in finding.mend

"""Cases in the Human Trafficking Case Data Standard: right codes, and nothing that says who or where."""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from leeward.exchange.htcds import FILLED, fields, misfits, record

STANDARD = Path(__file__).parents[3] / "shared" / "data" / "htcds-2.0" / "field-standards-2.0.ods"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def test_a_positive_conversation_makes_it_possible_and_an_assessment_certain() -> None:
    talk = ("screening.completed", {"tool": "safety-conversation", "result": "positive"})
    assessed = ("screening.completed", {"tool": "full-assessment", "result": "positive"})
    cleared = ("screening.completed", {"tool": "full-assessment", "result": "negative"})
    assert record("en", [])["vic_TraffickingStatus"] == ""
    assert record("en", [talk])["vic_TraffickingStatus"] == "PossibleVictimOfTrafficking"
    assert record("en", [talk, assessed])["vic_TraffickingStatus"] == "ActualVictimOfTrafficking"
    assert record("en", [talk, cleared])["vic_TraffickingStatus"] == "NotAVictimOfTrafficking"


def test_a_case_that_was_opened_again_is_active() -> None:
    closed, opened = ("case.closed", {"reason": "moved"}), ("case.reopened", {})
    assert record("es", [closed])["cas_Status"] == "Closed"
    assert record("es", [closed, opened])["cas_Status"] == "Active"
    assert record("es", [closed, opened])["cas_ReasonForCaseClosure"] == ""
    assert record("es", [("case.closed", {"reason": "transferred"})])["cas_Status"] == "ClosedReferred"
    assert record("es", [closed, ("aftercare.contacted", {"day": 30})])["cas_Status"] == "FollowUp"


def test_every_record_fits_the_standard() -> None:
    services = [("referral.sent", {"service": name}) for name in ("medical", "civil_legal", "shelter", "job")]
    row = record("vi", [*services, ("case.closed", {"reason": "goals_met"})])
    assert misfits(row) == ()
    assert row["spl_Type"] == "Health;Legal;Livelihood;SocialCare"
    assert tuple(row) == FILLED


def test_what_does_not_fit_is_said() -> None:
    assert misfits({"cas_Status": "Sleeping", "vic_Nothing": "x"}) == (
        "There is no field vic_Nothing.",
        "cas_Status can't be Sleeping.",
    )


def test_no_field_that_says_who_or_where_is_ever_filled() -> None:
    telling = re.compile(r"Name|Birth|Mail|Phone|Email|Street|City|Postal|Latitude|Location|IdentityNumber|Worker|Date")
    assert not [name for name in FILLED if telling.search(name)]


@pytest.mark.skipif(not STANDARD.is_file(), reason="THE STANDARD IS NOT HERE: our list of its fields is not compared")
def test_our_list_is_that_of_the_standard() -> None:
    with zipfile.ZipFile(STANDARD) as archive:
        sheet = ElementTree.fromstring(archive.read("content.xml"))  # noqa: S314 - a file of our own
    names, codes = set(), {}
    for row in sheet.iter(f"{_TABLE}table-row"):
        cells = [
            ["".join(line.itertext()).strip() for line in cell.iter(f"{_TEXT}p")]
            for cell in row.findall(f"{_TABLE}table-cell")
            for _ in range(min(int(cell.get(f"{_TABLE}number-columns-repeated", "1")), 12))
        ]
        if len(cells) > 9 and cells[6] and re.fullmatch(r"[a-z]{3}_[A-Za-z]+", cells[6][0]):
            names.add(cells[6][0])
            codes[cells[6][0]] = tuple(code for code in cells[9] if code)
    assert names == set(fields())
    assert all(codes[name] == each.values for name, each in fields().items() if each.values)

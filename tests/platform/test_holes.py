"""Parts with known holes are found without a network, in advisories that a site brings along (O-02)."""

import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from typer.testing import CliRunner

from leeward.platform import cli
from leeward.platform.commands import proof
from leeward.platform.proof import osv, parts
from leeward.platform.proof.scan import Hole, Scan, Terms, against, parts_of

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
TERMS = Terms(database=7, critical=15, high=30)
GRAVE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"  # 9.8
GRAVE_4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"  # 9.3
LONG_AGO = "2020-01-01T00:00:00Z"
runner = CliRunner()
Advisory = dict[str, Any]


def advisory(**more: object) -> Advisory:
    """One about versions of `Quiet.Harbour` before 1.4, as the PyPA's database writes it."""
    return {
        "id": "PYSEC-2026-1",
        "modified": "2026-11-25T10:00:00Z",
        "published": "2026-11-20T10:00:00Z",
        "affected": [affected()],
    } | more


def affected(*events: Mapping[str, object], **more: object) -> Advisory:
    package = {"name": "quiet_harbour", "ecosystem": "PyPI"}
    ranges = [{"type": "ECOSYSTEM", "events": list(events or ({"introduced": "0"}, {"fixed": "1.4"}))}]
    return {"package": package, "ranges": ranges} | more


def written(folder: Path, *advisories: Advisory) -> Path:
    for number, one in enumerate(advisories):
        place = folder / "vulns" / str(number)
        place.mkdir(parents=True)
        (place / f"{one['id']}.json").write_text(json.dumps(one), encoding="utf-8")
    return folder


def scanned(folder: Path, *advisories: Advisory, version: str = "1.3", now: datetime = NOW) -> Scan:
    database = osv.read(written(folder, *advisories))
    return against(database, [("Quiet.Harbour", version), ("other", "2")], terms=TERMS, now=now)


# --- which versions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "open_in", "closed_in"),
    [
        ([{"introduced": "0"}, {"fixed": "1.10"}], "0.dev1 1.9 1.10rc1 1.9.post1", "1.10 1.10.0 2"),
        ([{"introduced": "1.2"}, {"last_affected": "1.4"}], "1.2 1.2.0 1.4", "1.1 1.2rc1 1.4.1 1.5"),
        ([{"introduced": "1"}], "1 99", "0.9"),
        ([{"introduced": "0"}, {"fixed": "1"}, {"introduced": "2"}, {"fixed": "2.5"}], "0.1 2 2.4", "1 1.9 2.5 3"),
        ([{"fixed": "2.5"}, {"introduced": "2"}, {"fixed": "1"}, {"introduced": "0"}], "0.1 2 2.4", "1 1.9 2.5 3"),
        ([{"last_affected": "1.4"}, {"introduced": "1.4"}], "1.4", "1.3 1.5"),
        ([{"introduced": "1!1.0"}, {"fixed": "1!2.0"}], "1!1.5", "1.5 1!2.0"),
        ([{"introduced": 0}, {"fixed": 2}], "1", "2"),
    ],
)
def test_o02_a_range_of_versions_is_read_as_the_format_says(
    events: list[Mapping[str, object]], open_in: str, closed_in: str
) -> None:
    found = osv.parse("x.json", json.dumps(advisory(affected=[affected(*events)])).encode())
    assert found is not None
    assert [one for one in open_in.split() if not found.affected[0].holds(Version(one))] == []
    assert [one for one in closed_in.split() if found.affected[0].holds(Version(one))] == []


def test_o02_a_version_that_is_listed_is_affected_though_no_range_has_it() -> None:
    said = affected({"introduced": "5"}, versions=["1.3", "old-style", "2.0"])
    found = osv.parse("x.json", json.dumps(advisory(affected=[said])).encode())
    assert found is not None
    held = [one for one in ("1.3", "1.3.0", "2", "1.4", "5.1") if found.affected[0].holds(Version(one))]
    assert held == ["1.3", "1.3.0", "2", "5.1"]


@pytest.mark.parametrize(
    "said",
    [
        affected(ranges=[], versions=[]),
        affected(ranges=[{"type": "GIT", "events": [{"introduced": "0"}]}]),
        affected({"introduced": "0"}, {"fixed": "2019-09-12"}),
        affected({"introduced": 0}, {"fixed": 1.1}),
        affected(ranges=[], versions=[1.1]),
    ],
    ids=["nothing told", "commits only", "no version", "a number for a version", "a number in the list"],
)
def test_o02_what_can_not_be_decided_counts_as_a_hole(tmp_path: Path, said: Advisory) -> None:
    assert len(scanned(tmp_path, advisory(affected=[said])).holes) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        {"affected": [affected() | {"package": {"name": "quiet-harbours", "ecosystem": "PyPI"}}]},
        {"affected": [affected() | {"package": {"name": "quiet-harbour", "ecosystem": "npm"}}]},
        {"affected": [affected({"introduced": "0"}, {"fixed": "1.3"})]},
        {"withdrawn": "2026-11-21T00:00:00Z"},
    ],
    ids=["another part", "another language", "closed here", "withdrawn"],
)
def test_o02_what_is_about_something_else_or_was_taken_back_is_no_hole(tmp_path: Path, harmless: Advisory) -> None:
    other = advisory(id="PYSEC-2026-2", affected=[affected() | {"package": {"name": "x", "ecosystem": "PyPI"}}])
    found = scanned(tmp_path, advisory(**harmless), other)
    assert found.holes == ()
    assert found.is_complete


# --- where they are ---------------------------------------------------------------------------------------------------

YAML = """\
id: PYSEC-2026-1
affected:
- package:
    name: quiet-harbour
    ecosystem: PyPI
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: "1.4"
  versions:
  - "1.1"
aliases:
- CVE-2026-0001
modified: "2026-11-25T10:00:00.183Z"
published: "2026-11-20T10:00:00Z"
"""


def test_o02_a_checkout_in_yaml_and_a_zip_in_json_say_the_same(tmp_path: Path) -> None:
    checkout, packed = tmp_path / "checkout", tmp_path / "all.zip"
    (checkout / "vulns" / "quiet-harbour").mkdir(parents=True)
    (checkout / "vulns" / "quiet-harbour" / "PYSEC-2026-1.yaml").write_text(YAML, encoding="utf-8")
    (checkout / ".github").mkdir()
    (checkout / ".github" / "broken.yaml").write_text("[", encoding="utf-8")
    (checkout / "pyproject.json").write_text('{"id": 1}', encoding="utf-8")
    with zipfile.ZipFile(packed, "w") as file:
        told = advisory(aliases=["CVE-2026-0001"], modified="2026-11-25T10:00:00.183Z")
        file.writestr("PYSEC-2026-1.json", json.dumps(told))
    found = [against(osv.read(place), [("quiet-harbour", "1.3")], terms=TERMS, now=NOW) for place in (checkout, packed)]
    assert found[0] == found[1]
    assert [str(hole) for hole in found[0].holes] == [
        "quiet-harbour 1.3: PYSEC-2026-1 (severity not told), closed in 1.4"
    ]
    assert found[0].holes[0].aliases == ("CVE-2026-0001",)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no zip", b"{}"])
def test_o02_a_place_without_an_advisory_is_refused_not_taken_for_a_clean_bill(
    tmp_path: Path, content: bytes | None
) -> None:
    place = tmp_path / "holes"
    if content is None:
        place.mkdir()
    else:
        place.write_bytes(content)
    for one in (place, tmp_path / "nothing"):
        with pytest.raises(osv.NoAdvisories, match="no advisory") as refused:
            osv.read(one)
        assert "Advisory Database" in refused.value.hint


@pytest.mark.parametrize("harm", ["{", '{"id": "X", "affected": 1, "modified": "2026-11-25"}', "[" * 100_000])
def test_o02_an_advisory_that_can_not_be_read_makes_the_scan_no_whole_one(tmp_path: Path, harm: str) -> None:
    written(tmp_path, advisory())
    (tmp_path / "odd.json").write_text(harm, encoding="utf-8")
    found = against(osv.read(tmp_path), [("quiet-harbour", "2")], terms=TERMS, now=NOW)
    assert not found.is_complete
    assert "1 of the advisories can't be read, the first is odd.json" in found.in_words


# --- how old, how grave, by when --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modified", "fresh"),
    [("2026-11-27T11:00:00Z", True), ("2026-11-20T12:00:01Z", True), ("2026-11-19T11:00:00Z", False),
     ("2024-10-10T00:00:00Z", False), ("2026-12-24T00:00:00Z", False)],
)  # fmt: skip
def test_o02_an_old_database_is_said_to_be_old_and_is_no_scan(tmp_path: Path, modified: str, fresh: bool) -> None:
    """Nor does one count whose newest date is still to come."""
    found = scanned(tmp_path, advisory(modified=modified), version="2")
    assert found.scanned == ("Quiet.Harbour", "other")
    assert found.is_complete == fresh
    assert ("NOT A FRESH" in found.in_words) != fresh
    told = found.as_json()["database"]
    assert isinstance(told, dict)
    assert (told["newest"][:10], told["advisories"], told["fresh"]) == (modified[:10], 1, fresh)


def test_o02_the_newest_change_counts_whatever_it_is_about(tmp_path: Path) -> None:
    npm = affected() | {"package": {"name": "x", "ecosystem": "npm"}}
    old = advisory(modified="2024-10-10T00:00:00Z")
    withdrawn = advisory(id="PYSEC-2", withdrawn="2026-11-01T00:00:00Z", modified="2026-11-20T13:00:00Z")
    found = scanned(
        tmp_path, old, withdrawn, advisory(id="GHSA-3", modified="2026-11-26T13:00:00+02:00", affected=[npm])
    )
    assert found.source is not None
    assert (found.source.newest.day, found.source.advisories, found.source.withdrawn) == (26, 1, 1)


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        ({"severity": [{"type": "CVSS_V3", "score": GRAVE}]}, "critical"),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]}, "high"),  # 7.5
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"}]}, "medium"),  # 5.5
        ({"severity": [{"type": "CVSS_V4", "score": GRAVE_4}]}, "critical"),
        ({"database_specific": {"severity": "MODERATE"}}, "medium"),
        ({"affected": [affected(ecosystem_specific={"severity": "HIGH"})]}, "high"),
        ({"affected": [affected(severity=[{"score": GRAVE}])], "database_specific": {"severity": "LOW"}}, "critical"),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:?"}]}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_o02_how_grave_it_is_is_what_the_advisory_tells(tmp_path: Path, told: Advisory, severity: str) -> None:
    hole = scanned(tmp_path, advisory(**told)).holes[0]
    assert hole.severity == severity
    assert hole.as_json()["severity"] == (severity or "not told")


@pytest.mark.parametrize(
    ("word", "published", "close_by", "late"),
    [
        ("CRITICAL", "2026-11-12T23:00:00Z", "2026-11-27", False),
        ("CRITICAL", "2026-11-11T00:00:00Z", "2026-11-26", True),
        ("HIGH", "2026-10-28T00:00:00Z", "2026-11-27", False),
        ("HIGH", "2026-10-27T00:00:00Z", "2026-11-26", True),
        ("MODERATE", "2020-01-01T00:00:00Z", None, False),
        ("HIGH", None, None, "not told"),
        (None, "2020-01-01T00:00:00Z", None, "not told"),
    ],
)
def test_o02_a_critical_hole_has_fifteen_days_and_a_high_one_thirty(
    tmp_path: Path, word: str | None, published: str | None, close_by: str | None, late: object
) -> None:
    found = scanned(tmp_path, advisory(database_specific={"severity": word}, published=published))
    told = found.holes[0].as_json()
    assert (told["close_by"], told["late"]) == (close_by, late)
    assert bool(found.not_judged) == (late == "not told")
    assert found.as_json()["days_to_close"] == {"critical": 15, "high": 30}


def test_o02_advisories_that_name_one_another_are_one_hole_as_grave_and_old_as_either(tmp_path: Path) -> None:
    first = advisory(aliases=["CVE-2026-1"], published="2026-11-20T10:00:00Z")
    second = advisory(
        id="GHSA-1", aliases=["CVE-2026-1"], published="2026-11-01T10:00:00Z",
        database_specific={"severity": "CRITICAL"}, affected=[affected({"introduced": "0"}, {"fixed": "1.3.1"})],
    )  # fmt: skip
    third = advisory(id="PYSEC-2026-9", aliases=[])
    found = scanned(tmp_path, first, second, third).holes
    assert [(one.id, one.severity, one.closed_in, one.is_late) for one in found] == [
        ("PYSEC-2026-1", "critical", ("1.3.1", "1.4"), True),
        ("PYSEC-2026-9", "", ("1.4",), False),
    ]


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bill with a part that no database knows, and nobody to ask. The terms are the site's."""
    if "proof" not in {group.name for group in cli.app.registered_groups}:
        cli._load_commands()
    bill = json.dumps({"components": [{"name": "quiet-harbour", "version": one} for one in ("1.3", "2.0")]}).encode()
    monkeypatch.setattr(parts, "bill_of_materials", lambda _checkout: bill)
    monkeypatch.setattr(parts, "known_holes", lambda _checkout: Scan(why_not="Nobody can be asked from here."))
    monkeypatch.delenv("LEEWARD_HOLES", raising=False)


def today(**more: object) -> Advisory:
    return advisory(modified=datetime.now(UTC).isoformat(), **more)


@pytest.mark.usefixtures("locked")
def test_o02_where_nothing_can_be_scanned_the_command_says_so_loudly_and_does_not_fail() -> None:
    told = runner.invoke(cli.app, ["proof", "holes"])
    assert told.exit_code == 0
    assert told.stderr.count("NOT SCANNED FOR KNOWN HOLES") == 2
    assert "Nobody can be asked from here." in told.stderr
    assert "0 in" not in told.stdout


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize(
    ("word", "published", "code"),
    [("CRITICAL", LONG_AGO, 1), ("MODERATE", LONG_AGO, 0), (None, LONG_AGO, 1), ("CRITICAL", None, 1)],
)
def test_o02_a_hole_past_its_day_fails_and_one_that_nobody_rates_does_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str | None, published: str | None, code: int
) -> None:
    written(tmp_path, today(database_specific={"severity": word}, published=published))
    for words, named in ((["--holes", str(tmp_path)], ""), ([], str(tmp_path))):
        monkeypatch.setenv("LEEWARD_HOLES", named)
        told = runner.invoke(cli.app, ["proof", "holes", *words])
        assert told.exit_code == code
        assert "quiet-harbour 1.3: PYSEC-2026-1" in told.stdout
        assert "1 in 2 parts" in told.stdout, "and 2.0, which is locked too, has it not"
        assert told.stderr == ""


@pytest.mark.usefixtures("locked")
def test_o02_a_grave_hole_within_its_days_is_told_and_does_not_fail(tmp_path: Path) -> None:
    written(tmp_path, today(published=datetime.now(UTC).isoformat(), database_specific={"severity": "CRITICAL"}))
    told = runner.invoke(cli.app, ["proof", "holes", "--holes", str(tmp_path), "--json"])
    assert told.exit_code == 0
    said = json.loads(told.stdout)
    assert (said["complete"], said["late"], said["holes"][0]["late"]) == (True, 0, False)


@pytest.mark.usefixtures("locked")
def test_o02_whoever_can_be_asked_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hole = Hole(part="quiet-harbour", version="1.3", id="PYSEC-2026-7")
    asked = Scan(scanned=("quiet-harbour",), holes=(hole,))
    monkeypatch.setattr(parts, "known_holes", lambda _checkout: asked)
    monkeypatch.setenv("LEEWARD_HOLES", str(written(tmp_path, today())))
    told = runner.invoke(cli.app, ["proof", "holes"])
    assert "PYSEC-2026-7" in told.stdout
    assert "PYSEC-2026-1" not in told.stdout


@pytest.mark.usefixtures("locked", "cast")
def test_o02_t10_the_pack_says_what_was_found_and_how_old_the_knowledge_is(tmp_path: Path) -> None:
    old = written(
        tmp_path / "old", advisory(modified="2024-10-10T00:00:00Z", published=LONG_AGO, severity=[{"score": GRAVE}])
    )
    out = tmp_path / "pack"
    made = runner.invoke(cli.app, ["proof", "make", "--out", str(out), "--no-run", "--holes", str(old), "--json"])
    assert made.exit_code == 0, (made.output, made.exception)
    said = json.loads(made.stdout)
    assert (said["holes"], said["late"]) == (1, 1)
    assert "the scan for known holes" in said["missing"], "old knowledge is none"
    page = (out / "README.md").read_text(encoding="utf-8")
    assert "1 in 2 parts, 1 of them past the day by which they had to be closed. NOT A FRESH AND WHOLE SCAN." in page
    assert "(2024-10-10), more than the 7 that count here" in page
    told = json.loads((out / "known-holes.json").read_text(encoding="utf-8"))
    assert told["database"]["newest"].startswith("2024-10-10")
    assert told["holes"][0] == {
        "part": "quiet-harbour", "version": "1.3", "id": "PYSEC-2026-1", "aliases": [], "closed_in": ["1.4"],
        "severity": "critical", "published": "2020-01-01", "close_by": "2020-01-16", "late": True,
    }  # fmt: skip


def test_o02_the_days_may_be_shortened_by_a_site_and_never_lengthened(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from leeward.platform import settings

    try:
        for given, kept in (("3", 3), ("90", 15)):
            monkeypatch.setenv("LEEWARD_CLOSE_CRITICAL_DAYS", given)
            importlib.reload(settings)
            assert proof._terms().critical == kept
    finally:
        monkeypatch.undo()
        importlib.reload(settings)


def test_o02_every_part_of_the_bill_is_looked_up_also_one_that_is_locked_twice() -> None:
    bill = parts.bill_of_materials(proof.CHECKOUT)
    assert bill is not None
    named = parts_of(bill)
    assert len({version for name, version in named if name == "numpy"}) == 2
    assert {"django", "cryptography", "psycopg"} <= {name for name, _version in named}

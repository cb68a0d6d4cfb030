"""`leeward results`: the preliminary results of a folder of tables, or of the centre's own database, as files."""

import gc
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leeward.evidence.threshold import MINIMUM

from .centre import step
from .fidelity import site_zone

if TYPE_CHECKING:
    from leeward.learn.results import ResultsData, ResultsSettings
    from leeward.people.models import Agency

FORMATS = ("html", "pdf", "json", "ovc", "otip", "re-aim", "brief", "brief-pdf")
_NAMES = {
    "html": "results.html",
    "pdf": "results.pdf",
    "json": "results.json",
    "brief": "brief.html",
    "brief-pdf": "brief.pdf",
}
LANGUAGES = ("en", "es")


def results(
    data: Annotated[
        Path | None, typer.Option(help="Folder of Parquet tables; without it the centre's own database is read.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files; made if it is missing.")] = Path("results"),
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Files to write, with commas between: html, pdf, json, ovc, otip, re-aim, brief, brief-pdf.",
        ),
    ] = "html,json",
    language: Annotated[str, typer.Option(help="Language of the HTML and PDF: en or es.")] = "en",
    threshold: Annotated[int, typer.Option(help="Smallest count above zero that is shown; 11 or more.")] = 11,
    go_live: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day on which the protocol began, if the data lack it."),
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the data cut, at 0:00 UTC.")
    ] = None,
    register: Annotated[
        Path | None,
        typer.Option(help="File that remembers what was published of these tables; OUT.register.json unless given."),
    ] = None,
    early: Annotated[
        bool, typer.Option("--early", help="From the database: publish although the last results are recent.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON and write no file.")] = False,
) -> None:
    """Compute the preliminary results: who was reached, how faithfully, and how people are. Small counts are hidden.

    Example: leeward results --data centre --out results
    """
    wanted = _formats(formats)
    if language not in LANGUAGES:
        raise typer.BadParameter("The report is written in en or es.", param_hint="--language")
    asked = _Asked(data, threshold, go_live, as_of, early)
    if as_json:
        document = _document(asked, register, quietly=True)
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if {"html", "pdf"} & set(wanted):
        from leeward.learn.charts import get_ready

        get_ready()
    document = _document(asked, register or _beside(out), quietly=False)
    out.mkdir(parents=True, exist_ok=True)
    from leeward.learn.report import html, paper

    if "json" in wanted:
        _write(out / "results.json", (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    if "html" in wanted:
        _write(out / "results.html", html(document, language=language).encode())
    if "pdf" in wanted:
        from leeward.learn.pdf import pdf

        with step("Laying out the PDF"):
            _write(out / "results.pdf", pdf("report", paper(document, language=language)))
    _write_for_funders(document, wanted, out, language)
    print(f"Wrote {' and '.join(str(out / _NAMES.get(each, f'{each}.csv')) for each in wanted)}.")


def _write_for_funders(document: Mapping[str, object], wanted: list[str], out: Path, language: str) -> None:
    from leeward.learn import funders

    for name, made in (("ovc", funders.ovc), ("otip", funders.otip), ("re-aim", funders.re_aim)):
        if name in wanted:
            _write(out / f"{name}.csv", made(document).encode())
    if "brief" in wanted:
        _write(out / "brief.html", funders.brief(document, language=language).encode())
    if "brief-pdf" in wanted:
        from leeward.learn.pdf import pdf

        _write(out / "brief.pdf", pdf("brief", funders.brief_on_paper(document, language=language)))


def _formats(text: str) -> list[str]:
    wanted = [each.strip() for each in text.split(",") if each.strip()]
    if not wanted or not set(wanted) <= set(FORMATS):
        raise typer.BadParameter(f"Choose from {', '.join(FORMATS)}, with commas between them.", param_hint="--format")
    return [each for each in FORMATS if each in wanted]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What results are made of, as it was asked for."""

    data: Path | None
    threshold: int
    go_live: datetime | None
    as_of: datetime | None
    early: bool

    @property
    def is_usual(self) -> bool:
        """Whether it is what the page shows: nothing was asked for that changes a number."""
        return self.threshold == MINIMUM and self.go_live is None and self.as_of is None


def _beside(out: Path) -> Path:
    """Where the register is kept: beside the folder, so that the folder can be given away whole."""
    return out.with_name(f"{out.resolve().name}.register.json")


def _document(asked: _Asked, register: Path | None, *, quietly: bool) -> Mapping[str, object]:
    """Errors of every room carry a sentence and a hint; `main` says them."""
    import django

    if asked.data is None:
        from leeward.platform import database

        database.administrator_url()
    django.setup()
    from leeward.evidence.threshold import Threshold
    from leeward.learn.results import ResultsSettings
    from leeward.learn.tables import read_folder

    settings = ResultsSettings(
        threshold=Threshold(asked.threshold), go_live=asked.go_live.date() if asked.go_live else None, zone=site_zone()
    )

    # Hundreds of thousands of small objects come and stay: to look among them for cycles is a sixth of the time.
    gc.set_threshold(200_000, 50, 100)

    def computed() -> Mapping[str, object]:
        if asked.data is None:
            return _released_by_centre(asked, settings)
        tables = read_folder(asked.data)
        cut = asked.as_of.replace(tzinfo=UTC) if asked.as_of else _cut(tables)
        return _released_to_file(tables, cut, settings, register)

    if quietly:
        return computed()
    with step("Computing the preliminary results"):
        return computed()


def _released_by_centre(asked: _Asked, settings: "ResultsSettings") -> Mapping[str, object]:
    """Results of the centre's own database, noted in its register; the last ones again while it is too soon."""
    from leeward.learn.actions import results_of_centre
    from leeward.learn.errors import TooSoon
    from leeward.learn.models import ResultsSnapshot
    from leeward.learn.register import turn
    from leeward.learn.results import as_json

    centre, now = the_centre(), asked.as_of.replace(tzinfo=UTC) if asked.as_of else datetime.now(UTC)
    try:
        with turn(centre.pk, now=now, early=asked.early, save_as="admin") as beside:
            return as_json(results_of_centre(centre, now, beside, settings))
    except TooSoon as refusal:
        last = ResultsSnapshot.objects.using("admin").filter(agency_id=centre.pk).order_by("-computed_at").first()
        if last is None or not asked.is_usual:
            raise
        print(f"These are the results of {last.data_cut:%Y-%m-%d}, again. {refusal}", file=sys.stderr)
        document: Mapping[str, object] = last.document
        return document


def _released_to_file(
    tables: "ResultsData", now: datetime, settings: "ResultsSettings", register: Path | None
) -> Mapping[str, object]:
    """Results of a folder of tables, noted in a file; what is only printed is noted where a file is named."""
    from leeward.evidence.errors import TooMuchIsOut
    from leeward.evidence.releases import Beside
    from leeward.learn.actions import results_of
    from leeward.learn.register import RegisterFile
    from leeward.learn.results import ResultsError, as_json

    held = RegisterFile(register) if register else None
    beside = Beside(held.read() if held else ())
    try:
        results = results_of(tables, now, settings, beside=beside)
    except TooMuchIsOut as error:
        raise ResultsError(str(error), hint=error.hint) from error
    if held:
        held.add(beside, data_cut=now)
    return as_json(results)


def the_centre() -> "Agency":
    """The one centre of this installation. Raises ResultsError while there is none."""
    from leeward.learn.extract import REPORTER
    from leeward.learn.results import ResultsError
    from leeward.people.models import Agency, AgencyKind

    centre = Agency.objects.using(REPORTER).filter(kind=AgencyKind.CENTRE).order_by("name").first()
    if centre is None:
        raise ResultsError(
            "There is no centre in the database yet.", hint="Run `leeward demo`, or read tables with --data FOLDER."
        )
    return centre


def _cut(tables: "ResultsData") -> datetime:
    """The data cut that the tables name, else the last moment they know."""
    from leeward.learn.results import ResultsError

    if said := tables.meta.get("data_cut"):
        try:
            cut = datetime.fromisoformat(said)
        except ValueError as error:
            raise ResultsError(f"`{said}` is not a moment.", hint="Write it as 2026-11-21T00:00:00+00:00.") from error
        return cut if cut.tzinfo else cut.replace(tzinfo=UTC)
    latest = tables.latest_moment()
    if not isinstance(latest, datetime):
        raise ResultsError("There is nobody in these data yet.", hint="Results need at least one registered person.")
    return latest


def _write(file: Path, content: bytes) -> None:
    """A file has its name only when it is whole."""
    part = file.with_suffix(file.suffix + ".part")
    part.write_bytes(content)
    os.replace(part, file)

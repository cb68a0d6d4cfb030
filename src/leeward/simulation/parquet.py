"""Writes a synthetic centre as Parquet files that are the same, byte for byte, for the same seed.

People are written in groups of fixed size, whatever pieces they come in. A file takes its name only when it is whole.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from .centre import Chunk, check, chunks
from .errors import SimulationError
from .parameters import Parameters
from .staffing import staff_the_centre
from .truth import Truth

_TEXT, _WHOLE, _TRUE_FALSE, _DAY = pa.string(), pa.int32(), pa.bool_(), pa.date32()
_TIME, _TEXTS = pa.timestamp("us", tz="UTC"), pa.list_(pa.string())


def _schema(**columns: pa.DataType) -> pa.Schema:
    """Columns by name; a name that ends in `_` stands for a column without gaps."""
    return pa.schema(
        [pa.field(name.rstrip("_"), kind, nullable=not name.endswith("_")) for name, kind in columns.items()]
    )


SCHEMAS: Mapping[str, pa.Schema] = {
    "agencies": _schema(
        agency_=_TEXT, name_=_TEXT, kind_=_TEXT, counties_=_TEXTS, services_=_TEXTS, languages_=_TEXTS
    ),
    "clients": _schema(
        client_=_TEXT, site_=_TEXT, county_=_TEXT, age_band_=_TEXT, is_minor_=_TRUE_FALSE, gender_=_TEXT,
        race_ethnicity_=_TEXT, language_=_TEXT, payer_=_TEXT, first_contact_at_=_TIME, referral_source_=_TEXT,
        protocol_version=_TEXT,
    ),
    "events": _schema(
        id_=_TEXT, client_=_TEXT, kind_=_TEXT, occurred_at_=_TIME, recorded_at_=_TIME, actor_=_TEXT, actor_role_=_TEXT,
        agency_=_TEXT, data_class_=_TEXT, subject=_TEXT, data_=_TEXT, supersedes=_TEXT,
    ),
    "grants": _schema(
        id_=_TEXT, client_=_TEXT, recipient_=_TEXT, classes_=_TEXTS, purpose_=_TEXT, valid_from_=_TIME,
        valid_until_=_DAY, withdrawn_at=_TIME,
    ),
    "items": _schema(client_=_TEXT, instrument_=_TEXT, taken_at_=_TIME, item_=_TEXT, answer=_WHOLE),
    "referrals": _schema(
        id_=_TEXT, client_=_TEXT, to_agency_=_TEXT, service_=_TEXT, urgency_=_TEXT, sent_at_=_TIME, replied_at=_TIME,
        status_=_TEXT, outcome=_TEXT,
    ),
    "scores": _schema(
        client_=_TEXT, instrument_=_TEXT, taken_at_=_TIME, total_=_WHOLE, band_=_TEXT, prorated_=_TRUE_FALSE,
        occasion_=_WHOLE,
    ),
    "staff": _schema(staff_=_TEXT, role_=_TEXT, site_=_TEXT, agency_=_TEXT, trained_on=_DAY, course=_TEXT),
}  # fmt: skip
TRUTH_FILE = "truth.json"


class Written(NamedTuple):
    """What was written: rows by table, and where the truth is."""

    rows: Mapping[str, int]
    truth: Path


@dataclass(slots=True)
class _Table:
    """One open file and how many rows it has so far."""

    schema: pa.Schema
    writer: pq.ParquetWriter
    rows: int = 0

    def add(self, rows: Sequence[Sequence[object]]) -> None:
        """Write these rows as one group."""
        columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [[] for _ in self.schema]
        arrays = [pa.array(column, type=field.type) for field, column in zip(self.schema, columns, strict=True)]
        self.writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema), row_group_size=max(len(rows), 1))
        self.rows += len(rows)


def write_centre(
    parameters: Parameters,
    *,
    clients: int,
    seed: int,
    out: Path,
    truth: Path | None = None,
    progress: Callable[[int], None] = lambda people: None,
) -> Written:
    """Make a centre and write it to the folder `out`, telling `progress` how many people are done.

    Raises SimulationError if the numbers make no centre or the folder can't be written.
    """
    check(clients=clients, seed=seed)
    truth_file = truth or out / TRUTH_FILE
    _check_places(out, truth_file)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _tables(out) as tables:
            staffing, done = staff_the_centre(parameters), Chunk()
            tables["agencies"].add(staffing.agencies)
            tables["staff"].add(staffing.rows())
            people = 0
            for chunk in chunks(parameters, clients=clients, seed=seed):
                _add(tables, chunk)
                done.tally.update(chunk.tally)
                done.counts.update(chunk.counts)
                people += len(chunk.people)
                progress(people)
        document = Truth(parameters=parameters, seed=seed, clients=clients, tally=done.tally, counts=done.counts)
        _write_text(truth_file, json.dumps(document.document(), indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        place = error.filename or out
        raise SimulationError(
            f"{place} can't be written: {(error.strerror or 'unknown reason').lower()}.",
            hint="Choose a folder that you may write to, with room on its disk.",
        ) from error
    return Written({name: table.rows for name, table in tables.items()}, truth_file)


def _check_places(out: Path, truth_file: Path) -> None:
    if out.exists() and not out.is_dir():
        raise SimulationError(f"{out} is a file, not a folder.", hint="Name a folder: --out centre")
    if truth_file.is_dir():
        raise SimulationError(f"{truth_file} is a folder.", hint="Name a file for the truth: --truth truth.json")


def _add(tables: Mapping[str, _Table], chunk: Chunk) -> None:
    tables["clients"].add(chunk.clients)
    tables["events"].add([(*event[:10], _json(event.data), event.supersedes) for event in chunk.events])
    tables["scores"].add(chunk.scores)
    tables["items"].add(chunk.items)
    tables["referrals"].add(chunk.referrals)
    tables["grants"].add(chunk.grants)


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


@contextmanager
def _tables(out: Path) -> Iterator[dict[str, _Table]]:
    """Every table open under a temporary name; the names become real only when all went well."""
    half = {name: out / f".{name}.parquet.part" for name in SCHEMAS}
    try:
        with ExitStack() as stack:
            yield {
                name: _Table(schema, stack.enter_context(_writer(half[name], schema)))
                for name, schema in SCHEMAS.items()
            }
        for name, file in half.items():
            file.replace(out / f"{name}.parquet")
    finally:
        for file in half.values():
            file.unlink(missing_ok=True)


def _writer(file: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(file, schema, version="2.6", compression="zstd", compression_level=3)


def _write_text(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f".{file.name}.part")
    half.write_text(text, encoding="utf-8")
    os.replace(half, file)

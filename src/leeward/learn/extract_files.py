"""The extract: a centre's record as pseudonymised Parquet, from which every result can be computed again.

It is still about single people, with days and hours: it stays inside the centre.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest, sha256
from importlib import metadata
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
from django.conf import settings
from django.utils.translation import gettext as _

from leeward import catalogue
from leeward.people import pathway
from leeward.people.models import Agency

from . import versions
from .extract import table
from .extract_rows import BANDS, REPORTER, agencies, chunks, staff, vocabulary
from .extract_tables import DICTIONARY, SCHEMAS
from .pseudonyms import Pseudonyms
from .results import ResultsError

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: rows by table, how many people declined, and the digest that names this extract."""

    rows: Mapping[str, int]
    left_out: int
    digest: str


def write_extract(
    agency: Agency,
    out: Path,
    *,
    now: datetime,
    using: str = REPORTER,
    progress: Callable[[int], None] = lambda done: None,
) -> Written:
    """Write what was recorded by `now` to a folder. It has its name only when it is whole.

    `progress` hears how many people are done. Raises ResultsError if the folder holds something else, or nobody came.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "meta.json").is_file())):
        raise ResultsError(
            _("%(out)s holds something else.") % {"out": out}, hint=_("Choose an empty folder, or one of an extract.")
        )
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    try:
        written = _write(agency, part, now, using, progress)
        if out.exists():
            shutil.rmtree(out)
        os.replace(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return written


def _write(agency: Agency, folder: Path, now: datetime, using: str, progress: Callable[[int], None]) -> Written:
    names = Pseudonyms()
    rows: dict[str, int] = {}
    left_out = people = 0
    with _Files(folder) as files:
        for chunk in chunks(agency, now=now, using=using, names=names):
            files.write("clients", chunk.clients)
            files.write("events", chunk.events)
            files.write("scores", chunk.scores)
            left_out += chunk.left_out
            people += len(chunk.clients) + chunk.left_out
            progress(people)
        if people == 0:
            raise ResultsError(
                _("There is nobody in these data yet."), hint=_("Results need at least one registered person.")
            )
        files.write("staff", staff(agency, using=using, names=names))
        files.write("agencies", agencies(using=using, names=names))
        rows = dict(files.rows)
    digests = {name: _digest(folder / f"{name}.parquet") for name in SCHEMAS}
    meta: dict[str, object] = {
        "format": FORMAT,
        "leeward": metadata.version("leeward"),
        "data_cut": now.isoformat(),
        "rows": rows,
        "left_out": left_out,
        "definitions": _definitions(agency, using),
        "files": digests,
    }
    digest = sha256(json.dumps(meta, sort_keys=True).encode()).hexdigest()
    _json(folder / "meta.json", {**meta, "digest": digest})
    _json(folder / "dictionary.json", DICTIONARY | {"events": vocabulary()})
    return Written(rows=rows, left_out=left_out, digest=digest)


class _Files:
    """One Parquet file a table, written a chunk at a time."""

    def __init__(self, folder: Path) -> None:
        self._writers = {
            name: pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd")
            for name, schema in SCHEMAS.items()
        }
        self.rows: dict[str, int] = dict.fromkeys(SCHEMAS, 0)

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *error: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, name: str, rows: list[tuple[object, ...]]) -> None:
        if rows:
            self._writers[name].write_table(table(name, rows))
            self.rows[name] += len(rows)


def _definitions(agency: Agency, using: str) -> dict[str, object]:
    """Which rules are in force: the protocol's version and SHA-256, and the versions of the measures. Which version a
    person follows stands with the person."""
    version = pathway.in_force(agency.pk, settings.LEEWARD_PROTOCOL, using=using).version
    protocol = versions.text_of(agency.pk, settings.LEEWARD_PROTOCOL, version, using=using)
    return {
        "protocol": {
            "name": settings.LEEWARD_PROTOCOL,
            "version": version,
            "sha256": sha256(protocol.encode()).hexdigest(),
        },
        "instruments": {name: catalogue.instrument(name).version for name in catalogue.measure_names()},
        "age_bands": [name for _first, name in BANDS],
    }


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def _json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

"""Reading the tables that `leeward simulate` writes, or any extract of the same shape, from a folder."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .errors import TablesUnreadable
from .results import ResultsData
from .results.data import COLUMNS, OPTIONAL

#: What a folder may say about itself; nothing else of it is read, so that results can be compared with the truth.
_META = ("data_cut", "go_live", "digest", "left_out")
_META_FILES = ("meta.json", "truth.json")


def read_folder(folder: Path) -> ResultsData:
    """The tables of a folder. Raises TablesUnreadable or ResultsError with one sentence and what to do."""
    if not folder.is_dir():
        raise TablesUnreadable(
            f"There is no folder {folder}.", hint="Make one with `leeward simulate --out FOLDER`, or check the path."
        )
    wanted = {name: (*columns, *OPTIONAL.get(name, ())) for name, columns in COLUMNS.items()}
    frames = {name: _read(folder / f"{name}.parquet", columns) for name, columns in wanted.items()}
    agencies = folder / "agencies.parquet"
    listed = _read(agencies, OPTIONAL["agencies"]) if agencies.is_file() else None
    meta = _meta(folder)
    return ResultsData(**frames, agencies=listed, meta={**meta, "digest": _digest(folder, meta)})


def _digest(folder: Path, meta: dict[str, str]) -> str:
    """The digest that the extract gave itself, once its files are found to be those it names; else that of the files.

    Raises TablesUnreadable for a file that was changed after the extract.
    """
    names = [name for name in (*COLUMNS, "agencies") if (folder / f"{name}.parquet").is_file()]
    found = {name: sha256((folder / f"{name}.parquet").read_bytes()).hexdigest() for name in names}
    said = json.loads(meta.get("files", "{}"))
    for name in names:
        if name in said and said[name] != found[name]:
            raise TablesUnreadable(
                f"{name}.parquet is not the file that the extract wrote.", hint="Make the extract again."
            )
    return meta.get("digest") or sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def _read(file: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Only the columns that results need: the rest of a person's row is not even loaded."""
    if not file.is_file():
        raise TablesUnreadable(
            f"The folder lacks {file.name}.", hint=f"It needs {', '.join(f'{name}.parquet' for name in COLUMNS)}."
        )
    try:
        present = set(pq.read_schema(file).names)
        return pd.read_parquet(file, columns=[column for column in columns if column in present])
    except (OSError, pa.ArrowException, ValueError) as error:
        raise TablesUnreadable(f"{file.name} is not a readable Parquet file.", hint="Write it again.") from error


def _meta(folder: Path) -> dict[str, str]:
    for name in _META_FILES:
        file = folder / name
        if file.is_file():
            try:
                said = json.loads(file.read_text(encoding="utf-8"))
            except ValueError as error:
                raise TablesUnreadable(
                    f"{name} is not JSON.", hint='Write {"data_cut": "2026-11-21T00:00:00+00:00"} or remove it.'
                ) from error
            if not isinstance(said, dict):
                return {}
            files = {"files": json.dumps(said["files"])} if isinstance(said.get("files"), dict) else {}
            return {key: str(said[key]) for key in _META if said.get(key)} | files
    return {}

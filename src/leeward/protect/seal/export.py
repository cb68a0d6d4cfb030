"""The log as a file: records and seals as lines of JSON, for whoever checks it on another machine.

Control characters are escaped by JSON, so one record is one line, whatever it holds (U-03).
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from . import keychange
from .canonical import Record, plain, read_moment
from .chain import Seal


class ExportError(Exception):
    """A file is no export of the log. `hint` says what to do."""

    hint = "Give the file that `leeward audit export --out FILE` wrote."


def write(
    out: TextIO, seals: Iterable[Seal], records: Iterable[Record], changes: Iterable[keychange.KeyChange] = ()
) -> int:
    """Write the log as it is, and the changes of the key that signs it; returns how many records."""
    _line(out, {"leeward_audit": 1})
    for change in changes:
        out.write(change.line() + "\n")
    for seal in seals:
        _line(out, {"seal": seal_as_json(seal)})
    count = 0
    for record in records:
        _line(out, {"record": {name: plain(value) for name, value in record.items()}})
        count += 1
    return count


def seals_in(file: Path) -> list[Seal]:
    """The seals of an export. Raises ExportError."""
    return [seal_from_json(line["seal"], file) for line in _lines(file) if "seal" in line]


def changes_in(file: Path) -> list[keychange.KeyChange]:
    """The changes of the signing key in an export. Raises ExportError."""
    return list(keychange.among(json.dumps(line) for line in _lines(file) if "key_change" in line))


def records_in(file: Path) -> Iterator[Record]:
    """The records of an export, in the order of its lines. Raises ExportError while it is read."""
    for line in _lines(file):
        if "record" in line:
            record = line["record"]
            if not isinstance(record, dict) or type(record.get("id")) is not int:
                raise ExportError(f"{file} holds a record without a number.")
            yield record


def seal_as_json(seal: Seal) -> dict[str, object]:
    return {
        "number": seal.number,
        "ids": seal.ids,
        "first_id": seal.first_id,
        "last_id": seal.last_id,
        "count": seal.count,
        "records": seal.records,
        "root": seal.root.hex(),
        "previous": seal.previous.hex(),
        "sealed_at": plain(seal.sealed_at),
        "leaves": seal.leaves.hex(),
        "head": seal.head.hex(),
        "key": seal.key,
        "signature": seal.signature.hex(),
    }


def seal_from_json(said: object, file: Path) -> Seal:
    try:
        if not isinstance(said, dict):
            raise TypeError
        return Seal(
            number=int(said["number"]),
            ids=str(said["ids"]),
            first_id=int(said["first_id"]),
            last_id=int(said["last_id"]),
            count=int(said["count"]),
            records=int(said["records"]),
            root=bytes.fromhex(said["root"]),
            previous=bytes.fromhex(said["previous"]),
            sealed_at=read_moment(said["sealed_at"]),
            leaves=bytes.fromhex(said["leaves"]),
            head=bytes.fromhex(said["head"]),
            key=str(said["key"]),
            signature=bytes.fromhex(said["signature"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(f"{file} holds a seal that can't be read.") from error


def _line(out: TextIO, content: dict[str, object]) -> None:
    out.write(json.dumps(content, separators=(",", ":")) + "\n")


def _lines(file: Path) -> Iterator[dict[str, object]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                said = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ExportError(f"Line {number} of {file} is no JSON.") from error
            if not isinstance(said, dict) or (number == 1 and said.get("leeward_audit") != 1):
                raise ExportError(f"{file} is no export of the log.")
            yield said

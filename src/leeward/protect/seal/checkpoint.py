"""What is kept outside the database of each seal: one signed line of JSON in an append-only file, in several places."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .canonical import moment, read_moment, read_runs
from .chain import Seal, is_signed, key_id

_FORM = b"leeward audit checkpoint 1\n"
#: Hex digits of a leaf that a checkpoint keeps of each record: enough to name the one that is wrong.
MARK = 16
PREFIX = "audit-"
#: Bytes at the end of a file that surely hold its last whole line.
_TAIL = 1 << 20


class CheckpointError(Exception):
    """A checkpoint file can't be read or written. `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Seal `number` of the log as it was when sealed; `marks` is the beginning of each record's leaf hash, in hex."""

    log: str
    number: int
    head: bytes
    records: int
    ids: str
    marks: str
    at: datetime
    public_key: bytes
    signature: bytes = b""

    @property
    def key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public_key)

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        return is_signed(key, self.signature, self._signed())

    def expected(self) -> list[tuple[int, str]]:
        """Number and mark of each record of this batch."""
        ids = read_runs(self.ids)
        return [(one, self.marks[i * MARK : (i + 1) * MARK]) for i, one in enumerate(ids)]

    def line(self) -> str:
        """The checkpoint as one line of JSON, without its end."""
        return json.dumps({**self._said(), "signature": self.signature.hex()}, separators=(",", ":"))

    def _said(self) -> dict[str, object]:
        return {
            "checkpoint": 1,
            "log": self.log,
            "number": self.number,
            "head": self.head.hex(),
            "records": self.records,
            "at": moment(self.at),
            "key": key_id(self.key),
            "public_key": self.public_key.hex(),
            "ids": self.ids,
            "marks": self.marks,
        }

    def _signed(self) -> bytes:
        return _FORM + json.dumps(self._said(), sort_keys=True, separators=(",", ":")).encode()


def of(seal: Seal, *, log: str, key: Ed25519PrivateKey) -> Checkpoint:
    """The signed checkpoint of a seal."""
    said = Checkpoint(
        log=log,
        number=seal.number,
        head=seal.head,
        records=seal.records,
        ids=seal.ids,
        marks="".join(leaf.hex()[:MARK] for leaf in seal.leaf_list()),
        at=seal.sealed_at,
        public_key=key.public_key().public_bytes_raw(),
    )
    return Checkpoint(
        log=said.log, number=said.number, head=said.head, records=said.records, ids=said.ids, marks=said.marks,
        at=said.at, public_key=said.public_key, signature=key.sign(said._signed()),
    )  # fmt: skip


def read_line(line: str) -> Checkpoint:
    """The checkpoint of one line. Raises ValueError if it is none; whether it is signed is another question."""
    try:
        said = json.loads(line)
        if not isinstance(said, dict) or said.get("checkpoint") != 1:
            raise ValueError("no checkpoint")
        found = Checkpoint(
            log=str(said["log"]),
            number=int(said["number"]),
            head=bytes.fromhex(said["head"]),
            records=int(said["records"]),
            ids=str(said["ids"]),
            marks=str(said["marks"]),
            at=read_moment(said["at"]),
            public_key=bytes.fromhex(said["public_key"]),
            signature=bytes.fromhex(said["signature"]),
        )
        if len(found.key.public_bytes_raw()) != 32 or len(read_runs(found.ids)) * MARK != len(found.marks):
            raise ValueError("no checkpoint")
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no checkpoint") from error
    return found


def file_of(place: Path, log: str) -> Path:
    """Where a place keeps the checkpoints of a log."""
    return place / f"{PREFIX}{log[:16]}.jsonl"


def files_in(place: Path) -> list[Path]:
    """The checkpoint files of a place, of whatever log."""
    return sorted(place.glob(f"{PREFIX}*.jsonl"))


def last_in(place: Path, log: str) -> Checkpoint | None:
    """The newest whole checkpoint of the log in a place, None if there is none. Raises CheckpointError."""
    for line in reversed(lines_of(file_of(place, log), missing_ok=True, tail=_TAIL)):
        try:
            return read_line(line)
        except ValueError:
            continue
    return None


def lines_of(file: Path, *, missing_ok: bool = False, tail: int | None = None) -> list[str]:
    """The lines of a checkpoint file that are not empty, or those in its last `tail` bytes. Raises CheckpointError."""
    try:
        with file.open("rb") as content:
            if tail is not None:
                content.seek(max(0, content.seek(0, os.SEEK_END) - tail))
            return [line for line in content.read().decode("ascii").split("\n") if line.strip()]
    except FileNotFoundError as error:
        if missing_ok:
            return []
        raise CheckpointError(f"{file} is not there.", "Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{file} can't be read as checkpoints.", "Check the path and who may read it.") from error


class Line(Protocol):
    """What a file of checkpoints holds."""

    def line(self) -> str: ...


def append(place: Path, checkpoints: Sequence[Checkpoint]) -> None:
    """Add checkpoints of one log to the place's file, as `append_to` does. Raises CheckpointError."""
    if checkpoints:
        append_to(file_of(place, checkpoints[0].log), checkpoints)


def append_to(file: Path, lines: Sequence[Line]) -> None:
    """Add lines to a file: one write, flushed to disk, never touching what is there.

    A line that an earlier crash cut short is left alone, on a line of its own. Raises CheckpointError.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644), "rb+", buffering=0) as out:
            size = out.seek(0, os.SEEK_END)
            torn = size > 0 and os.pread(out.fileno(), 1, size - 1) != b"\n"
            text = "".join(one.line() + "\n" for one in lines)
            whole = ("\n" if torn else "").encode() + text.encode("ascii")
            if out.write(whole) != len(whole):
                raise OSError("the disk is full")
            os.fsync(out.fileno())
    except OSError as error:
        raise CheckpointError(
            f"No checkpoint can be written to {file.parent}: {error.strerror or error}.",
            "Check that the folder is there, has room, and that the job worker may write to it.",
        ) from error

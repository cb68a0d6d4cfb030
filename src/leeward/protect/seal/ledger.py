"""The seal at work in the database, as the auditor role: it reads records, adds seals, and can change neither.

Numbers of records come from a sequence, so a record may become visible after one with a higher number. Up to the first
gap nothing can be hiding. A gap is passed only when each transaction that could still fill it has ended: whoever
inserts holds the table's row-exclusive lock from before the number is drawn until what was written is visible, so the
holders of that lock after the sequence was read are all who may own a number up to it. Nobody's write waits for this.
"""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import IntegrityError, connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import DataError
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader

from leeward.home import home

from . import checkpoint, keychange, keys
from .canonical import Record, leaf
from .chain import Seal, seal
from .export import write
from .verdict import Fault, Kind, Verdict
from .verify import verify as judge
from .vouchers import Source

AUDITOR = "auditor"
BATCH = 1_000
PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.02
_SEAL_COLUMNS = (
    "number", "ids", "first_id", "last_id", "count", "records", "root", "previous", "sealed_at", "leaves", "head",
    "key", "signature",
)  # fmt: skip
_WRITERS = (
    "SELECT DISTINCT virtualtransaction || '/' || coalesce(pid, 0) FROM pg_locks"
    " WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND relation = 'protect_auditrecord'::regclass"
)


class SealRefused(Exception):
    """What is in the database contradicts what was sealed before; signing on would cover it up. `hint` says what to
    do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.hint = "Run `leeward audit verify`. See docs/how-to/audit.md."


@dataclass(slots=True)
class Round:
    """What one round did. `waiting` says that records wait for transactions that are still open."""

    seals: int = 0
    records: int = 0
    waiting: bool = False
    troubles: list[str] = field(default_factory=list)


def places() -> list[Path]:
    """Where checkpoints are kept, from `LEEWARD_CHECKPOINTS`."""
    from django.conf import settings

    return [Path(place) for place in settings.LEEWARD_CHECKPOINTS]


def seal_all(
    *,
    key: Ed25519PrivateKey | None = None,
    into: Sequence[Path] | None = None,
    batch: int = BATCH,
    patience: float = PATIENCE_SECONDS,
) -> Round:
    """Seal every record that is settled, in batches of at most `batch`; leave a checkpoint of each seal in each place.

    Waits at most `patience` seconds for transactions that may still own a number. One sealer works at a time; another
    does nothing. Raises SealRefused where the log contradicts its own seals or checkpoints.
    """
    kept_in = places() if into is None else list(into)
    with _alone(wait=False) as is_alone:
        if not is_alone:
            return Round()
        begun = keys.finish_change(kept_in) if key is None else []
        signing = key or keys.signing_key()
        before = last_seal()
        if before is not None:
            _refuse_contradiction(before, signing, kept_in)
        done = Round(troubles=[*begun, *_catch_up(kept_in, signing)])
        to, is_settled = _horizon(patience)
        while True:
            numbered = settled(before.last_id if before else 0, to, is_settled=is_settled, limit=batch)
            done.waiting = not is_settled
            if not numbered:
                break
            try:
                made = _seal(numbered, before, signing)
            except IntegrityError:  # another installation seals this log too: the number is its
                break
            done.seals, done.records = done.seals + 1, done.records + made.count
            before = made
        if done.seals:
            done.troubles = _catch_up(kept_in, signing)
        return done


def settled(after: int, to: int, *, is_settled: bool, limit: int) -> list[Record]:
    """The next records after number `after`, at most `limit`, that nothing can come between any more."""
    found: list[Record] = []
    for record in records(after=after, to=to, limit=limit):
        number = int(str(record["id"]))
        if not is_settled and number != after + 1:
            break
        found.append(record)
        after = number
    return found


def records(
    *, after: int | None = None, to: int | None = None, limit: int | None = None, chunk: int = 2_000
) -> Iterator[Record]:
    """Records by number, every column, in chunks that are transactions of their own. Also those whose number no
    sequence would give."""
    left = limit
    while left is None or left > 0:
        size = chunk if left is None else min(chunk, left)
        with _cursor() as cursor:
            cursor.execute(
                "SELECT * FROM protect_auditrecord WHERE (%s::bigint IS NULL OR id > %s)"
                " AND (%s::bigint IS NULL OR id <= %s) ORDER BY id LIMIT %s",
                [after, after, to, to, size],
            )
            names = [column[0] for column in cursor.description]
            rows = cursor.fetchall()
        found = [dict(zip(names, row, strict=True)) for row in rows]
        # A chunk must not end within a number that stands there twice, which only tampering can bring about.
        if len(found) == size and size > 1 and left is None:
            end = found[-1]["id"]
            if found[0]["id"] != end:
                while found[-1]["id"] == end:
                    found.pop()
        yield from found
        if len(rows) < size:
            return
        after = int(found[-1]["id"])
        left = None if left is None else left - len(found)


def seals(*, after: int | None = None, chunk: int = 100) -> Iterator[Seal]:
    """The seals in order, read in chunks. Also those whose number nobody would give."""
    while True:
        with _cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(_SEAL_COLUMNS)} FROM protect_auditseal"  # noqa: S608
                " WHERE %s::bigint IS NULL OR number > %s ORDER BY number LIMIT %s",
                [after, after, chunk],
            )
            rows = cursor.fetchall()
        found = [_as_seal(row) for row in rows]
        yield from found
        if len(found) < chunk:
            return
        after = found[-1].number


def last_seal() -> Seal | None:
    """The newest seal, None if nothing was ever sealed."""
    with _cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(_SEAL_COLUMNS)} FROM protect_auditseal ORDER BY number DESC LIMIT 1"  # noqa: S608
        )
        row = cursor.fetchone()
    return _as_seal(row) if row else None


def unsealed_since() -> datetime | None:
    """The moment of the oldest record that no seal holds, None if all are sealed."""
    with connections[AUDITOR].cursor() as cursor:
        cursor.execute(
            "SELECT at FROM protect_auditrecord WHERE id > (SELECT coalesce(max(last_id), 0) FROM protect_auditseal)"
            " ORDER BY id LIMIT 1"
        )
        row = cursor.fetchone()
    return row[0] if row else None


@contextmanager
def holding_still() -> Iterator[None]:
    """No seal is made meanwhile, so that seals and checkpoints can be read as of one moment. Writes go on."""
    with _alone(wait=True):
        yield


def origin() -> str | None:
    """Name of the log: what its first seal follows, in hex."""
    with _cursor() as cursor:
        cursor.execute("SELECT previous FROM protect_auditseal WHERE number = 1")
        row = cursor.fetchone()
    return bytes(row[0]).hex() if row else None


class _Moment(TimestamptzLoader):
    """A moment, or its text where no calendar has it: `infinity` is tampering to be told, not an error."""

    def load(self, data: Buffer) -> datetime | str:  # type: ignore[override]
        try:
            return super().load(data)
        except DataError:
            return bytes(data).decode()


@contextmanager
def _cursor() -> Iterator[CursorWrapper]:
    with connections[AUDITOR].cursor() as cursor:
        cursor.cursor.adapters.register_loader("timestamptz", _Moment)
        yield cursor


@contextmanager
def _alone(*, wait: bool) -> Iterator[bool]:
    """One at a time on this installation, by a lock on a file: a lock in the database would not outlive a pooler."""
    with (home() / "audit-seal.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _horizon(patience: float) -> tuple[int, bool]:
    """The highest number drawn so far, and whether everybody who may own one up to it has ended."""
    with connections[AUDITOR].cursor() as cursor:
        cursor.execute("SELECT last_value FROM protect_auditrecord_id_seq")
        to = int(cursor.fetchone()[0])
        cursor.execute(_WRITERS)
        writers = {row[0] for row in cursor.fetchall()}
        until = time.monotonic() + patience
        while writers and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
            cursor.execute(_WRITERS)
            writers &= {row[0] for row in cursor.fetchall()}
    return to, not writers


def _seal(numbered: Sequence[Record], before: Seal | None, key: Ed25519PrivateKey) -> Seal:
    with transaction.atomic(using=AUDITOR), connections[AUDITOR].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        made = seal(
            [int(str(record["id"])) for record in numbered],
            [leaf(record) for record in numbered],
            after=before,
            origin=os.urandom(32),
            at=cursor.fetchone()[0],
            key=key,
        )
        cursor.execute(
            f"INSERT INTO protect_auditseal ({', '.join(_SEAL_COLUMNS)})"  # noqa: S608
            f" VALUES ({', '.join(['%s'] * len(_SEAL_COLUMNS))})",
            [getattr(made, name) for name in _SEAL_COLUMNS],
        )
    return made


def _refuse_contradiction(last: Seal, key: Ed25519PrivateKey, kept_in: Sequence[Path]) -> None:
    """A history that isn't the one that was signed must not get new signatures. Raises SealRefused."""
    log = origin()
    if log is None:
        raise SealRefused("The first seal is gone from the database.")
    _refuse_unsigned(last, keychange.trusted(key.public_key(), keys.kept_changes(), log=log))
    for place in kept_in:
        newest = checkpoint.last_in(place, log)
        if newest is None:
            continue
        if newest.number > last.number:
            raise SealRefused(
                f"The database ends at seal {last.number}, but {place} holds the checkpoint of seal {newest.number}."
            )
        found = last if newest.number == last.number else next(seals(after=newest.number - 1, chunk=1), None)
        if found is None or found.number != newest.number or found.head != newest.head:
            raise SealRefused(f"Seal {newest.number} in the database is not the one whose checkpoint {place} holds.")


def _refuse_unsigned(seal: Seal, trusted: keychange.Keys) -> None:
    if not (seal.is_whole() and seal.is_signed_by(trusted.of_seal(seal.number))):
        raise SealRefused(f"Seal {seal.number} in the database is not as this site's key signed it.")


def _catch_up(kept_in: Sequence[Path], key: Ed25519PrivateKey) -> list[str]:
    """Write to each place the checkpoints that it lacks; what could not be written is returned as sentences."""
    log, troubles = origin(), []
    if log is None:
        return []
    trusted = keychange.trusted(key.public_key(), keys.kept_changes(), log=log)
    for place in kept_in:
        try:
            newest = checkpoint.last_in(place, log)
            lacking = []
            for one in seals(after=newest.number if newest else 0):
                _refuse_unsigned(one, trusted)
                lacking.append(checkpoint.of(one, log=log, key=key))
            checkpoint.append(place, lacking)
        except checkpoint.CheckpointError as error:
            troubles.append(f"{error} {error.hint}")
    return troubles


def _as_seal(row: Sequence[object]) -> Seal:
    named = zip(_SEAL_COLUMNS, row, strict=True)
    said = {name: bytes(value) if isinstance(value, memoryview) else value for name, value in named}
    return Seal(**said)  # type: ignore[arg-type]


def verify(sources: Sequence[Source] = (), *, key: Ed25519PublicKey | None = None) -> Verdict:
    """Judge the log in the database: against `sources`, or else against every configured place. `key` is the public
    key to trust, else the installation's own."""
    with holding_still():
        known = list(seals())
        kept = list(sources) or current_sources(known)
    held, changes = key or keys.signing_key().public_key(), keys.kept_changes()
    verdict = judge(records(), known, kept, key=held, changes=changes)
    if not sources and known and verdict.proven_to is None:
        said = "No configured place holds a checkpoint of this log: they were taken away, or could never be written."
        verdict.faults.append(Fault(kind=Kind.CHECKPOINT, record=known[0].first_id, said=said))
        verdict.fault_count += 1
    return verdict


def current_sources(known: Sequence[Seal]) -> list[Source]:
    """The checkpoint files of every configured place. A place without one of this log is an empty one."""
    found: list[Source] = []
    for place in places():
        files = checkpoint.files_in(place)
        own = checkpoint.file_of(place, known[0].previous.hex()) if known else None
        found += [Source(str(file), checkpoint.lines_of(file), file == own) for file in files]
        if own is not None and own not in files:
            found.append(Source(str(own), [], True))
    return found


def export(out: Path) -> int:
    """Write the log to a new file with mode 600; returns how many records."""
    out.unlink(missing_ok=True)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        return write(file, seals(), records(), keys.kept_changes())

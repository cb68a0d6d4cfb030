"""The twelve ways of U-01 to tamper with the sealed log, each done by the database's superuser, and what must be found.

Who attacks here owns the database: past row security, triggers and keys of rows, with hashes rebuilt where that helps.
What the attacker lacks is the signing key and the places of the checkpoints.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import connections, transaction
from typer.testing import CliRunner

from leeward.people.models import Agency, Staff
from leeward.platform.commands import audit
from leeward.protect.seal import chain, checkpoint, ledger
from leeward.protect.seal.canonical import leaf
from leeward.protect.seal.chain import Seal
from leeward.protect.seal.verdict import Kind, Verdict
from leeward.protect.seal.vouchers import Source

_COLUMNS = ("id", "at", "staff_id", "agency_id", "client_id", "action", "subject", "fields", "rule")
_ALL = ", ".join(_COLUMNS)


@dataclass(slots=True)
class Found:
    """What the verifier must say of an attack: the first bad record, and one of these kinds."""

    record: int
    kinds: frozenset[Kind]
    #: What the attacker puts in the verifier's hands instead of the truth.
    key: Ed25519PublicKey | None = None
    sources: list[Source] | None = None


@dataclass(slots=True)
class Log:
    """An untouched, sealed log: its records' numbers, and a copy of everything to go back to."""

    ids: list[int]
    seals: list[Seal]
    unsealed: list[int]
    lines: list[str]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def sources(self) -> list[Source]:
        return [Source("outside", self.lines)]


def superuser(*statements: str) -> None:
    """Run as the administrator past triggers, rules and references."""
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)


def rows() -> list[tuple[Any, ...]]:
    with connections["admin"].cursor() as cursor:
        cursor.execute(f"SELECT {_ALL} FROM protect_auditrecord ORDER BY id")
        return list(cursor.fetchall())


def capture(lines: Sequence[str]) -> Log:
    """The log as it is, with the checkpoints that were written of it."""
    seals, kept = list(ledger.seals()), rows()
    ids = [row[0] for row in kept]
    sealed_to = seals[-1].last_id
    return Log(
        [one for one in ids if one <= sealed_to], seals, [one for one in ids if one > sealed_to], list(lines), kept
    )


def restore(log: Log) -> None:
    """Put everything back as it was captured."""
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    put_rows(log.rows)
    put_seals(log.seals)


def put_rows(kept: Sequence[tuple[Any, ...]]) -> None:
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.executemany(
            f"INSERT INTO protect_auditrecord ({_ALL}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})", kept
        )


def put_seals(seals: Sequence[Seal]) -> None:
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("TRUNCATE protect_auditseal")
        names = ledger._SEAL_COLUMNS
        cursor.executemany(
            f"INSERT INTO protect_auditseal ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
            [[getattr(seal, name) for name in names] for seal in seals],
        )


def rebuilt(seals: Sequence[Seal], *, from_number: int = 1, key: Ed25519PrivateKey | None = None) -> list[Seal]:
    """Every hash made anew over the records as they are now; signed anew only by whoever has a key."""
    by_id = {int(str(record["id"])): record for record in ledger.records()}
    made: list[Seal] = [seal for seal in seals if seal.number < from_number]
    first = 1 if from_number == 1 else made[-1].last_id + 1
    for old in seals[from_number - 1 :]:
        ids = [one for one in sorted(by_id) if first <= one <= old.last_id]
        first = old.last_id + 1
        if not ids:
            continue
        new = chain.seal(
            ids, [leaf(by_id[one]) for one in ids], after=made[-1] if made else None, origin=old.previous,
            at=old.sealed_at, key=key or Ed25519PrivateKey.generate(),
        )  # fmt: skip
        made.append(new if key else replace(new, key=old.key, signature=old.signature))
    return made


def edit(log: Log, chance: random.Random) -> Found:
    number = chance.choice(log.ids)
    column = chance.choice(["action = 'read nothing'", "fields = '{}'", "staff_id = NULL", "rule = rule || 'x'",
                            "client_id = gen_random_uuid()", "subject = subject || ' '"])  # fmt: skip
    superuser(f"UPDATE protect_auditrecord SET {column} WHERE id = {number}")
    return Found(number, frozenset({Kind.ALTERED}))


def delete(log: Log, chance: random.Random) -> Found:
    number = chance.choice(log.ids[:-1])
    superuser(f"DELETE FROM protect_auditrecord WHERE id = {number}")
    return Found(number, frozenset({Kind.MISSING}))


def insert(log: Log, chance: random.Random) -> Found:
    gaps = sorted(set(range(log.ids[0], log.ids[-1])) - set(log.ids))
    number, like = chance.choice(gaps), chance.choice(log.ids)
    superuser(
        f"INSERT INTO protect_auditrecord ({_ALL}) SELECT {number}, at, staff_id, agency_id, gen_random_uuid(), action,"
        f" subject, fields, rule FROM protect_auditrecord WHERE id = {like}"
    )
    return Found(number, frozenset({Kind.INSERTED, Kind.BACKDATED}))


def reorder(log: Log, chance: random.Random) -> Found:
    one, other = sorted(chance.sample(log.ids, 2))
    superuser(
        f"UPDATE protect_auditrecord SET id = -1 WHERE id = {one}",
        f"UPDATE protect_auditrecord SET id = {one} WHERE id = {other}",
        f"UPDATE protect_auditrecord SET id = {other} WHERE id = -1",
    )
    return Found(one, frozenset({Kind.REORDERED}))


def duplicate(log: Log, chance: random.Random) -> Found:
    gaps = sorted(set(range(log.ids[0], log.ids[-1])) - set(log.ids))
    number, like = chance.choice(gaps), chance.choice(log.ids)
    superuser(
        f"INSERT INTO protect_auditrecord ({_ALL}) SELECT {number}, at, staff_id, agency_id, client_id, action,"
        f" subject, fields, rule FROM protect_auditrecord WHERE id = {like}"
    )
    return Found(number, frozenset({Kind.DUPLICATED}))


def backdate(log: Log, chance: random.Random) -> Found:
    days = chance.randint(1, 400)
    if chance.random() < 0.5:
        number = chance.choice(log.ids)
        superuser(f"UPDATE protect_auditrecord SET at = at - interval '{days} days' WHERE id = {number}")
        kinds = {Kind.BACKDATED} if number != log.ids[0] else {Kind.BACKDATED, Kind.ALTERED}
        return Found(number, frozenset(kinds))
    number = (log.unsealed or log.ids)[-1] + 1
    superuser(
        f"INSERT INTO protect_auditrecord ({_ALL}) SELECT {number}, at - interval '{days} days', staff_id, agency_id,"
        f" client_id, 'read consent', subject, fields, rule FROM protect_auditrecord WHERE id = {log.ids[-1]}"
    )
    return Found(number, frozenset({Kind.BACKDATED}))


def cut_tail(log: Log, chance: random.Random) -> Found:
    number = chance.choice(log.ids[1:])
    superuser(f"DELETE FROM protect_auditrecord WHERE id >= {number}")
    return Found(number, frozenset({Kind.CUT}))


def empty(log: Log, chance: random.Random) -> Found:
    superuser("TRUNCATE protect_auditrecord" + (", protect_auditseal" if chance.random() < 0.5 else ""))
    return Found(log.ids[0], frozenset({Kind.EMPTIED}))


def rebuild(log: Log, chance: random.Random) -> Found:
    """A record is changed or taken out, and every hash from there on made anew, signatures left as they were."""
    found = chance.choice([edit, delete])(log, chance)
    put_seals(rebuilt(log.seals))
    return replace(found, kinds=frozenset({Kind.ALTERED, Kind.MISSING}))


def roll_back(log: Log, chance: random.Random) -> Found:
    """An old copy of the database, whole in itself, takes the place of the new one."""
    seal = chance.choice(log.seals[:-1])
    superuser(
        f"DELETE FROM protect_auditrecord WHERE id > {seal.last_id}",
        f"DELETE FROM protect_auditseal WHERE number > {seal.number}",
    )
    return Found(next(one for one in log.ids if one > seal.last_id), frozenset({Kind.ROLLED_BACK}))


def swap_key(log: Log, chance: random.Random) -> Found:
    """Everything is made anew under a key of the attacker's, who hands that public key to the verifier, or not."""
    own = Ed25519PrivateKey.generate()
    found = replace(edit(log, chance), kinds=frozenset({Kind.KEY, Kind.ALTERED}))
    put_seals(rebuilt(log.seals, key=own))
    return found if chance.random() < 0.5 else replace(found, key=own.public_key())


def replay(log: Log, chance: random.Random) -> Found:
    """The database goes back, and an old checkpoint is put after the newest one to vouch for that."""
    seal = chance.choice(log.seals[:-1])
    roll = chance.random() < 0.5
    if roll:
        superuser(
            f"DELETE FROM protect_auditrecord WHERE id > {seal.last_id}",
            f"DELETE FROM protect_auditseal WHERE number > {seal.number}",
        )
    first = next(one for one in log.ids if one > seal.last_id)
    lines = [*log.lines, log.lines[seal.number - 1]]
    return Found(first, frozenset({Kind.CHECKPOINT, Kind.ROLLED_BACK}), sources=[Source("outside", lines)])


ATTACKS: dict[str, Callable[[Log, random.Random], Found]] = {
    "edit": edit,
    "delete": delete,
    "insert": insert,
    "reorder": reorder,
    "duplicate": duplicate,
    "backdate": backdate,
    "cut the tail": cut_tail,
    "empty the log": empty,
    "rebuild all hashes": rebuild,
    "roll back to an old copy": roll_back,
    "swap the public key": swap_key,
    "replay an old checkpoint": replay,
}

#: How far apart the moments of records lie in these logs, so that time tells their order.
STEP = timedelta(minutes=10)


def write_log(by: Staff, *, records: int, gap_every: int = 7) -> None:
    """Empty the log and write so many records, with gaps in the numbers, as transactions that fail leave behind."""
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "SELECT setval('protect_auditrecord_id_seq', greatest(last_value, 1)) FROM protect_auditrecord_id_seq"
        )
        for number in range(records):
            if number and number % gap_every == 0:
                cursor.execute("SELECT nextval('protect_auditrecord_id_seq')")
            cursor.execute(
                "INSERT INTO protect_auditrecord (at, staff_id, agency_id, client_id, action, subject, fields, rule)"
                " VALUES (clock_timestamp() - %s, %s, %s, gen_random_uuid(), %s, %s, %s, 'row-1')",
                [
                    STEP * (records - number),
                    by.pk,
                    by.agency_id,
                    f"read page.{number % 5}",
                    "people_client",
                    ["code", "language"],
                ],
            )


#: A record as a page writes it, of nobody in particular.
NOTE = (
    "INSERT INTO protect_auditrecord (at, agency_id, action, subject, fields, rule)"
    " VALUES (clock_timestamp(), %s, %s, '', '{code}', '')"
)


def note(agency: Agency, times: int = 1) -> None:
    """Records of this moment, committed, which nobody has sealed yet."""
    for number in range(times):
        with connections["admin"].cursor() as cursor:
            cursor.execute(NOTE, [agency.pk, f"read page.{number}"])


def judged(sources: Sequence[Source] = ()) -> Verdict:
    return ledger.verify(sources)


def run(*words: str) -> Result:
    """What the command `leeward audit` says."""
    return CliRunner().invoke(audit.app, list(words))


def checkpoint_lines(place: Any) -> list[str]:
    return [line for file in checkpoint.files_in(place) for line in checkpoint.lines_of(file)]

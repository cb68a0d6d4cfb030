"""Is this the log that was written? Needs the records, the seals, a public key and a checkpoint; no database.

What a seal or a checkpoint says of a batch is compared record by record, so that the first one that is wrong is named.
A batch is judged by its seal as long as the seal is whole, signed, in its place in the chain, and the one that the
checkpoint vouches for; else by the checkpoint; and where there is none, only the batch can be named.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from . import vouchers
from .canonical import NotCanonical, Record, leaf, read_moment, read_runs
from .chain import Seal, key_id
from .checkpoint import MARK, Checkpoint
from .keychange import KeyChange
from .verdict import Fault, Kind, Verdict
from .vouchers import Source, Vouchers

#: A record may say an earlier moment than one before it by so much: writers overlap, and clocks are set.
CLOCKS_AGREE_WITHIN = timedelta(minutes=5)
#: So many faults are listed, the rest counted; of so many it is tried whose content they carry.
LISTED = 20
EXPLAINED = 5


@dataclass(slots=True)
class _Batch:
    """What is known of one batch. `expected` is None where nothing can be trusted to say which records it holds."""

    number: int
    first: int
    last: int
    expected: list[tuple[int, str]] | None
    #: What is wrong with the seal itself.
    trouble: str | None = None
    kind: Kind = Kind.SEAL
    is_gone: bool = False


@dataclass(slots=True)
class _Walk:
    """One pass over the records, merged with what is expected."""

    missing: dict[int, None] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    #: Records that are wrong, for a second look.
    wrong: list[Record] = field(default_factory=list)
    #: First record of each batch of which nothing is known.
    unjudged: dict[int, int] = field(default_factory=dict)
    records: int = 0
    unsealed: int = 0


def verify(
    records: Iterable[Record], seals: Sequence[Seal], sources: Sequence[Source], *, key: Ed25519PublicKey | None,
    changes: Iterable[KeyChange] = (),
) -> Verdict:  # fmt: skip
    """Judge a log. `records` come in the order in which they are kept; `key` is the public key that the asker holds,
    `changes` those of the key that are known from elsewhere than the sources."""
    ordered = sorted(seals, key=lambda one: one.number)
    said = vouchers.read(sources, ordered, key=key, changes=changes)
    batches = _batches(ordered, said)
    walk = _compare(records, batches)
    verdict = Verdict(records=walk.records, unsealed=walk.unsealed, seals=len(ordered), notes=said.notes)
    verdict.sealed = walk.records - walk.unsealed
    faults = [*said.faults, *_seal_faults(batches, walk), *_explained(walk, batches), *_gone(walk, batches)]
    faults.sort(
        key=lambda fault: (not fault.is_of_record, fault.record is None, fault.record or 0, _LAST.get(fault.kind, 0))
    )
    verdict.fault_count, verdict.faults = len(faults), faults[:LISTED]
    _tell_what_is_proven(verdict, batches, said)
    return verdict


#: Where several faults begin at one record, the one that says what happened to it comes first.
_LAST = {Kind.CHECKPOINT: 1, Kind.SEAL: 2, Kind.REBUILT: 2, Kind.KEY: 3}


def _batches(seals: Sequence[Seal], said: Vouchers) -> list[_Batch]:
    by_number: dict[int, Seal] = {}
    twice: set[int] = set()
    for seal in seals:
        twice |= {seal.number} & by_number.keys()
        by_number.setdefault(seal.number, seal)
    numbers = _numbers({*by_number, *said.by_number})
    batches: list[_Batch] = []
    before: Seal | None = None
    for number in numbers:
        found, checkpoint = by_number.get(number), said.by_number.get(number)
        key = said.key_of(number)
        if found and checkpoint and key and not said.trusts(checkpoint):
            # A checkpoint by a strange key may name what is wrong with a strange seal; it accuses no seal of ours.
            checkpoint = None if found.is_signed_by(key) else checkpoint
        end = batches[-1].last if batches else 0
        trouble = "its number stands there twice" if number in twice else _trouble(found, before, checkpoint, key)
        batches.append(_batch(number, found, checkpoint, trouble, end, key))
        before = found
    for batch, after in pairwise(batches):
        if batch.expected is None:  # then all that is known of it is that it ended before the next one began
            batch.last = after.first - 1 if after.expected else batch.last
    return batches


def _numbers(known: set[int]) -> list[int]:
    """Every number that is known, and the first one of each gap: a made-up number must not make a long walk."""
    gaps = {1} | {number + 1 for number in known if number >= 1}
    return sorted(known | {number for number in gaps if known and number < max(known)})


def _trouble(
    seal: Seal | None, before: Seal | None, checkpoint: Checkpoint | None, key: Ed25519PublicKey | None
) -> str | None:
    """What is wrong with a seal itself, None if nothing is."""
    if seal is None:
        return "it is gone"
    if seal.number < 1:
        return "no seal has such a number"
    if not seal.is_whole():
        return "its parts do not follow from each other: it was changed"
    if key is not None and not seal.is_signed_by(key):
        return f"it is not signed by the key you hold (it names key {seal.key[:16]!r}): it was made anew"
    if before is not None and seal.previous != before.head:
        return "it does not follow the seal before it"
    if before is None and seal.number > 1:
        return "the seal before it is gone"
    if checkpoint is not None and checkpoint.head != seal.head:
        return "it is not the one that the checkpoint vouches for: it was made anew"
    return None


def _batch(
    number: int,
    seal: Seal | None,
    checkpoint: Checkpoint | None,
    trouble: str | None,
    end: int,
    key: Ed25519PublicKey | None,
) -> _Batch:
    expected: list[tuple[int, str]] | None = None
    if seal is not None and _says_the_truth(seal, checkpoint, key):
        ids = read_runs(seal.ids)
        expected = [(one, each.hex()) for one, each in zip(ids, seal.leaf_list(), strict=True)]
    elif checkpoint is not None:
        expected = checkpoint.expected()
    if expected:
        first, last = expected[0][0], expected[-1][0]
    else:
        first, last = (end + 1, max(end, seal.last_id)) if seal is not None else (end + 1, end)
    kind = Kind.SEAL
    if seal is not None and key is not None and seal.is_whole() and not seal.is_signed_by(key):
        kind = Kind.KEY if seal.key != key_id(key) else Kind.REBUILT
    elif seal is not None and checkpoint is not None and checkpoint.head != seal.head:
        kind = Kind.REBUILT
    return _Batch(number, first, last, expected, trouble, kind, seal is None)


def _says_the_truth(seal: Seal, checkpoint: Checkpoint | None, key: Ed25519PublicKey | None) -> bool:
    """Whether a seal can be believed about its own records, also where the seal before it is wrong or gone."""
    is_signed = key is None or seal.is_signed_by(key)
    is_the_one = checkpoint is None or checkpoint.head == seal.head
    if not (seal.is_whole() and is_signed and is_the_one):
        return False
    try:
        return len(read_runs(seal.ids)) == seal.count
    except ValueError:
        return False


def _compare(records: Iterable[Record], batches: Sequence[_Batch]) -> _Walk:
    walk = _Walk()
    expected = _expected(batches)
    unknown = [batch for batch in batches if batch.expected is None]
    sealed_to = max((batch.last for batch in batches), default=0)
    awaited = next(expected, None)
    before: int | None = None
    latest: datetime | None = None
    for record in records:
        walk.records += 1
        number = _number(record)
        if before is not None and number <= before:
            _out_of_place(record, number, before, walk)
            continue
        before = number
        while awaited is not None and awaited[0] < number:
            walk.missing[awaited[0]] = None
            awaited = next(expected, None)
        at = _at(record)
        backdated = latest is not None and at is not None and at < latest - CLOCKS_AGREE_WITHIN
        if awaited is not None and awaited[0] == number:
            is_as_sealed = _matches(record, awaited[1])
            awaited = next(expected, None)
            if not is_as_sealed:
                _note(walk, record, Kind.BACKDATED if backdated else Kind.ALTERED, number)
                continue
        elif number > sealed_to:
            walk.unsealed += 1
        elif batch := next((one for one in unknown if one.first <= number <= one.last), None):
            walk.unjudged.setdefault(batch.number, number)
        else:
            _note(walk, record, Kind.INSERTED, number)
            continue
        if backdated:
            _note(walk, record, Kind.BACKDATED, number)
        elif at is not None and (latest is None or at > latest):
            latest = at
    while awaited is not None:
        walk.missing[awaited[0]] = None
        awaited = next(expected, None)
    return walk


def _expected(batches: Sequence[_Batch]) -> Iterator[tuple[int, str]]:
    """Number and hash of each record that is vouched for, in order; a batch that overlaps the one before is its own
    seal's trouble, and its records are awaited once."""
    last = 0
    for batch in batches:
        for number, mark in batch.expected or ():
            if number > last:
                yield number, mark
                last = number


def _matches(record: Record, mark: str) -> bool:
    try:
        return leaf(record).hex().startswith(mark) and len(mark) >= MARK
    except ValueError:
        return False


def _out_of_place(record: Record, number: int, before: int, walk: _Walk) -> None:
    if number in walk.missing:
        del walk.missing[number]
        said = f"Record {number} stands after record {before}: the order was changed."
        walk.faults[number] = Fault(kind=Kind.REORDERED, record=number, said=said)
    else:
        said = f"Record {number} stands there more than once."
        walk.faults.setdefault(number, Fault(kind=Kind.DUPLICATED, record=number, said=said))


_SAID = {
    Kind.ALTERED: "Record {0} is not what was sealed: it was altered.",
    Kind.INSERTED: "Record {0} was put in after its neighbours were sealed.",
    Kind.BACKDATED: "Record {0} says a time well before that of records that were written earlier: it was backdated.",
}


def _note(walk: _Walk, record: Record, kind: Kind, number: int) -> None:
    walk.faults[number] = Fault(kind=kind, record=number, said=_SAID[kind].format(number))
    if len(walk.wrong) < EXPLAINED:
        walk.wrong.append(record)


def _explained(walk: _Walk, batches: Sequence[_Batch]) -> list[Fault]:
    """The faults of records; the first few are told better where another record's content stands in their place."""
    for record in walk.wrong:
        number = _number(record)
        fault = walk.faults[number]
        if fault.kind is Kind.BACKDATED:
            continue
        whose = _whose(record, batches)
        if whose is None or whose == number:
            continue
        if fault.kind is Kind.INSERTED:
            said = f"Record {number} is record {whose} again: it was duplicated."
            walk.faults[number] = Fault(kind=Kind.DUPLICATED, record=number, said=said)
        else:
            said = f"Record {number} holds what was sealed as record {whose}: the order was changed."
            walk.faults[number] = Fault(kind=Kind.REORDERED, record=number, said=said)
    return list(walk.faults.values())


def _whose(record: Record, batches: Sequence[_Batch]) -> int | None:
    """The number under which exactly this content was sealed."""
    content = dict(record)
    for number, mark in _expected(batches):
        content["id"] = number
        if _matches(content, mark):
            return number
    return None


def _gone(walk: _Walk, batches: Sequence[_Batch]) -> list[Fault]:
    """Faults of the records that are not there: each run of them one; at the end of the log, what that means."""
    if not walk.missing:
        return []
    awaited = [number for number, _ in _expected(batches)]
    place = {number: i for i, number in enumerate(awaited)}
    spans: list[list[int]] = []
    for number in sorted(walk.missing):
        if spans and place[number] == place[spans[-1][1]] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return [_span(first, last, awaited, walk, batches) for first, last in spans]


def _span(first: int, last: int, awaited: Sequence[int], walk: _Walk, batches: Sequence[_Batch]) -> Fault:
    which = f"Record {first} is" if first == last else f"Records {first} to {last} are"
    if not walk.records:
        return Fault(kind=Kind.EMPTIED, record=first, said=f"{which} gone: the log was emptied.")
    if last != awaited[-1]:
        return Fault(kind=Kind.MISSING, record=first, said=f"{which} missing.")
    kept = [batch for batch in batches if not batch.is_gone]
    if len(kept) < len(batches) and batches[-1].is_gone and (not kept or first > kept[-1].last):
        said = (
            f"{which} gone and so is each seal after seal {len(kept)}: the log was rolled back to an old copy,"
            " or its end was cut off with its seals."
        )
        return Fault(kind=Kind.ROLLED_BACK, record=first, said=said)
    return Fault(kind=Kind.CUT, record=first, said=f"{which} gone: the end of the log was cut off.")


def _seal_faults(batches: Sequence[_Batch], walk: _Walk) -> list[Fault]:
    """Troubles of the seals, without those of seals that went together with their records. Where it is known which
    record of the batch is wrong, the seal's trouble begins with that one."""
    bad = sorted([*walk.missing, *walk.faults])
    found: list[Fault] = []
    for batch in batches:
        if batch.trouble is None:
            continue
        if batch.is_gone and batch.expected and all(number in walk.missing for number, _ in batch.expected):
            continue
        first = batch.first if batch.expected else walk.unjudged.get(batch.number, batch.first)
        place = bisect_left(bad, first)
        is_named = batch.expected is not None and place < len(bad) and bad[place] <= batch.last
        which = "" if batch.expected else " Which of its records are wrong can't be said."
        said = f"Seal {batch.number}, from record {first} on: {batch.trouble}.{which}"
        is_of_record = is_named or batch.expected is None
        record = bad[place] if is_named else first
        found.append(Fault(kind=batch.kind, record=record, said=said, is_of_record=is_of_record))
    return found


def _tell_what_is_proven(verdict: Verdict, batches: Sequence[_Batch], said: Vouchers) -> None:
    verdict.key = key_id(said.key) if said.key is not None else ""
    newest = said.newest
    if newest is not None:
        verdict.proven_to, verdict.proven_at = read_runs(newest.ids)[-1], newest.at
        later = [batch for batch in batches if batch.number > newest.number]
        if later:
            verdict.notes.append(
                f"The newest checkpoint is that of seal {newest.number}. Records {later[0].first} to {later[-1].last}"
                " were sealed after it: for them there is only the site's own signature, so whoever holds its key"
                " could have rewritten them, and an end that was cut off would not be seen."
            )
    elif batches:
        verdict.notes.append(
            "There is no checkpoint: the site's own signature is all there is, so whoever holds its key could have"
            " rewritten every record, and an end that was cut off would not be seen."
        )
    if verdict.unsealed:
        verdict.notes.append(
            f"{verdict.unsealed} records at the end are not sealed yet: nothing can be proven of them."
        )


def _number(record: Record) -> int:
    number = record.get("id")
    if not isinstance(number, int):
        raise NotCanonical("A record has no number.")
    return number


def _at(record: Mapping[str, object]) -> datetime | None:
    at = record.get("at")
    if isinstance(at, str):
        try:
            return read_moment(at)
        except ValueError:
            return None
    return at if isinstance(at, datetime) else None

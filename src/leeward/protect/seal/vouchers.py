"""Reads checkpoint files as evidence: which lines count, what each says, and what is wrong with a file itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from . import keychange
from .canonical import read_runs
from .chain import Seal, key_id
from .checkpoint import MARK, Checkpoint, read_line
from .keychange import KeyChange
from .verdict import Fault, Kind


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint file: what to call it, and its lines. Where `is_current`, it should hold the newest seal."""

    name: str
    lines: Sequence[str]
    is_current: bool = False


@dataclass(slots=True)
class Vouchers:
    """What the checkpoints say together. `by_number` holds those of the log that is checked, one a seal."""

    by_number: dict[int, Checkpoint] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    key: Ed25519PublicKey | None = None
    #: Which key signs which seal, found from `key`; None while no key is known.
    keys: keychange.Keys | None = None
    #: Checkpoints by another key than the pinned one.
    strange: list[Checkpoint] = field(default_factory=list)

    @property
    def newest(self) -> Checkpoint | None:
        return self.by_number[max(self.by_number)] if self.by_number else None

    def key_of(self, number: int) -> Ed25519PublicKey | None:
        """The key that must have signed this seal, None where no key is known."""
        return self.keys.of_seal(number) if self.keys is not None else None

    def trusts(self, checkpoint: Checkpoint) -> bool:
        """Whether the key of this checkpoint may vouch for its seal."""
        return self.keys is None or self.keys.may_vouch(checkpoint.number, checkpoint.public_key)


def read(
    sources: Sequence[Source], seals: Sequence[Seal], *, key: Ed25519PublicKey | None, changes: Iterable[KeyChange] = ()
) -> Vouchers:
    """What the files vouch for about the log that has these seals, in order. `key` is the pinned key, `changes` are
    known from elsewhere than the files.

    Without a pinned key, the one that signed the checkpoints is it: a checkpoint is trusted as much as its place.
    """
    found = Vouchers(key=key)
    log = seals[0].previous.hex() if seals and seals[0].number == 1 else None
    good = {source.name: _signed(source, found) for source in sources}
    found.faults += [_empty(source) for source in sources if not source.is_current and not good[source.name]]
    found.key = key or next((one.key for each in good.values() for one in each), None)
    if found.key is not None:
        said = [*changes, *(one for source in sources for one in keychange.among(source.lines))]
        found.keys = keychange.trusted(found.key, said, log=log)
        _judge_changes(found.keys, seals, found)
    newest: dict[str, int] = {}
    for source in sources:
        for one in good[source.name]:
            _judge(one, source, log, found)
        newest[source.name] = max((one.number for one in good[source.name] if log is None or one.log == log), default=0)
    _find_old_copies([source for source in sources if source.is_current], newest, found)
    if found.strange and found.key is not None:
        found.faults.append(_two_keys(found.strange, seals, found.key))
    return found


def first_record(checkpoint: Checkpoint) -> int:
    return read_runs(checkpoint.ids)[0]


def _signed(source: Source, found: Vouchers) -> list[Checkpoint]:
    """The lines that are signed by the key they name; in order, or it is said."""
    good: list[Checkpoint] = []
    for number, line in enumerate(source.lines, start=1):
        try:
            if keychange.read_line(line):
                continue
            one = read_line(line)
        except ValueError:
            found.notes.append(f"Line {number} of {source.name} is no whole checkpoint and counts for nothing.")
            continue
        if not one.is_signed_by(one.key):
            said = f"Line {number} of {source.name} is not signed by the key it names: it was changed or made up."
            found.faults.append(Fault(kind=Kind.CHECKPOINT, record=first_record(one), said=said))
            continue
        if good and one.log == good[-1].log and one.number <= good[-1].number:
            said = (
                f"Line {number} of {source.name} is the checkpoint of seal {one.number} again, after that of seal"
                f" {good[-1].number}: an old checkpoint was replayed."
            )
            found.faults.append(Fault(kind=Kind.CHECKPOINT, record=_after(one, good), said=said))
            continue
        good.append(one)
    return good


def _empty(source: Source) -> Fault:
    """A file that is brought as evidence and is none: cut short, perhaps, so that nobody misses what it vouched for."""
    said = f"{source.name} holds no checkpoint that counts. Take one that was kept whole."
    return Fault(kind=Kind.CHECKPOINT, record=None, said=said, is_of_record=False)


def _after(older: Checkpoint, known: Iterable[Checkpoint]) -> int:
    """The first record that the older checkpoint would leave unproven."""
    after = min((first_record(one) for one in known if one.number > older.number), default=None)
    return after if after is not None else first_record(older)


def _judge_changes(keys: keychange.Keys, seals: Sequence[Seal], found: Vouchers) -> None:
    by_number = {seal.number: seal for seal in seals}
    for said in keys.faults:
        found.faults.append(Fault(kind=Kind.KEY, record=None, said=said))
    for one in keys.changes:
        last = by_number.get(one.after)
        new = key_id(keys.of_seal(one.after + 1))
        if last is not None and last.head != one.head:
            said = f"The key was changed to {new} after another seal {one.after} than the one that is there."
            found.faults.append(Fault(kind=Kind.KEY, record=last.first_id, said=said, is_of_record=False))
        else:
            when = f"{one.at:%Y-%m-%d %H:%M} UTC"
            found.notes.append(
                f"Since {when}, after seal {one.after}, key {new} signs: two people changed it, and the key before"
                " it signed that."
            )


def _judge(one: Checkpoint, source: Source, log: str | None, found: Vouchers) -> None:
    known = found.by_number.get(one.number)
    if not found.trusts(one):
        found.strange.append(one)
        if known is not None:
            return
    if log is not None and one.log != log:
        if not any(fault.kind is Kind.EMPTIED for fault in found.faults):
            when = f"{one.at:%Y-%m-%d %H:%M} UTC"
            said = (
                f"{source.name} vouches for another log (seal {one.number}, {one.records} records, {when}): that log"
                " was emptied, and this one begun in its place."
            )
            found.faults.append(Fault(kind=Kind.EMPTIED, record=first_record(one), said=said))
        return
    if known is None:
        found.by_number[one.number] = one
    elif known.head != one.head:
        said = f"Two checkpoints of seal {one.number} say different things: the key was used for two histories."
        found.faults.append(Fault(kind=Kind.CHECKPOINT, record=min(first_record(one), first_record(known)), said=said))


def _two_keys(strange: Sequence[Checkpoint], seals: Sequence[Seal], held: Ed25519PublicKey) -> Fault:
    """Which of two keys is the true one can't be known from here; from where on they vouch for different logs, can."""
    one = min(strange, key=lambda each: each.number)
    said = (
        f"The checkpoint of seal {one.number} is signed by key {key_id(one.key)}, and you hold {key_id(held)}: one of"
        " the two public keys was swapped."
    )
    by_number = {seal.number: seal for seal in seals}
    differing = [_first_difference(each, by_number[each.number]) for each in strange if each.number in by_number]
    if known := [record for record in differing if record is not None]:
        said += f" From record {min(known)} on the log is not what that checkpoint vouches for."
        return Fault(kind=Kind.KEY, record=min(known), said=said)
    record = next((seal.first_id for seal in seals if not seal.is_signed_by(one.key)), first_record(one))
    return Fault(kind=Kind.KEY, record=min(record, first_record(one)), said=said, is_of_record=False)


def _first_difference(checkpoint: Checkpoint, seal: Seal) -> int | None:
    """The first record of the batch for which the two do not say the same; None if they say the same of all."""
    if checkpoint.head == seal.head:
        return None
    try:
        sealed = [(one, each.hex()[:MARK]) for one, each in zip(read_runs(seal.ids), seal.leaf_list(), strict=True)]
    except ValueError:
        return first_record(checkpoint)
    ours, theirs = set(sealed), set(checkpoint.expected())
    return min((one for one, _ in ours ^ theirs), default=None)


def _find_old_copies(current: Iterable[Source], newest: dict[str, int], found: Vouchers) -> None:
    most = max((newest[source.name] for source in current), default=0)
    for source in current:
        behind = newest[source.name]
        if behind < most:
            older = found.by_number.get(behind)
            said = (
                f"{source.name} ends at seal {behind}, while another place has seal {most}: it could not be written,"
                " or an old copy was put in its place."
            )
            record = _after(older, found.by_number.values()) if older else None
            found.faults.append(Fault(kind=Kind.CHECKPOINT, record=record, said=said))

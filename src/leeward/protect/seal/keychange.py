"""The key that signs seals changes: the old key and the new one sign which follows which, from which seal on.

So whoever holds either public key can check the whole log. A change names two people; one that names one counts for
nothing. Kept as a line of JSON beside the checkpoints, beside the keys, and in an export of the log.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .canonical import moment, read_moment
from .chain import Seal, is_signed, key_id

_FORM = b"leeward audit key change 1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """From the seal after seal `after`, whose head is `head`, `new` signs instead of `old`. `people` are staff ids."""

    log: str
    after: int
    head: bytes
    old: bytes
    new: bytes
    at: datetime
    people: tuple[str, str]
    by_old: bytes = b""
    by_new: bytes = b""

    @property
    def is_sound(self) -> bool:
        """Signed by both keys, and agreed to by two people."""
        said = self._signed()
        return (
            self.people[0] != self.people[1]
            and is_signed(Ed25519PublicKey.from_public_bytes(self.old), self.by_old, said)
            and is_signed(Ed25519PublicKey.from_public_bytes(self.new), self.by_new, said)
        )

    def line(self) -> str:
        """The change as one line of JSON, without its end."""
        signatures = {"by_old": self.by_old.hex(), "by_new": self.by_new.hex()}
        return json.dumps({**self._said(), **signatures}, separators=(",", ":"))

    def _said(self) -> dict[str, object]:
        return {
            "key_change": 1,
            "log": self.log,
            "after": self.after,
            "head": self.head.hex(),
            "old": self.old.hex(),
            "new": self.new.hex(),
            "at": moment(self.at),
            "people": list(self.people),
        }

    def _signed(self) -> bytes:
        return _FORM + json.dumps(self._said(), sort_keys=True, separators=(",", ":")).encode()


def of(
    last: Seal, *, log: str, old: Ed25519PrivateKey, new: Ed25519PrivateKey, people: tuple[str, str], at: datetime
) -> KeyChange:
    """The change after this seal, signed by both keys."""
    said = KeyChange(
        log=log,
        after=last.number,
        head=last.head,
        old=old.public_key().public_bytes_raw(),
        new=new.public_key().public_bytes_raw(),
        at=at,
        people=people,
    )
    return replace(said, by_old=old.sign(said._signed()), by_new=new.sign(said._signed()))


def read_line(line: str) -> KeyChange | None:
    """The change of one line; None for a line that is something else. Raises ValueError for a broken one."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("key_change") != 1:
        return None
    try:
        one, other = said["people"]
        found = KeyChange(
            log=str(said["log"]),
            after=int(said["after"]),
            head=bytes.fromhex(said["head"]),
            old=bytes.fromhex(said["old"]),
            new=bytes.fromhex(said["new"]),
            at=read_moment(said["at"]),
            people=(str(one), str(other)),
            by_old=bytes.fromhex(said["by_old"]),
            by_new=bytes.fromhex(said["by_new"]),
        )
        if len(found.old) != 32 or len(found.new) != 32:
            raise ValueError("no change of key")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no change of key") from error
    return found


def among(lines: Iterable[str]) -> Iterator[KeyChange]:
    """The changes among the lines of a file; a broken one counts for nothing."""
    for line in lines:
        with suppress(ValueError):
            if found := read_line(line):
                yield found


@dataclass(frozen=True, slots=True)
class Keys:
    """Which key signs which seal: each from the seal after its number on. `changes` are those that say so."""

    spans: tuple[tuple[int, bytes], ...]
    changes: tuple[KeyChange, ...] = ()
    #: What can't be: sentences.
    faults: list[str] = field(default_factory=list)

    def of_seal(self, number: int) -> Ed25519PublicKey:
        """The key that must have signed this seal."""
        return Ed25519PublicKey.from_public_bytes(self._from(number)[0])

    def may_vouch(self, number: int, key: bytes) -> bool:
        """Whether a checkpoint of this seal counts that is signed by `key`: the seal's own, or one that came later."""
        return key in self._from(number)

    def _from(self, number: int) -> list[bytes]:
        later = [key for after, key in self.spans if after >= number]
        return [next(key for after, key in reversed(self.spans) if after < max(number, 1)), *later]


def trusted(held: Ed25519PublicKey, changes: Iterable[KeyChange], *, log: str | None) -> Keys:
    """The keys of a log, found from the one that is held: forward to those it handed over to, and back to those before.

    A key that handed over to two others is told of and trusted no further: somebody else had it too.
    """
    sound = {one.line(): one for one in changes if one.is_sound and (log is None or one.log == log)}
    known, faults = list(sound.values()), list[str]()
    path: list[KeyChange] = []
    first = last = held.public_bytes_raw()
    seen = {first}
    while (then := _only([one for one in known if one.old == last], faults)) and then.new not in seen:
        path, last = [*path, then], then.new
        seen.add(last)
    while (before := _only([one for one in known if one.new == first], faults)) and before.old not in seen:
        path, first = [before, *path], before.old
        seen.add(first)
    if any(one.after > then.after for one, then in pairwise(path)):
        faults.append("The changes of the signing key do not follow each other.")
    return Keys(((0, first), *((one.after, one.new) for one in path)), tuple(path), faults)


def _only(found: Sequence[KeyChange], faults: list[str]) -> KeyChange | None:
    if len(found) < 2:
        return found[0] if found else None
    keys = " and ".join(sorted({key_id(Ed25519PublicKey.from_public_bytes(one.new)) for one in found}))
    faults.append(f"There are {len(found)} changes of one signing key, to {keys}: somebody else had the key too.")
    return None

"""One way to write an audit record as bytes, so that two readers of one record get one hash."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

#: Columns by name; what is empty (NULL, '', an empty list) says the same as a column that isn't there.
Record = Mapping[str, object]
_FORM = b"leeward audit record 1\n"
#: A list of numbers in order, as runs: `1-40,42,44-50`.
_RUNS = re.compile(r"[0-9]{1,19}(-[0-9]{1,19})?(,[0-9]{1,19}(-[0-9]{1,19})?)*")
#: A seal that claims more is not one of ours.
MOST_IDS = 1_000_000


class NotCanonical(ValueError):
    """A value has no canonical form. `hint` says what to do."""

    hint = "The audit record has a column of a kind that can't be sealed."


def record_bytes(record: Record) -> bytes:
    """The record with every column that isn't empty, in the order of their names, each part led by its length.

    Nullable columns added later leave the bytes of older records as they were. Raises NotCanonical.
    """
    parts = [_FORM]
    for name in sorted(record):
        value = plain(record[name])
        if value is None or value == "" or value == []:
            continue
        parts.append(_led(name))
        if isinstance(value, list):
            parts.append(b"l" + len(value).to_bytes(8, "big") + b"".join(_led(str(one)) for one in value))
        else:
            parts.append(b"v" + _led(str(value)))
    return b"".join(parts)


def leaf(record: Record) -> bytes:
    """Hash of one record as a leaf of the tree (RFC 6962 §2.1: prefix 0x00)."""
    return sha256(b"\x00" + record_bytes(record)).digest()


def plain(value: object) -> int | str | list[str] | None:
    """A column's value as JSON can hold it: moments in UTC with microseconds, ids as text. Raises NotCanonical."""
    if value is None or (isinstance(value, int | str) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotCanonical("A moment without a time zone can't be sealed.")
        return moment(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True, default=plain)
    if isinstance(value, Sequence):
        return [str(plain(one)) for one in value]
    raise NotCanonical(f"A value of type {type(value).__name__} can't be sealed.")


def moment(at: datetime) -> str:
    """`2026-11-23T17:05:00.000000Z`: always UTC, always microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_moment(text: str) -> datetime:
    """The moment that `moment` wrote. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def runs(ids: Iterable[int]) -> str:
    """Numbers in order, as text: `1-40,42`."""
    found: list[list[int]] = []
    for one in ids:
        if found and one == found[-1][1] + 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def read_runs(text: str) -> list[int]:
    """The numbers that `runs` wrote. Raises ValueError unless they are in order and of a sensible count."""
    if not _RUNS.fullmatch(text):
        raise ValueError("These are no numbers in order.")
    ids: list[int] = []
    for run in text.split(","):
        first, _, last = run.partition("-")
        begin, end = int(first), int(last or first)
        if end < begin or (ids and begin <= ids[-1]) or len(ids) + end - begin >= MOST_IDS:
            raise ValueError("These are no numbers in order.")
        ids.extend(range(begin, end + 1))
    return ids


def _led(text: str) -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    return len(content).to_bytes(8, "big") + content

"""A document beside earlier ones of the same centre, because whoever keeps both can subtract.

What earlier releases showed is public and can't be taken back; what they hid stays protected. Between two releases a
cell has a *change*. Readers are taken to know that counts grow, and where one fell they are taken to know that, too,
unless they have neither of the two; which is more than they know. No
change of fewer than k people may follow, and no cell of the later release nor of an earlier one. All of it is one
system of sums, cleared as one document is (`search`). A change must possibly be k or more like any cell. Where nothing
is left to hide it may be less, down to half of k, and none at all: readers who know that hidden counts aren't zero and
which of two is greater leave a change of small cells less room than the cells have. A zero of the new release hides
only where nothing else can.

The latest releases are held whole, with what they hid. Of those before them what they showed is held, for ever, so that
no chain of releases shows a change between its ends.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from .errors import ImpossibleFigures, TooMuchIsOut
from .protection import Range, Sum, ranges
from .search import Search, System, least_room
from .threshold import Threshold

#: So many releases, the latest ones, are held whole.
HELD_WHOLE: Final = 3
#: Further than any count changes.
_FAR: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Release:
    """Everything of one ledger when it was let out: true counts, people behind them, and what readers saw. For the
    register only, never for a reader; it has no text. What is neither shown nor hidden was not printed."""

    values: Mapping[str, int]
    people: Mapping[str, int]
    sums: tuple[Sum, ...]
    shown: frozenset[str]
    hidden: frozenset[str]
    #: The cells in whose place readers see something, be it that it is hidden.
    printed: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "printed", self.shown | self.hidden)

    def __repr__(self) -> str:
        return "Release(not for readers)"

    def faded(self) -> Release:
        """What is held of an old release: what readers have of it, which they never lose."""
        known = self.known
        return Release(
            values={name: self.values[name] for name in known},
            people={name: self.people[name] for name in known},
            sums=(),
            shown=known,
            hidden=frozenset(),
        )

    def linked(self, *cells: str) -> Release:
        """The part of it that sums link with these cells, near or far."""
        found = self.values.keys() & set(cells)
        waiting = list(self.sums)
        while near := [each for each in waiting if not found.isdisjoint(each.cells)]:
            waiting = [each for each in waiting if found.isdisjoint(each.cells)]
            found |= {cell for each in near for cell in each.cells}
        return Release(
            values={name: value for name, value in self.values.items() if name in found},
            people={name: people for name, people in self.people.items() if name in found},
            sums=tuple(each for each in self.sums if each.total in found),
            shown=self.shown & found,
            hidden=self.hidden & found,
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the counts, whatever of them was shown."""
        counts = sorted((name, value, self.people[name]) for name, value in self.values.items())
        return hashlib.sha256(json.dumps(counts).encode()).hexdigest()

    @property
    def known(self) -> frozenset[str]:
        """What readers have: what was shown, and whatever is left when one subtracts."""
        known = set(self.shown)
        waiting = list(self.sums)
        while True:
            left = []
            for each in waiting:
                unknown = [cell for cell in each.cells if cell not in known]
                if len(unknown) == 1:
                    known.add(unknown[0])
                elif unknown:
                    left.append(each)
            if len(left) == len(waiting):
                return frozenset(known)
            waiting = left


@dataclass(frozen=True, slots=True)
class Document:
    """A document of several ledgers that was let out. The digest stands for what it was made of."""

    digest: str
    ledgers: Mapping[str, Release]


@dataclass(slots=True)
class Beside:
    """The documents that were let out before, oldest first, and what this one lets out, ledger by ledger."""

    earlier: Sequence[Document] = ()
    digest: str = ""
    is_repeated: bool = False
    let_out: dict[str, Release] = field(default_factory=dict)

    def begin(self, digest: str) -> None:
        """Say what this document is made of. One that was let out already is made again as it was then: beside those
        before it, so that there is nothing new to subtract."""
        self.digest = digest
        for place, each in enumerate(self.earlier):
            if each.digest == digest:
                self.earlier, self.is_repeated = self.earlier[:place], True
                return

    def before(self, ledger: str, *beside_it: str, whole: int = HELD_WHOLE) -> list[Release]:
        """What earlier documents let out of this ledger, so many, the latest ones, as they were, the others faded; and
        of those beside it, of which the latest document's are held whole."""
        found = []
        for age, each in enumerate(reversed(self.earlier)):
            held = {ledger: whole} | dict.fromkeys(beside_it, 1)
            mine = {name: each.ledgers[name] for name in held if name in each.ledgers}
            found.append(merged([one if age < held[name] else one.faded() for name, one in mine.items()]))
        return found[::-1]

    def shown_before(self) -> int:
        """How many counts the latest document showed that this one hides: any reader of both can count them."""
        if not self.earlier:
            return 0
        latest = self.earlier[-1].ledgers
        return sum(len(release.hidden & latest[name].shown) for name, release in self.let_out.items() if name in latest)


def merged(ledgers: Sequence[Release]) -> Release:
    """Ledgers of one document as one. A cell that stands in several has one count and one fate."""
    shown = frozenset[str]().union(*(each.shown for each in ledgers))
    return Release(
        values={name: value for each in ledgers for name, value in each.values.items()},
        people={name: people for each in ledgers for name, people in each.people.items()},
        sums=tuple(one for each in ledgers for one in each.sums),
        shown=shown,
        hidden=frozenset[str]().union(*(each.hidden for each in ledgers)) - shown,
    )


class Joint(System):
    """One system over several releases: cells of release 2 are called `2 NAME`, the change of a cell from release 0 to
    release 2 is `0-2 NAME`."""

    def bound(self, cell: str, by: int, *, is_greater: bool) -> None:
        """Readers know that the cell contains a known count, or is contained in it."""
        if is_greater:
            self.at_least[cell] = max(self.at_least.get(cell, 0), by)
        else:
            self.at_most[cell] = min(self.at_most.get(cell, by), by)

    def change(
        self, name: str, one: tuple[str, Release], other: tuple[str, Release], *, is_small: bool, has_sign: bool = True
    ) -> None:
        """Enter the change of a cell between two releases, both of whose cells are entered. Without a sign, readers
        don't know which of the two is greater."""
        (earlier, before), (later, after) = one, other
        cell = f"{earlier}-{later} {name}"
        difference = after.values[name] - before.values[name]
        self.values[cell] = abs(difference)
        self.people[cell] = 1 if is_small else abs(difference)
        self.unprinted.add(cell)
        self.changes.add(cell)
        least, most = (earlier, later) if difference >= 0 else (later, earlier)
        self.sums.append(Sum(f"{most} {name}", (f"{least} {name}", cell)))
        if not has_sign:
            self.at_least[cell] = -_FAR


def hide_beside(
    new: Release,
    earlier: Sequence[Release],
    threshold: Threshold,
    *,
    importance: Mapping[str, int],
    known: Collection[str] = (),
    stay: Collection[str] = (),
    groups: Mapping[str, str] | None = None,
) -> tuple[frozenset[str], frozenset[str]]:
    """What of a new release must hide, and what is withheld, beside earlier ones, oldest first.

    Of `new` it reads counts, people, sums, and under `hidden` and `shown` together what is to be printed. `known` of it
    is printed elsewhere and can't hide; `stay` is hidden there. What hid in the latest release hides first among cells
    of the same importance, then what is smaller. What earlier releases gave away without this one is out, and is left
    alone. Raises TooMuchIsOut where no choice protects everything: then this
    release must wait.
    """
    joint = _joint(new, earlier, threshold)
    last = str(len(earlier))
    hid = earlier[-1].hidden if earlier else frozenset[str]()
    joint.importance = {f"{last} {name}": 2 * importance.get(name, 0) + (name not in hid) for name in new.values}
    joint.groups = {f"{last} {name}": group for name, group in (groups or {}).items()}
    joint.known = {f"{last} {name}" for name in known}
    joint.stay |= {f"{last} {name}" for name in stay}
    joint.fresh = {f"{last} {name}" for name in new.values}
    search = Search(joint, threshold.k)
    try:
        hidden = search.hide()
    except ImpossibleFigures as error:
        raise TooMuchIsOut(
            "What was published before makes it impossible to publish this as well.",
            hint="Publish again when more time has passed; until then the last results stand.",
        ) from error
    return _named(last, hidden), _named(last, search.withheld)


def _named(release: str, cells: frozenset[str] | set[str]) -> frozenset[str]:
    return frozenset(cell.removeprefix(f"{release} ") for cell in cells if cell.startswith(f"{release} "))


def _joint(new: Release, earlier: Sequence[Release], threshold: Threshold) -> Joint:
    """The system, without what readers know anyway: only sums of earlier releases in which something is unknown."""
    joint = Joint()
    numbered = {str(number): release for number, release in enumerate(earlier)}
    known = {number: release.known for number, release in numbered.items()}
    for number, release in numbered.items():
        _enter_unknown(joint, number, release, known[number])
    last = str(len(earlier))
    for name in new.values:
        _enter(joint, last, new, name)
    joint.unprinted |= {f"{last} {name}" for name in new.values.keys() - new.shown - new.hidden}
    joint.sums += [_renamed(last, each) for each in new.sums]
    numbered[last], known[last] = new, frozenset()
    for (number, before), (later, after) in combinations(numbered.items(), 2):
        for name in sorted(before.values.keys() & after.values.keys()):
            _enter_change(joint, name, (number, before), (later, after), threshold, known)
    return joint


def _enter_unknown(joint: Joint, number: str, release: Release, known: frozenset[str]) -> None:
    """What an earlier release hid, with the sums that bound it."""
    open_sums = [each for each in release.sums if not known.issuperset(each.cells)]
    cells = (release.values.keys() - known).union(*(each.cells for each in open_sums))
    for name in sorted(cells):
        _enter(joint, number, release, name)
    joint.public |= {f"{number} {name}" for name in cells & known}
    joint.stay |= {f"{number} {name}" for name in release.hidden - known}
    joint.unprinted |= {f"{number} {name}" for name in cells - release.hidden - known}
    joint.sums += [_renamed(number, each) for each in open_sums]


def _enter(joint: Joint, number: str, release: Release, name: str) -> None:
    joint.values[f"{number} {name}"] = release.values[name]
    joint.people[f"{number} {name}"] = release.people[name]


def _enter_change(
    joint: Joint,
    name: str,
    one: tuple[str, Release],
    other: tuple[str, Release],
    threshold: Threshold,
    known: Mapping[str, frozenset[str]],
) -> None:
    """The change of a cell, if readers don't know both ends anyway. Where they know one end, and the change is not
    small, it only bounds the other. Of what they saw in neither release they don't know which is greater."""
    (number, before), (later, after) = one, other
    knows_before, knows_after = name in known[number], name in known[later]
    if knows_before and knows_after:
        return
    is_small = _is_small(name, before, after, threshold)
    if not is_small and name not in before.printed and name not in after.printed:
        return
    has_grown = after.values[name] >= before.values[name]
    has_sign = has_grown or knows_before or knows_after
    if not is_small and not has_sign:
        return
    if is_small or not (knows_before or knows_after):
        for end, release, is_known in ((number, before, knows_before), (later, after, knows_after)):
            if is_known and f"{end} {name}" not in joint.values:
                _enter(joint, end, release, name)
                joint.public.add(f"{end} {name}")
        joint.change(name, one, other, is_small=is_small, has_sign=has_sign)
    elif knows_before:
        joint.bound(f"{later} {name}", before.values[name], is_greater=has_grown)
    else:
        joint.bound(f"{number} {name}", after.values[name], is_greater=not has_grown)


def _is_small(name: str, before: Release, after: Release, threshold: Threshold) -> bool:
    """Whether the change may rest on fewer than k people. Where one person can count more than once, it is known only
    of how many people there are more that they are behind it; of the others it is not known how many are."""
    counts = abs(after.values[name] - before.values[name])
    people = abs(after.people[name] - before.people[name])
    return max(counts, people) > 0 and min(counts, people) < threshold.k


def _renamed(number: str, each: Sum) -> Sum:
    return Sum(f"{number} {each.total}", tuple(f"{number} {part}" for part in each.parts))


def exposed_across(releases: Sequence[Release], threshold: Threshold) -> dict[str, Range]:
    """The audit over all releases at once: small cells, and small changes from any release to any later one, that
    readers of all of them could work out too closely. Looks at every one anew, by linear programming alone, over
    everything that was ever printed; names are those of `Joint`. Slow, independent, empty when all is well.
    """
    joint = Joint()
    numbered = {str(number): release for number, release in enumerate(releases)}
    known = {number: release.known for number, release in numbered.items()}
    far = "far"
    joint.values[far] = joint.people[far] = _FAR
    for number, release in numbered.items():
        for name in release.values:
            _enter(joint, number, release, name)
        joint.sums += [_renamed(number, each) for each in release.sums]
        joint.stay |= {f"{number} {name}" for name in release.hidden}
        joint.unprinted |= {f"{number} {name}" for name in release.values.keys() - release.hidden - release.shown}
    shifted: dict[str, str] = {}
    for one, other in combinations(numbered.items(), 2):
        for name in one[1].values.keys() & other[1].values.keys():
            is_small = _is_small(name, one[1], other[1], threshold)
            has_grown = other[1].values[name] >= one[1].values[name]
            if has_grown or name in known[one[0]] or name in known[other[0]]:
                if is_small or name in one[1].printed or name in other[1].printed:
                    joint.change(name, one, other, is_small=is_small)
            elif is_small:  # earlier + far = later + (change + far), so that the change may be below zero
                cell = f"{one[0]}-{other[0]} {name}"
                shifted[f"{cell} and far"] = cell
                joint.values[f"{cell} and far"] = one[1].values[name] - other[1].values[name] + _FAR
                joint.people[f"{cell} and far"] = 1
                joint.values[f"{cell} sum"] = joint.people[f"{cell} sum"] = one[1].values[name] + _FAR
                joint.unprinted |= {f"{cell} and far", f"{cell} sum"}
                joint.sums.append(Sum(f"{cell} sum", (f"{one[0]} {name}", far)))
                joint.sums.append(Sum(f"{cell} sum", (f"{other[0]} {name}", f"{cell} and far")))
    watched = {
        name
        for name, value in joint.values.items()
        if threshold.is_small(value) or threshold.is_small(joint.people[name])
    }
    found = ranges(joint.values, joint.sums, joint.stay, unprinted=joint.unprinted, only=watched)
    found = {shifted.get(name, name): _moved(each, _FAR) if name in shifted else each for name, each in found.items()}
    changes = joint.changes | set(shifted.values())
    exposed = {
        name: each
        for name, each in found.items()
        if not each.reaches(least_room(threshold.k) if name in changes else threshold.k)
    }
    return exposed | {name: _exactly(joint.values[name]) for name in _printed(joint, watched)}


def _moved(each: Range, by: int) -> Range:
    return Range(each.least - by, each.most - by, each.most_if_nonzero - by)


def _printed(joint: Joint, watched: set[str]) -> Iterator[str]:
    return (name for name in sorted(watched) if name not in joint.stay and name not in joint.unprinted)


def _exactly(value: int) -> Range:
    return Range(value, value, value)

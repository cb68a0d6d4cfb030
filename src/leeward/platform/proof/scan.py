"""Which parts have known holes, how old that knowledge is, and by when each hole must be closed (O-02)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .osv import Advisory, Database, worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a site holds itself to, in days: the age of a database, the time to close a hole since it was published."""

    database: int
    critical: int
    high: int

    def close_by(self, hole: "Hole") -> date | None:
        """The last day for a hole; None where it has no term, or its severity or day is not told."""
        days = {"critical": self.critical, "high": self.high}.get(hole.severity)
        return None if days is None or hole.published is None else hole.published + timedelta(days=days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A known hole in a part that is locked here."""

    part: str
    version: str
    id: str
    aliases: tuple[str, ...] = ()
    closed_in: tuple[str, ...] = ()
    #: `critical`, `high`, `medium`, `low`, or nothing where nobody tells.
    severity: str = ""
    published: date | None = None
    close_by: date | None = None
    is_late: bool = False

    @property
    def is_judged(self) -> bool:
        """Is it known whether it has a term, and when that ends?"""
        return self.close_by is not None or self.severity in {"medium", "low"}

    def as_json(self) -> dict[str, object]:
        return {
            "part": self.part,
            "version": self.version,
            "id": self.id,
            "aliases": list(self.aliases),
            "closed_in": list(self.closed_in),
            "severity": self.severity or "not told",
            "published": self.published.isoformat() if self.published else "not told",
            "close_by": self.close_by.isoformat() if self.close_by else None,
            "late": self.is_late if self.is_judged else "not told",
        }

    def __str__(self) -> str:
        term = f", to be closed by {self.close_by}{', LATE' if self.is_late else ''}" if self.close_by else ""
        ways = f"closed in {', '.join(self.closed_in)}" if self.closed_in else "closed in no version that is named"
        return f"{self.part} {self.version}: {self.id} ({self.severity or 'severity not told'}), {ways}{term}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The database of holes that was brought along, and whether it is new enough to count."""

    advisories: int
    withdrawn: int
    newest: datetime
    days_old: int
    days_allowed: int
    unreadable: tuple[str, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """A date of tomorrow or later proves nothing; neither does a database of which a part can't be read."""
        return -1 <= self.days_old <= self.days_allowed and not self.unreadable

    @property
    def why_not(self) -> str:
        if self.unreadable:
            return f"{len(self.unreadable)} of the advisories can't be read, the first is {self.unreadable[0]}."
        if self.days_old < -1:
            return f"The database says that it is of {self.newest:%Y-%m-%d}, which is still to come."
        if self.days_old > self.days_allowed:
            return (
                f"The database is {self.days_old} days old ({self.newest:%Y-%m-%d}), more than the {self.days_allowed} "
                "that count here: what became known since is not in it."
            )
        return ""

    def as_json(self) -> dict[str, object]:
        return {
            "advisories": self.advisories,
            "withdrawn": self.withdrawn,
            "newest": self.newest.isoformat(),
            "days_old": self.days_old,
            "days_allowed": self.days_allowed,
            "fresh": self.is_fresh,
            "unreadable": list(self.unreadable),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan found. A part of which it knows nothing was not scanned: silence is no clean bill."""

    scanned: tuple[str, ...] = ()
    not_scanned: tuple[str, ...] = ()
    holes: tuple[Hole, ...] = ()
    why_not: str = ""
    tool: str = field(default="pip-audit")
    source: Source | None = None
    terms: Terms | None = None

    @property
    def is_complete(self) -> bool:
        return bool(self.scanned) and not self.not_scanned and (self.source is None or self.source.is_fresh)

    @property
    def late(self) -> tuple[Hole, ...]:
        """Holes past the day by which they had to be closed."""
        return tuple(one for one in self.holes if one.is_late)

    @property
    def not_judged(self) -> tuple[Hole, ...]:
        """Holes of which nobody tells how grave they are, or since when they are known."""
        return tuple(one for one in self.holes if not one.is_judged)

    @property
    def in_words(self) -> str:
        """One line for people."""
        if not self.scanned:
            return f"NOT SCANNED HERE. {self.why_not}"
        found = f"{len(self.holes)} in {len(self.scanned)} parts"
        late = f", {len(self.late)} of them past the day by which they had to be closed" if self.late else ""
        return found + late + ("" if self.is_complete else f". NOT A FRESH AND WHOLE SCAN. {self.why_not}")

    def as_json(self) -> dict[str, object]:
        return {
            "scanned_here": bool(self.scanned),
            "complete": self.is_complete,
            "why_not": self.why_not,
            "tool": self.tool,
            "database": self.source.as_json() if self.source else None,
            "days_to_close": {"critical": self.terms.critical, "high": self.terms.high} if self.terms else None,
            "scanned": list(self.scanned),
            "not_scanned": list(self.not_scanned),
            "holes": [hole.as_json() for hole in self.holes],
            "late": len(self.late),
        }


def parts_of(bill: bytes) -> list[tuple[str, str]]:
    """Name and version of every part on a CycloneDX bill; one part may be there twice, for two kinds of machine."""
    return [(part["name"], part["version"]) for part in json.loads(bill)["components"]]


def against(database: Database, parts: Iterable[tuple[str, str]], *, terms: Terms, now: datetime) -> Scan:
    """Look up each part (its name and version) among the advisories, and judge what is found by the site's terms."""
    source = Source(
        advisories=database.advisories,
        withdrawn=database.withdrawn,
        newest=database.newest,
        days_old=(now - database.newest).days,
        days_allowed=terms.database,
        unreadable=database.unreadable,
    )
    scanned: list[str] = []
    odd: list[str] = []
    holes: list[Hole] = []
    for name, written in sorted(parts):
        try:
            version = Version(written)
        except InvalidVersion:
            odd.append(name)
            continue
        scanned.append(name)
        holes += _holes(name, version, database.by_name.get(canonicalize_name(name), ()))
    return Scan(
        scanned=tuple(scanned),
        not_scanned=tuple(odd),
        holes=tuple(judged(one, terms, now) for one in holes),
        why_not=source.why_not or (f"No version by PEP 440: {', '.join(odd)}." if odd else ""),
        tool="advisories in OSV format, brought along",
        source=source,
        terms=terms,
    )


def judged(hole: Hole, terms: Terms, now: datetime) -> Hole:
    """The hole with its last day, and whether that is over."""
    last = terms.close_by(hole)
    return replace(hole, close_by=last, is_late=last is not None and now.date() > last)


def _holes(name: str, version: Version, advisories: Iterable[Advisory]) -> list[Hole]:
    """Those that a version has. Two advisories that name each other, or the same CVE, are one hole."""
    canonical = canonicalize_name(name)
    found: list[tuple[set[str], list[Advisory]]] = []
    for advisory in advisories:
        if not any(one.name == canonical and one.holds(version) for one in advisory.affected):
            continue
        ids, same = {advisory.id, *advisory.aliases}, [advisory]
        for other in [one for one in found if one[0] & ids]:
            ids |= other[0]
            same = other[1] + same
            found.remove(other)
        found.append((ids, same))
    return [_hole(name, version, ids, same) for ids, same in found]


def _hole(name: str, version: Version, ids: set[str], same: list[Advisory]) -> Hole:
    canonical = canonicalize_name(name)
    closed = {
        word for one in same for said in one.affected if said.name == canonical for word in said.closed_in(version)
    }
    days = [one.published.date() for one in same if one.published]
    return Hole(
        part=name,
        version=str(version),
        id=same[0].id,
        aliases=tuple(sorted(ids - {same[0].id})),
        closed_in=tuple(sorted(closed, key=Version)),
        severity=worst(one.severity for one in same),
        published=min(days, default=None),
    )

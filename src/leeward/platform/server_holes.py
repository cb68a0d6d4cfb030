"""Which releases of PostgreSQL keep what row security promises: holes that are known, and where each was closed.

Read on CHECKED. Whoever adds a hole adds its source; `leeward doctor` then refuses what lies before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

CHECKED = date(2026, 11, 26)


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole by which somebody who can run SQL passes row security, or takes over the server that enforces it.

    `closed` holds the first safe minor release by major release; a major release that is not named never had it.
    """

    cve: str
    what: str
    closed: Mapping[int, int]
    source: str


HOLES = (
    Hole(
        "CVE-2023-2455",
        "policies of another role are applied after a function was inlined",
        {15: 3},
        "https://www.postgresql.org/support/security/CVE-2023-2455/",
    ),
    Hole(
        "CVE-2023-39418",
        "MERGE skips policies of update and select",
        {15: 4},
        "https://www.postgresql.org/support/security/CVE-2023-39418/",
    ),
    Hole(
        "CVE-2024-10976",
        "a query that is used again under another role keeps the policies of the first",
        {15: 9, 16: 5, 17: 1},
        "https://www.postgresql.org/support/security/CVE-2024-10976/",
    ),
    Hole(
        "CVE-2025-8713",
        "the planner's statistics show values of rows that a policy hides",
        {15: 14, 16: 10, 17: 6},
        "https://www.postgresql.org/support/security/CVE-2025-8713/",
    ),
    Hole(
        "CVE-2026-6473",
        "a size that wraps around lets anybody who can run SQL write into the server's memory",
        {15: 18, 16: 14, 17: 10, 18: 4},
        "https://www.postgresql.org/about/news/postgresql-184-1710-1614-1518-and-1423-released-3297/",
    ),
    Hole(
        "CVE-2026-120154",
        "INSERT … ON CONFLICT DO UPDATE reads rows that a policy hides",
        {15: 20, 16: 16, 17: 12, 18: 7},
        "https://www.suse.com/security/cve/CVE-2026-120154.html",
    ),
)
#: Major releases about which HOLES was read. Of any other nobody here has asked.
KNOWN = (15, 16, 17, 18)


def open_in(version: int) -> tuple[Hole, ...]:
    """Holes that a server of `version` (PostgreSQL's own number, such as 180006 for 18.6) still has."""
    major, minor = divmod(version, 10_000)
    return tuple(hole for hole in HOLES if minor < hole.closed.get(major, 0))


def first_safe(major: int) -> str:
    """The first release of a known major release without a known hole, such as "18.7"."""
    return f"{major}.{max(hole.closed.get(major, 0) for hole in HOLES)}"

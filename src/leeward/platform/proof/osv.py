"""A database of known holes that a site brings along: advisories in the OSV format, read and matched without a net.

The format is that of https://ossf.github.io/osv-schema/ (1.6), in which the Python Packaging Advisory Database keeps
its YAML files and osv.dev exports its JSON files. What can't be decided counts as a hole: a person looks then.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from leeward.rules.errors import DefinitionError
from leeward.rules.yaml_source import JSON, LARGEST, load

SUFFIXES = {".json", ".yaml", ".yml"}
ECOSYSTEM = "PyPI"
#: Bands of the base score, https://www.first.org/cvss/v3.1/specification-document table 14; mildest first.
BANDS = {"low": 0.1, "medium": 4.0, "high": 7.0, "critical": 9.0}
WORDS = {"low": "low", "medium": "medium", "moderate": "medium", "high": "high", "critical": "critical"}


class NoAdvisories(Exception):
    """Nothing at this place is an advisory. `hint` says what to bring."""

    hint = "Bring a checkout of the Python Packaging Advisory Database, or the zip that osv.dev exports for PyPI."

    def __init__(self, place: Path) -> None:
        super().__init__(f"There is no advisory in {place}.")


class Unreadable(Exception):
    """A file that should be an advisory and can't be read as one. `hint` says what to do about it."""

    hint = "Get the database of holes anew."

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} can't be read as an advisory.")


@dataclass(frozen=True, slots=True)
class Event:
    """A point in the order of versions at which a hole opens or closes; no version is before all others."""

    kind: str
    at: Version | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What an advisory says of one part. With neither versions nor ranges it is every version."""

    name: str
    versions: frozenset[Version] = frozenset()
    ranges: tuple[tuple[Event, ...], ...] = ()
    #: It names versions that can't be compared: then it may be any.
    is_unclear: bool = False

    def holds(self, version: Version) -> bool:
        """Is this version affected?"""
        if self.is_unclear or not (self.versions or self.ranges):
            return True
        return version in self.versions or any(_is_open(events, version) for events in self.ranges)

    def closed_in(self, version: Version) -> tuple[str, ...]:
        """The versions above this one in which the hole is closed."""
        fixed = {one.at for events in self.ranges for one in events if one.kind == "fixed" and one.at is not None}
        return tuple(str(one) for one in sorted(fixed) if one > version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One known hole."""

    id: str
    aliases: frozenset[str]
    modified: datetime
    published: datetime | None
    is_withdrawn: bool
    #: One of BANDS, or nothing where the advisory does not tell.
    severity: str
    affected: tuple[Affected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The advisories about Python parts, without those that were withdrawn, by the part's name."""

    by_name: Mapping[str, tuple[Advisory, ...]] = field(repr=False)
    #: Of all files, those about other parts and the withdrawn ones too.
    newest: datetime
    advisories: int
    withdrawn: int
    unreadable: tuple[str, ...]


def read(place: Path) -> Database:
    """Every advisory in a folder (with its folders) or a zip. Raises NoAdvisories, OSError."""
    found: list[Advisory] = []
    unreadable: list[str] = []
    for name, content in _files(place):
        try:
            advisory = parse(name, content)
        except Unreadable:
            unreadable.append(name)
            continue
        if advisory is not None:
            found.append(advisory)
    by_name: dict[str, list[Advisory]] = {}
    valid = [one for one in found if not one.is_withdrawn and one.affected]
    for advisory in valid:
        for name in {affected.name for affected in advisory.affected}:
            by_name.setdefault(name, []).append(advisory)
    if not by_name:
        raise NoAdvisories(place)
    return Database(
        by_name={name: tuple(advisories) for name, advisories in by_name.items()},
        newest=max(one.modified for one in found),
        advisories=len(valid),
        withdrawn=sum(one.is_withdrawn for one in found),
        unreadable=tuple(unreadable),
    )


def parse(name: str, content: bytes) -> Advisory | None:
    """The advisory in one file, or nothing where the file is something else. Raises Unreadable."""
    data = _data(name, content)
    if not isinstance(data, dict) or "id" not in data or not {"affected", "withdrawn"} & data.keys():
        return None
    try:
        affected = [one for one in _list(data.get("affected")) if isinstance(one, dict) and _is_python(one)]
        return Advisory(
            id=_text(data["id"]),
            aliases=frozenset(_text(one) for one in _list(data.get("aliases"))),
            modified=_moment(data["modified"]),
            published=_moment(data["published"]) if data.get("published") else None,
            is_withdrawn=bool(data.get("withdrawn")),
            severity=_worst([data, *affected]),
            affected=tuple(_affected(one) for one in affected),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Unreadable(name) from error


def _files(place: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file that may be an advisory; what is larger than any advisory comes empty."""
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            inside = path.relative_to(place)
            if path.suffix in SUFFIXES and path.is_file() and not any(one.startswith(".") for one in inside.parts):
                yield str(inside), path.read_bytes() if path.stat().st_size <= LARGEST else b""
        return
    try:
        with ZipFile(place) as packed:
            for one in packed.infolist():
                if Path(one.filename).suffix in SUFFIXES:
                    yield one.filename, packed.read(one) if one.file_size <= LARGEST else b""
    except (BadZipFile, FileNotFoundError, NotImplementedError, RuntimeError) as error:
        raise NoAdvisories(place) from error


def _data(name: str, content: bytes) -> JSON:
    text = content.decode("utf-8", "replace")
    try:
        if name.endswith(".json"):
            data: JSON = json.loads(text)
            return data
        return load(text, name=name).data
    except (ValueError, RecursionError, DefinitionError) as error:
        raise Unreadable(name) from error


def _is_python(affected: dict[str, JSON]) -> bool:
    package = affected.get("package")
    return isinstance(package, dict) and package.get("ecosystem") == ECOSYSTEM


def _affected(said: dict[str, JSON]) -> Affected:
    package = said["package"]
    if not isinstance(package, dict):
        raise TypeError
    name = canonicalize_name(_text(package["name"]))
    try:
        ranges = [one for one in _list(said.get("ranges")) if isinstance(one, dict) and one.get("type") == "ECOSYSTEM"]
        return Affected(
            name=name,
            versions=frozenset(_known_versions(_list(said.get("versions")))),
            ranges=tuple(tuple(_events(_list(one["events"]))) for one in ranges),
        )
    except InvalidVersion:
        return Affected(name=name, is_unclear=True)


def _known_versions(said: list[JSON]) -> Iterator[Version]:
    """Those of a list; what is no version by PEP 440 is no version of a locked part either."""
    for one in said:
        if isinstance(one, float):  # `1.10` without quotes is one and a tenth
            raise InvalidVersion(str(one))
        try:
            yield Version(str(one))
        except InvalidVersion:
            continue


def _events(said: list[JSON]) -> Iterator[Event]:
    """Openings and closings. A `limit` is left out, for it can only make a range shorter."""
    for one in said:
        if not isinstance(one, dict):
            raise TypeError
        for kind, at in one.items():
            if kind in {"introduced", "fixed", "last_affected"}:
                if isinstance(at, float):
                    raise InvalidVersion(str(at))
                first = kind == "introduced" and str(at) == "0"
                yield Event(kind, None if first else Version(str(at)))


def _is_open(events: Iterable[Event], version: Version) -> bool:
    """Is a version within one range? Its events are walked in the order of versions (OSV schema, "Evaluation")."""
    is_open = False
    for one in sorted(
        events, key=lambda event: (event.at is not None, event.at or version, event.kind != "introduced")
    ):
        match one.kind:
            case "introduced" if one.at is None or version >= one.at:
                is_open = True
            case "fixed" if one.at is not None and version >= one.at:
                is_open = False
            case "last_affected" if one.at is not None and version > one.at:
                is_open = False
    return is_open


def worst(severities: Iterable[str]) -> str:
    """The gravest of these words, nothing if none tells."""
    return max((one for one in severities if one), key=list(BANDS).index, default="")


def _worst(said: list[dict[str, JSON]]) -> str:
    """What an advisory tells of its gravity, at whichever of its places."""
    words: list[str] = []
    for one in said:
        for place in ("database_specific", "ecosystem_specific"):
            specific = one.get(place)
            word = specific.get("severity") if isinstance(specific, dict) else None
            words.append(WORDS.get(word.lower(), "") if isinstance(word, str) else "")
        severities = one.get("severity")
        for rated in severities if isinstance(severities, list) else []:
            score = rated.get("score") if isinstance(rated, dict) else None
            words.append(_band(score) if isinstance(score, str) else "")
    return worst(words)


def _band(vector: str) -> str:
    """The word for a CVSS vector; nothing where it is none."""
    from cvss import CVSS2, CVSS3, CVSS4, CVSSError  # only a scan that finds a vector needs it

    rated = CVSS4 if vector.startswith("CVSS:4") else CVSS3 if vector.startswith("CVSS:3") else CVSS2
    try:
        score = float(rated(vector).scores()[0])
    except CVSSError:
        return ""
    return next((word for word, least in reversed(BANDS.items()) if score >= least), "")


def _list(said: JSON) -> list[JSON]:
    if said is None:
        return []
    if not isinstance(said, list):
        raise TypeError
    return said


def _text(said: JSON) -> str:
    if not isinstance(said, str):
        raise TypeError
    return said


def _moment(said: JSON) -> datetime:
    moment = datetime.fromisoformat(_text(said))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Reads one consent case (request, grants, restrictions, law) from JSON, for the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leeward.rules.consent import (
    DataClass,
    Grant,
    Purpose,
    RecipientKind,
    Regime,
    Representation,
    Request,
    Restriction,
)
from leeward.rules.yaml_source import nearest

Kind = TypeVar("Kind", bound=StrEnum)
Fields = Mapping[str, object]
_LIKE_THIS = "Write 2026-10-09T14:30:00-05:00."


class CaseError(Exception):
    """A case that can't be decided. `str()` is one plain sentence; `hint` says what would be right."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    requests: tuple[Request, ...]
    grants: tuple[Grant | Restriction, ...]
    law: str


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object, unless a name stands in it twice: "withdrawn" must not be true and false, and the last one win."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, _value in pairs if sum(name == other for other, _v in pairs) > 1)
        raise CaseError(f"`{twice}` stands twice in one object.", hint="Keep the one that is meant.")
    return found


def read_case(text: str) -> Case:
    """Read a case. Raises CaseError."""
    if len(text) > 1024 * 1024:
        raise CaseError("The file is larger than 1 MiB.", hint="One case is far smaller.")
    try:
        data: object = json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CaseError(f"The file is not JSON{line}.", hint="See docs/reference/consent.md for an example.") from error
    case = _fields(data, "The file")
    _only(case, "The file", "request", "grants", "restrictions", "law")
    request = _fields(case.get("request"), "`request`")
    client = _word(request, "client", "client")
    grants = [_grant(entry, client) for entry in _entries(case, "grants")]
    restrictions = [_restriction(entry, client) for entry in _entries(case, "restrictions")]
    return Case(
        requests=_requests(request, client),
        grants=(*grants, *restrictions),
        law=_word(case, "law", "mississippi"),
    )


def _requests(request: Fields, client: str) -> tuple[Request, ...]:
    _only(
        request,
        "`request`",
        *("client", "data_class", "classes", "regimes", "recipient", "recipient_kind", "purpose", "at", "zone", "duty"),
    )
    zone = _word(request, "zone", "America/Chicago")
    try:
        site = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CaseError(f"`{zone[:40]}` is not a time zone.", hint="Write one like America/Chicago.") from error
    classes = (
        _members(request, "classes", DataClass)
        if "classes" in request
        else frozenset({_member(request, "data_class", DataClass)})
    )
    if not classes:
        raise CaseError("`classes` is empty.", hint="Name at least one data class.")
    duty = request.get("duty")
    return tuple(
        Request(
            client=client,
            data_class=data_class,
            regimes=_members(request, "regimes", Regime),
            recipient=_word(request, "recipient"),
            recipient_kind=_member(request, "recipient_kind", RecipientKind),
            purpose=_member(request, "purpose", Purpose),
            at=_moment(request, "at", site),
            zone=zone,
            duty=duty if isinstance(duty, str) else None,
        )
        for data_class in sorted(classes)
    )


def _grant(grant: Fields, client: str) -> Grant:
    _only(
        grant,
        "A grant",
        *("id", "client", "recipient", "classes", "purpose", "starts_at", "last_day", "elements", "withdrawn"),
        *("age", "representation"),
    )
    elements = grant.get("elements", [])
    if not isinstance(elements, list) or not all(isinstance(element, str) for element in elements):
        raise CaseError("`elements` should be a list of names.", hint='Write ["written", "signed", "explained"].')
    return Grant(
        id=_word(grant, "id"),
        client=_word(grant, "client", client),
        recipient=_word(grant, "recipient"),
        classes=_members(grant, "classes", DataClass),
        purpose=_member(grant, "purpose", Purpose),
        starts_at=_moment(grant, "starts_at", None),
        last_day=_day(grant, "last_day"),
        elements=frozenset(elements),
        withdrawn=_flag(grant, "withdrawn"),
        age=_age(grant),
        representation=_representation(grant["representation"]) if grant.get("representation") is not None else None,
    )


def _age(grant: Fields) -> int | None:
    age = grant.get("age")
    if age is not None and (not isinstance(age, int) or isinstance(age, bool) or not 0 <= age <= 150):
        raise CaseError("`age` should be a number of years.", hint="Leave it out for somebody of age.")
    return age


def _representation(value: object) -> Representation:
    entry = _fields(value, "`representation`")
    _only(entry, "A representation", "id", "classes", "starts_at", "last_day", "ended")
    return Representation(
        id=_word(entry, "id"),
        classes=_members(entry, "classes", DataClass),
        starts_at=_moment(entry, "starts_at", None),
        last_day=_day(entry, "last_day"),
        ended=_flag(entry, "ended"),
    )


def _restriction(entry: Fields, client: str) -> Restriction:
    _only(entry, "A restriction", "id", "client", "recipient", "classes", "purpose", "starts_at", "lifted")
    return Restriction(
        id=_word(entry, "id"),
        client=_word(entry, "client", client),
        recipient=_word(entry, "recipient") if entry.get("recipient") is not None else None,
        classes=_members(entry, "classes", DataClass) if entry.get("classes") is not None else None,
        purpose=_member(entry, "purpose", Purpose) if entry.get("purpose") is not None else None,
        starts_at=_moment(entry, "starts_at", None),
        lifted=_flag(entry, "lifted"),
    )


def _fields(value: object, what: str) -> Fields:
    if not isinstance(value, dict):
        raise CaseError(f"{what} should be an object with names and values.", hint="See docs/reference/consent.md.")
    return value


def _only(fields: Fields, what: str, *known: str) -> None:
    for key in fields:
        if key not in known:
            raise CaseError(f"{what} has `{key[:40]}`, which is not known here.", hint=nearest(key, known))


def _entries(fields: Fields, key: str) -> list[Fields]:
    value = fields.get(key, [])
    if not isinstance(value, list):
        raise CaseError(f"`{key}` should be a list.", hint="Write [] for none.")
    return [_fields(entry, f"Each of `{key}`") for entry in value]


def _word(fields: Fields, key: str, otherwise: str | None = None) -> str:
    value = fields.get(key, otherwise)
    if not isinstance(value, str) or not value:
        raise CaseError(f"`{key}` is missing or not text.", hint=f'Write "{key}": "…".')
    return value


def _flag(fields: Fields, key: str) -> bool:
    value = fields.get(key, False)
    if not isinstance(value, bool):
        raise CaseError(f"`{key}` should be true or false.", hint=f'Write "{key}": false.')
    return value


def _member(fields: Fields, key: str, kind: type[Kind]) -> Kind:
    return _one_of(_word(fields, key), key, kind)


def _members(fields: Fields, key: str, kind: type[Kind]) -> frozenset[Kind]:
    value = fields.get(key)
    if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
        raise CaseError(f"`{key}` should be a list of names.", hint=f"Known: {', '.join(kind)}.")
    return frozenset(_one_of(member, key, kind) for member in value)


def _one_of(text: str, key: str, kind: type[Kind]) -> Kind:
    try:
        return kind(text)
    except ValueError as error:
        raise CaseError(f"`{key}` is `{text[:40]}`.", hint=nearest(text, list(kind))) from error


def _moment(fields: Fields, key: str, zone: ZoneInfo | None) -> datetime:
    """A moment; without an offset it is read in the site's zone where there is one."""
    text = _word(fields, key)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CaseError(f"`{key}` is `{text[:40]}`.", hint=_LIKE_THIS) from error
    if moment.tzinfo is None:
        if zone is None:
            raise CaseError(f"`{key}` has no time zone.", hint=_LIKE_THIS)
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise CaseError(f"`{key}` is `{text[:40]}`, which is too long ago or too far off.", hint=_LIKE_THIS) from error


def _day(fields: Fields, key: str) -> date:
    text = _word(fields, key)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CaseError(f"`{key}` is `{text[:40]}`.", hint="Write 2026-10-09.") from error

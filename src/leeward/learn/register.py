"""The register of what was let out, in the form in which it is kept: in the database, or in a file beside the results.

It holds the true counts behind what was hidden, because without them nobody can prove that the next results don't give
them away. So it is for the computer that makes results, never for a reader of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, cast
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from leeward.evidence.errors import TooMuchIsOut
from leeward.evidence.protection import Sum
from leeward.evidence.releases import Beside, Document, Release

from .errors import RegisterBroken, TooSoon
from .extract_rows import REPORTER
from .models import ResultsRelease
from .plain import Json
from .results import ResultsError

FORMAT: Final = 1
#: Two who release at once would each be cleared without the other: the second waits.
_LOCK: Final = 7_310_453
_SHOWN, _HIDDEN, _UNPRINTED = "s", "h", "u"


def as_json(ledgers: Mapping[str, Release]) -> dict[str, Json]:
    """What one document let out, by ledger: cells with count, people and fate; sums as places of cells, total first."""
    return {name: _plain(release) for name, release in ledgers.items()}


def _plain(release: Release) -> dict[str, Json]:
    place = {name: number for number, name in enumerate(release.values)}
    cells: list[Json] = [
        [name, value, release.people[name], _fate(release, name)] for name, value in release.values.items()
    ]
    sums: list[Json] = [[place[each.total], *(place[part] for part in each.parts)] for each in release.sums]
    return {"cells": cells, "sums": sums}


def _fate(release: Release, name: str) -> str:
    return _SHOWN if name in release.shown else _HIDDEN if name in release.hidden else _UNPRINTED


def from_json(ledgers: object) -> dict[str, Release]:
    """What `as_json` wrote. Raises RegisterBroken for anything else."""
    try:
        return {name: _release(each) for name, each in cast("Mapping[str, Mapping[str, object]]", ledgers).items()}
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise RegisterBroken(_BROKEN, hint=_HINT) from error


def _release(plain: Mapping[str, object]) -> Release:
    cells = cast("Sequence[tuple[str, int, int, str]]", plain["cells"])
    names = [name for name, _, _, _ in cells]
    fates = {fate: frozenset(name for name, _, _, mine in cells if mine == fate) for fate in (_SHOWN, _HIDDEN)}
    return Release(
        values={name: int(value) for name, value, _, _ in cells},
        people={name: int(people) for name, _, people, _ in cells},
        sums=tuple(
            Sum(names[total], tuple(names[part] for part in parts))
            for total, *parts in cast("Sequence[Sequence[int]]", plain["sums"])
        ),
        shown=fates[_SHOWN],
        hidden=fates[_HIDDEN],
    )


_BROKEN: Final = "The register of released results is damaged or was changed by hand."
_HINT: Final = (
    "Bring it back from a backup. Without it nobody knows what was published before: move it away only if nothing was."
)


@contextmanager
def turn(agency: UUID, *, now: datetime, early: bool = False, save_as: str) -> Iterator[Beside]:
    """One release of an agency's results at a time: what was let out before, and afterwards this one noted with it.

    The register is read by the reporter and added to by whoever releases. Raises TooSoon within `LEEWARD_RELEASE_DAYS`
    of the last release, unless it is asked for knowingly (`early`) or of the same moment, which gives nothing new;
    ResultsError where what was let out leaves no way to let this out as well.
    """
    with transaction.atomic(using=save_as):
        with connections[save_as].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(agency)])
        held = list(ResultsRelease.objects.using(REPORTER).filter(agency_id=agency).order_by("released_at", "id"))
        if held and not early and all(each.data_cut != now for each in held):
            refuse_within(held[-1].released_at, now)
        beside = Beside([Document(each.digest, from_json(each.ledgers)) for each in held])
        try:
            yield beside
        except TooMuchIsOut as error:
            raise ResultsError(
                _("What was published before leaves no way to publish these results as well."),
                hint=_("Try again when more time has passed. Until then the last results stand."),
            ) from error
        if not beside.is_repeated:
            ResultsRelease(
                agency_id=agency,
                released_at=timezone.now(),
                data_cut=now,
                digest=beside.digest,
                ledgers=as_json(beside.let_out),
            ).save(using=save_as, force_insert=True)


def possible_from(last: datetime) -> datetime:
    """When the next results are due after results that were let out then."""
    return last + timedelta(days=settings.LEEWARD_RELEASE_DAYS)


def refuse_within(last: datetime, now: datetime) -> None:
    """Raises TooSoon while the next results are not due."""
    if now < (first := possible_from(last)):
        day = formats.date_format(timezone.localtime(first).date())
        raise TooSoon(
            _("Results were published a short while ago. The next are due on %(day)s.") % {"day": day},
            hint=_(
                "Whoever keeps both could subtract them, so the closer they are, the more must be hidden. "
                "They can be published early all the same."
            ),
        )


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """The register of a folder of tables, as one file with its own digest, readable by its owner only."""

    path: Path

    def read(self) -> list[Document]:
        """The documents that were let out, oldest first; none while there is no file. Raises RegisterBroken."""
        return [Document(str(each["digest"]), from_json(each["ledgers"])) for each in self._read()]

    def _read(self) -> list[dict[str, object]]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise RegisterBroken(f"The register {self.path} can't be read.", hint=_HINT) from error
        try:
            held = json.loads(text)
            if held["format"] != FORMAT or held["sha256"] != _sha256(held["releases"]):
                raise RegisterBroken(f"{_BROKEN} It is {self.path}.", hint=_HINT)
            return list(held["releases"])
        except (KeyError, TypeError, ValueError) as error:
            raise RegisterBroken(f"{_BROKEN} It is {self.path}.", hint=_HINT) from error

    def add(self, beside: Beside, *, data_cut: datetime) -> None:
        """Note what was let out; nothing for a document that was let out before. The file is whole or as it was."""
        if beside.is_repeated:
            return
        releases = [
            *self._read(),
            {"digest": beside.digest, "data_cut": data_cut.isoformat(), "ledgers": as_json(beside.let_out)},
        ]
        held = {"format": FORMAT, "sha256": _sha256(releases), "releases": releases}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(self.path.suffix + ".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(held, file)
        os.replace(part, self.path)


def _sha256(releases: object) -> str:
    return hashlib.sha256(json.dumps(releases, sort_keys=True).encode()).hexdigest()

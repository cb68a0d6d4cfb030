"""A sealed record of what was done, in the database and in two places outside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from leeward.protect.seal import ledger

from ...cast import Cast
from . import tampering
from .tampering import Log, note, superuser


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "LEEWARD_CHECKPOINTS", [str(tmp_path / "one"), str(tmp_path / "two")])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "one"


@pytest.fixture
def clean(cast: Cast) -> Iterator[Cast]:
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    yield cast
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    connections["auditor"].close()


@pytest.fixture
def log(clean: Cast, place: Path) -> Log:
    """Forty-odd records under seven seals, and three that are not sealed yet."""
    tampering.write_log(clean.staff["clinician"], records=44)
    ledger.seal_all(batch=7)
    note(clean.centre, 3)
    return tampering.capture(tampering.checkpoint_lines(place))

"""A keyring and an erasure ledger of a test's own, and the test database brought to follow them for that long."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.test import override_settings

from leeward.people import opening
from leeward.people.keyring import FileKeyring
from leeward.people.models import LedgerPosition
from leeward.protect import erasure
from leeward.protect.models import CodeApp

from .committed import forget_clients

OWN: dict[str, FileKeyring] = {}


def own_keyring() -> FileKeyring:
    """What `LEEWARD_KEYRING` names while a test has a keyring of its own."""
    return OWN["ring"]


@contextmanager
def own_vault(folder: Path) -> Iterator[FileKeyring]:
    """Begin a keyring and a ledger in `folder`; afterwards the database follows the run's ledger again."""
    forget_clients()  # whom earlier tests left behind are sealed under other keys
    from leeward.people import keyring

    apps = list(CodeApp.objects.using("admin").all())  # likewise what the cast signs in with
    CodeApp.objects.using("admin").all().delete()
    OWN["ring"] = FileKeyring(folder / "keys" / "keyring.json")
    keyring._named.cache_clear()
    own = override_settings(
        LEEWARD_KEYRING="tests.people.vaults:own_keyring", LEEWARD_ERASURE_LEDGER=folder / "ledger.jsonl"
    )
    try:
        with own:
            follow_anew()
            yield OWN["ring"]
    finally:
        keyring._named.cache_clear()
        follow_anew()
        CodeApp.objects.using("admin").all().delete()
        CodeApp.objects.using("admin").bulk_create(apps)


def follow_anew() -> None:
    """Let the database follow the ledger that the settings name now, as if it had never followed one."""
    LedgerPosition.objects.using("admin").all().delete()
    erasure.follow(now=datetime.now(UTC))
    opening._agreed.clear()
    assert Path(settings.LEEWARD_ERASURE_LEDGER).exists()

"""The identity vault's keys, and erasing a person: what only the centre itself does."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leeward.platform import database, envelope

if TYPE_CHECKING:
    from leeward.people.models import Staff

app = typer.Typer(no_args_is_help=True, help="Site keys, erasure, and the pair of keys for backups.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(as_json: Json = False) -> None:
    """Say which versions of the site key there are, and how many rows each holds. No key is printed.

    Example: leeward vault show
    """
    _django()
    from leeward.people import rotation
    from leeward.people.keyring import keyring

    current, counts = keyring().current, rotation.counts()
    told = [{"version": v, "current": v == current, "rows": counts[v]} for v in sorted(counts)]
    if as_json:
        print(json.dumps(told))
        return
    for one in told:
        print(f"{one['version']:>4}  {one['rows']:>10} rows{'  current' if one['current'] else ''}")


@app.command()
def rotate(as_json: Json = False) -> None:
    """Make a new version of the site key and wrap every client's key with it; nobody has to wait.

    If it is stopped, run it again: it goes on where it was.

    Example: leeward vault rotate
    """
    _django()
    from leeward.people import rotation

    turned = rotation.rotate(progress=_progress)
    told = {
        "version": turned.version,
        "resumed": turned.resumed,
        "keys": turned.keys,
        "indexes": turned.indexes,
        "broken": turned.broken,
    }
    if as_json:
        print(json.dumps(told))
    else:
        begun = "Finished the rotation to" if turned.resumed else "Rotated to"
        print(f"{begun} version {turned.version}: {turned.keys} keys, the search index of {turned.indexes} people.")
    if turned.broken:
        print(f"leeward: {turned.broken} keys open with no version. Tell the privacy officer.", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def forget(version: Annotated[int, typer.Argument(help="An old version that holds no row.", min=1)]) -> None:
    """Destroy an old version of the site key. What was only wrapped by it opens nowhere again.

    Wait until no key backup needs it: 35 days after the rotation.

    Example: leeward vault forget 1
    """
    _django()
    from leeward.people import rotation

    rotation.forget(version)
    print(f"Version {version} is gone.")


@app.command()
def erase(
    code: Annotated[str, typer.Argument(help="The person's case code.")],
    by: Annotated[str, typer.Option("--by", help="E-mail of who erases.")],
    confirmed_by: Annotated[str, typer.Option("--confirmed-by", help="E-mail of the second person.")],
) -> None:
    """Destroy what could name a person: their key, their search index, their name. It can't be undone.

    It needs two active people who are privacy officer or program director.

    Example: leeward vault erase 7QK2-9MXBA-4 --by ana@centre.example --confirmed-by li@centre.example
    """
    _django()
    from django.utils import timezone

    from leeward.platform.backup import KEYS_KEPT
    from leeward.protect import erasure

    now = timezone.now()
    erasure.erase(code=code, by=_staff(by), confirmed_by=_staff(confirmed_by), now=now)
    print(f"Erased now; gone from key backups by {now + KEYS_KEPT:%Y-%m-%d}.")


@app.command("erase-pending")
def erase_pending() -> None:
    """Erase those whom a legal hold kept, now that no hold stands. The two who asked must still be who they were.

    Example: leeward vault erase-pending
    """
    _django()
    from django.utils import timezone

    from leeward.protect import erasure

    done, waiting = erasure.run_pending(now=timezone.now())
    print(f"Erased {len(done)}; {len(waiting)} wait on.")


@app.command("backup-key")
def backup_key(
    out: Annotated[Path, typer.Option("--out", help="New file for the private key. Keep it off the server.")],
) -> None:
    """Make the pair of keys for backups: the private one into a file, the public one printed.

    Example: leeward vault backup-key --out /media/safe/backup.key
    """
    private, public = envelope.new_pair()
    envelope.write_private(out, private)
    print(public)


def _staff(email: str) -> "Staff":
    from leeward.people.errors import CantErase
    from leeward.people.models import Staff
    from leeward.protect.models import Account

    account = Account.objects.using("admin").filter(email__iexact=email, is_active=True).first()
    staff = Staff.objects.using("admin").filter(pk=account.staff_id).first() if account else None
    if staff is None:
        raise CantErase(f"Nobody signs in as {email}.", "Check the e-mail address.")
    return staff


def _progress(what: str, count: int) -> None:
    print(f"{what}: {count:,}", file=sys.stderr)


def _django() -> None:
    import django

    database.administrator_url()
    django.setup()

"""The identity vault's keys, and erasing a person: what only the centre itself does."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from leeward.platform import database, envelope
from leeward.platform.commands import two_people

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
def forget(
    version: Annotated[int, typer.Argument(help="An old version that holds no row.", min=1)],
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Do not wait: the key was stolen. Make a new key backup first.")
    ] = False,
) -> None:
    """Destroy an old version of the site key. What was only wrapped by it opens nowhere again.

    Refused until 35 days after the last rotation: for so long a key backup of before it may be needed. Only where the
    old version was stolen use --at-once, after a new key backup: the older ones open nothing then.

    Example: leeward vault forget 1
    """
    _django()
    from django.utils import timezone

    from leeward.people import rotation

    rotation.forget(version, now=timezone.now(), at_once=at_once)
    print(f"Version {version} is gone.")


@app.command()
def erase(
    code: Annotated[str, typer.Argument(help="The person's case code.")],
    by: Annotated[str, typer.Option("--by", help="E-mail of who erases.")],
    confirmed_by: Annotated[str, typer.Option("--confirmed-by", help="E-mail of the second person.")],
) -> None:
    """Destroy what could name a person: their key, their search index, their name. It can't be undone.

    It needs two active people who are privacy officer or program director. Each types a password and a code.

    Example: leeward vault erase 7QK2-9MXBA-4 --by ana@centre.example --confirmed-by li@centre.example
    """
    _django()
    from django.utils import timezone

    from leeward.people.rotation import KEYS_KEPT
    from leeward.protect import erasure

    now = timezone.now()
    first, second = two_people.both(by, confirmed_by)
    erasure.erase(code=code, by=first, confirmed_by=second, now=now)
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


@app.command("export-key")
def export_key(
    by: Annotated[str, typer.Option("--by", help="E-mail of the first person.")],
    to: Annotated[str, typer.Option("--to", help="Their own age public key: they alone open their half.")],
    confirmed_by: Annotated[str, typer.Option("--confirmed-by", help="E-mail of the second person.")],
    confirmed_to: Annotated[str, typer.Option("--confirmed-to", help="The second person's own age public key.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the two files.")],
) -> None:
    """Copy the site key for the day when the server is lost, in two halves for two people. One half opens nothing.

    It needs two people who are privacy officer or program director. Each types a password and a code.

    Example: leeward vault export-key --by ana@centre.example --to age1… --confirmed-by li@centre.example
    --confirmed-to age1… --out /media/safe
    """
    _django()
    from django.utils import timezone

    from leeward.protect import age, key_halves

    recipients = age.recipient(to), age.recipient(confirmed_to)
    first, second = two_people.both(by, confirmed_by)
    halves = key_halves.export(
        key_halves.Holder(first, to, recipients[0]),
        key_halves.Holder(second, confirmed_to, recipients[1]),
        now=timezone.now(),
    )
    out.mkdir(parents=True, exist_ok=True)
    for number, (half, holder) in enumerate(zip(halves, (by, confirmed_by), strict=True), start=1):
        file = out / f"half-{number}.age"
        with file.open("xb") as stream:
            stream.write(half)
        print(f"{file}: for {holder}")
    print("Give each file to its person, to be kept in two places. After the next rotation, make two new ones.")


@app.command("join-key")
def join_key(
    halves: Annotated[tuple[Path, Path], typer.Argument(help="The two halves, sealed or opened with age.")],
    identity: Annotated[
        list[Path] | None, typer.Option("--identity", help="A person's age private key; once for each sealed half.")
    ] = None,
) -> None:
    """Put the site key back from its two halves, where no key is: the first step after losing the server.

    Example: leeward vault join-key half-1.age half-2.age --identity ana.key --identity li.key
    """
    import django

    django.setup()
    from leeward.protect import age, key_halves

    identities = [age.identity(file) for file in identity or []]
    one, other = (key_halves.opened(half.read_bytes(), identities) for half in halves)
    for file in key_halves.put_back(key_halves.join(one, other)):
        print(f"{file} is back.")


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


def _progress(what: str, count: int) -> None:
    print(f"{what}: {count:,}", file=sys.stderr)


def _django() -> None:
    import django

    database.administrator_url()
    django.setup()

"""`leeward extract`: the centre's record as pseudonymised Parquet, from which results can be computed again."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer


def extract(
    out: Annotated[Path, typer.Option(help="Folder for the files: new, empty, or an earlier extract.")],
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the data cut, at 0:00 UTC.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write what results need, without names, codes or free text, and without whoever declined research use.

    Example: leeward extract --out extract && leeward results --data extract --out results
    """
    import django

    from leeward.platform import database

    database.administrator_url()
    django.setup()
    from leeward.learn.extract_files import write_extract

    from .results import the_centre

    now = as_of.replace(tzinfo=UTC) if as_of else datetime.now(UTC)
    written = write_extract(the_centre(), out, now=now, progress=_progress)
    if as_json:
        print(json.dumps({"rows": written.rows, "left_out": written.left_out, "digest": written.digest}))
    else:
        print(f"Wrote {out}: {written.rows['clients']:,} people, {written.rows['events']:,} events.")
        print(f"Digest {written.digest}.")


def _progress(done: int) -> None:
    if done % 5_000 == 0:
        print(f"{done:,} people", file=sys.stderr)

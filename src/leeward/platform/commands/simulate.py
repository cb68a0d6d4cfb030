"""`leeward simulate`: a synthetic centre as files, and the truth that made it."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

_PATIENCE = 2.0


def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the Parquet files; made if it is missing.")],
    clients: Annotated[int, typer.Option(help="How many people come in the two years.")] = 400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files, byte for byte.")] = 7,
    truth: Annotated[Path | None, typer.Option(help="File for the truth; OUT/truth.json unless given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Make a synthetic centre: two years of invented people as Parquet, and the true parameters behind them.

    Example: leeward simulate --clients 400 --seed 7 --out centre
    """
    from leeward.simulation import Parameters, SimulationError, write_centre
    from leeward.simulation.centre import check

    try:
        check(clients=clients, seed=seed)
    except SimulationError as error:
        _say(f"leeward: {error} {error.hint}")
        raise typer.Exit(2) from error
    try:
        written = write_centre(
            Parameters(), clients=clients, seed=seed, out=out, truth=truth, progress=_progress(clients)
        )
    except SimulationError as error:
        _say(f"leeward: {error} {error.hint}")
        raise typer.Exit(1) from error
    if as_json:
        print(json.dumps({"out": str(out), "truth": str(written.truth), "seed": seed, "rows": dict(written.rows)}))
    else:
        rows = ", ".join(f"{number:,} {table}" for table, number in written.rows.items())
        print(f"Wrote {rows} to {out}. The truth is in {written.truth}.")


def _progress(clients: int) -> Callable[[int], None]:
    """Says how far it is, every two seconds, so that short work stays silent."""
    said_at = time.monotonic()

    def tell(people: int) -> None:
        nonlocal said_at
        if people < clients and time.monotonic() - said_at >= _PATIENCE:
            said_at = time.monotonic()
            _say(f"{people:,} of {clients:,} people")

    return tell


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

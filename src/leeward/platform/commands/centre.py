"""Running a centre: the demonstration, the web server, the schema, and a check of every setting."""

import json
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer

from leeward.home import home
from leeward.platform import database

from .work import worker_beside

Port = Annotated[int, typer.Option(help="Port of the web server.", min=1, max=65535)]


class PortTaken(Exception):
    """Somebody else listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use by another program.")
        self.hint = f"Choose another one: --port {port + 1 if port < 65535 else port - 1}"


def demo(
    port: Port = 8000,
    clients: Annotated[int, typer.Option(help="How many synthetic people.", min=1, max=100_000)] = 400,
    seed: Annotated[int, typer.Option(help="Seed of the synthetic centre.")] = 7,
    serve_pages: Annotated[bool, typer.Option("--serve/--no-serve", help="Prepare only, or serve too.")] = True,
) -> None:
    """The whole demonstration centre: database, synthetic people, web server, one sign-in per role.

    Example: leeward demo --clients 400 --seed 7
    """
    os.environ["LEEWARD_DEMO"] = "yes"
    os.environ.setdefault("LEEWARD_HTTPS", "no")
    if serve_pages:
        _need_free(port)
    with step("Starting the database"):
        database.administrator_url()
        _django()
    with step("Preparing tables and access rules"):
        from leeward.platform.migrate import migrate as bring_up

        bring_up()
    from leeward.platform import demonstration, safe_start

    safe_start.require()
    if demonstration.is_loaded(clients=clients, seed=seed):
        print("The synthetic centre is already here.", file=sys.stderr)
    else:
        with step(f"Making a synthetic centre with {clients} people"):
            demonstration.load(clients=clients, seed=seed)
        if serve_pages:
            demonstration.ask_for_results()
        else:
            with step("Computing the preliminary results"):
                demonstration.compute_results()
    _print_sign_ins(port, serving=serve_pages)
    if serve_pages:
        with worker_beside():
            _serve("127.0.0.1", port, workers=2)


def serve(
    port: Port = 8000,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help="Server processes.", min=1, max=64)] = 2,
) -> None:
    """Serve the pages of a centre whose database is ready (`leeward migrate` first) and whose erasure ledger is here.

    Refuses to start on anything that `leeward doctor` calls unsafe, and says how to mend it.

    Example: LEEWARD_DATABASE_URL=postgresql://… leeward serve --port 8000
    """
    _need_free(port)
    database.administrator_url()
    _django()
    from leeward.people import opening

    opening.require(using="admin")
    from leeward.platform import safe_start

    safe_start.require()
    _serve(address, port, workers=workers)


def migrate() -> None:
    """Create or update roles, tables and access rules. Safe to run again.

    Example: LEEWARD_DATABASE_URL=postgresql://… leeward migrate
    """
    with step("Preparing tables and access rules"):
        database.administrator_url()
        _django()
        from leeward.platform.migrate import migrate as bring_up

        bring_up()


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check settings, keys, definitions and the database's own rules; say how to mend what is wrong.

    Example: leeward doctor
    """
    with suppress(database.DatabaseUnavailable):  # that it does not answer is a finding of its own
        database.administrator_url()
    _django()
    from leeward.platform.checkup import check_everything

    findings = check_everything()
    if as_json:
        print(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        for finding in findings:
            print(
                f"{'ok  ' if finding.ok else 'MEND'}  {finding.what}"
                + ("" if finding.ok else f"\n      {finding.mend}")
            )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took, on standard error."""
    begun = time.monotonic()
    print(f"{what} … ", end="", file=sys.stderr, flush=True)
    yield
    print(f"{time.monotonic() - begun:.1f} s", file=sys.stderr)


def _django() -> None:
    import django

    django.setup()


def _need_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(port) from error


def _print_sign_ins(port: int, *, serving: bool) -> None:
    accounts = json.loads((home() / "demo-accounts.json").read_text(encoding="utf-8"))
    print(f"\nOpen http://localhost:{port}/ and sign in as one of:" if serving else "\nReady. Sign-ins:")
    for account in accounts:
        print(f"  {account['label']:<34} {account['email']:<34} {account['password']}")
    print("\nEverybody in this centre is made up. Stop with Ctrl-C.\n" if serving else "", flush=True)


def _serve(address: str, port: int, *, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    # Each server process begins anew: one that is a copy of this one would share its connections, and its pool would
    # have no threads to open another. It reads the settings itself, and keeps connections ready.
    multiprocessing.set_start_method("spawn", force=True)
    os.environ["LEEWARD_POOL"] = "yes"
    Granian(
        "leeward.platform.wsgi:application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=8,
        log_access=False,
        log_level=LogLevels.error,
        websockets=False,
    ).serve()

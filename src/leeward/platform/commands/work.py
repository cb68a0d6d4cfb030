"""The job worker: what happens by itself in a centre."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Thread
from typing import Annotated

import typer

from leeward.platform import database


def work(
    once: Annotated[
        bool, typer.Option("--once", help="Go round once, say how many steps are newly late, end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each round.")] = False,
    beside: Annotated[bool, typer.Option("--beside", hidden=True, help="End when standard input does.")] = False,
) -> None:
    """Do what happens by itself: tell who must hear that a step is late; send what waits; seal the audit record.

    Runs until it is stopped (Ctrl-C or SIGTERM). Any number may run side by side.

    Example: LEEWARD_DATABASE_URL=postgresql://… leeward work
    """
    database.administrator_url()
    import django

    django.setup()
    _be_safe(wait=not once)
    if once:
        from django.utils import timezone

        from leeward.people import escalation
        from leeward.protect.outbox import sending
        from leeward.protect.seal import ledger

        now = timezone.now()
        raised = escalation.ring(now)
        sending.send_waiting(now)
        ledger.seal_all()
        if as_json:
            _told_json(now, raised)
        else:
            print(f"{raised} newly late.")
    else:
        asyncio.run(_work(as_json=as_json, beside=beside))


def _be_safe(*, wait: bool) -> None:
    """Raises UnsafeStart. What can't be asked of a database that is away is asked when it is back."""
    from django.conf import settings
    from django.db import OperationalError

    from leeward.platform import safe_start
    from leeward.platform.jobs import RETRY_SECONDS

    while True:
        try:
            return safe_start.require()
        except OperationalError:
            if settings.DEMO:
                return None  # nobody's data
            if not wait:
                raise
            _troubled()
            time.sleep(RETRY_SECONDS)


async def _work(*, as_json: bool, beside: bool) -> None:
    from leeward.platform import jobs

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if beside:
        Thread(target=lambda: (sys.stdin.buffer.read(), loop.call_soon_threadsafe(stop.set)), daemon=True).start()
    elif not as_json:
        print("Looking every minute for what is late. Stop with Ctrl-C.", file=sys.stderr, flush=True)
    quiet = (lambda now, raised: None) if beside else _told
    await jobs.keep_working(stop, told=_told_json if as_json else quiet, troubled=_troubled)


def _told(now: datetime, raised: int) -> None:
    if raised:
        print(f"{now:%Y-%m-%d %H:%M}Z {raised} newly late.", flush=True)


def _told_json(now: datetime, raised: int) -> None:
    print(json.dumps({"at": now.isoformat(), "raised": raised}), flush=True)


def _troubled() -> None:
    print("leeward: The database does not answer. Trying again in a few seconds.", file=sys.stderr, flush=True)


@contextmanager
def worker_beside() -> Iterator[None]:
    """A worker in a process of its own for as long as this one lives, however this one ends."""
    worker = subprocess.Popen([sys.executable, "-m", "leeward.platform.cli", "work", "--beside"], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        if worker.stdin is not None:
            worker.stdin.close()
        try:
            worker.wait(timeout=15)
        except subprocess.TimeoutExpired:
            worker.kill()

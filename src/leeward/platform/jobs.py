"""What happens by itself: jobs in the database's own queue (procrastinate), run by `leeward work` as the worker role.

Every minute a worker goes round and raises what is late, and seals the audit record; every five seconds it sends what
waits in the outbox, and looks whether a page waits for a long computation; every ten minutes it notes odd reading, and
every hour it forgets what need not be kept. One does not hold up the other. Any number of workers may run. One that is
killed loses nothing: what it had not finished, the next round does. Nothing here holds a job's `lock`, because a killed
worker would keep it for ever; `escalation.ring` itself lets two go round at once, and so does the outbox; one alone
seals.

The worker polls and does not listen, so that it also works behind pgbouncer's transaction pooling.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import psycopg
from django.db import connections
from django.utils import timezone
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from psycopg_pool import AsyncConnectionPool

from leeward.coordinate.legal import retention
from leeward.learn import asking, comparisons, worker
from leeward.people import escalation
from leeward.protect.odd_reading import notice as odd_reading
from leeward.protect.outbox import sending
from leeward.protect.seal import ledger
from leeward.protect.seal.checkpoint import CheckpointError

from . import database

Clock = Callable[[], datetime]
#: Called after each round with its moment and how many escalations it raised.
Told = Callable[[datetime, int], None]
KEEP_FAILED_HOURS = 24 * 7
POLL_SECONDS = 5.0
#: How long a worker that was asked to stop may take to finish its round, and waits for a database that is away.
GRACE_SECONDS = 10.0
RETRY_SECONDS = 5.0


def _server() -> dict[str, Any]:
    """The worker role on the server that is configured when the worker starts."""
    return {**database.parameters("worker"), "connect_timeout": 10, "application_name": "leeward work"}


def _pool(**settings: Any) -> AsyncConnectionPool[Any]:
    return AsyncConnectionPool(kwargs=_server(), min_size=1, max_size=3, timeout=GRACE_SECONDS, **settings)


app = App(connector=PsycopgConnector(pool_factory=_pool))


@app.periodic(cron="* * * * *")
@app.task(name="ring", queueing_lock="ring", pass_context=True)
def ring(context: JobContext, timestamp: int) -> None:
    """Raise what is late by the worker's clock; the minute for which the job was made (`timestamp`) is only a name."""
    now = context.additional_context["clock"]()
    try:
        raised = escalation.ring(now)
    finally:
        connections[escalation.WORKER].close()  # the thread may never run another job
    context.additional_context["told"](now, raised)


@app.periodic(cron="* * * * * */5")
@app.task(name="compare", queueing_lock="compare")
def compare(timestamp: int) -> None:
    """Answer the comparisons of two versions that somebody asked for."""
    try:
        comparisons.answer_all(timezone.now())
    finally:
        for alias in (worker.WORKER, worker.REPORTER):
            connections[alias].close()


@app.periodic(cron="* * * * * */5")
@app.task(name="results", queueing_lock="results")
def results(timestamp: int) -> None:
    """Compute the results that somebody asked for."""
    try:
        asking.answer_all(timezone.now())
    finally:
        for alias in (worker.WORKER, worker.REPORTER):
            connections[alias].close()


@app.periodic(cron="* * * * * */5")
@app.task(name="send", queueing_lock="send")
def send(timestamp: int) -> None:
    """Send what waits in the outbox, each message decided at this moment."""
    try:
        sending.send_waiting(timezone.now())
    finally:
        connections[sending.WORKER].close()


@app.periodic(cron="* * * * *")
@app.task(name="seal", queueing_lock="seal")
def seal(timestamp: int) -> None:
    """Seal what was written to the audit record. Raises SealRefused, and CheckpointError where a place is away."""
    try:
        done = ledger.seal_all()
    finally:
        connections[ledger.AUDITOR].close()
    if done.troubles:
        raise CheckpointError(done.troubles[0], "")


@app.periodic(cron="*/10 * * * *")
@app.task(name="notice", queueing_lock="notice")
def notice(timestamp: int) -> None:
    """Note reading that the privacy officer should look at. Raises WrongHours for settings that can't be read."""
    try:
        odd_reading.notice(timezone.now())
    finally:
        connections[odd_reading.WORKER].close()


@app.periodic(cron="23 * * * *")
@app.task(name="forget", queueing_lock="forget")
def forget(timestamp: int) -> None:
    """Forget the words of legal requests that gave nothing, after the site's days."""
    try:
        retention.forget()
    finally:
        connections[retention.WORKER].close()


@app.periodic(cron="7 * * * *")
@app.task(name="tidy", queueing_lock="tidy", pass_context=True)
async def tidy(context: JobContext, timestamp: int) -> None:
    """Forget the jobs of workers that died, and failed ones after a week."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.finish_job(job, Status.FAILED, delete_job=True)
    await manager.delete_old_jobs(
        nb_hours=KEEP_FAILED_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


def _nobody(now: datetime, raised: int) -> None:
    return None


async def work(*, clock: Clock = timezone.now, told: Told = _nobody, wait: bool = True) -> None:
    """Run jobs until cancelled, or with `wait=False` until the queue is empty.

    Raises ConnectorException or psycopg.OperationalError when the database does not answer.
    """
    async with await psycopg.AsyncConnection.connect(**_server()):
        pass  # one plain try, because a pool keeps trying for long before it says no
    async with app.open_async():
        await app.run_worker_async(
            concurrency=4,
            wait=wait,
            listen_notify=False,
            fetch_job_polling_interval=POLL_SECONDS,
            shutdown_graceful_timeout=GRACE_SECONDS,
            delete_jobs="successful",
            install_signal_handlers=False,
            additional_context={"clock": clock, "told": told},
        )


async def keep_working(
    stop: asyncio.Event,
    *,
    clock: Clock = timezone.now,
    told: Told = _nobody,
    troubled: Callable[[], None] = lambda: None,
) -> None:
    """Run jobs until `stop` is set; when the database goes away, say so (`troubled`) and try again until it is back."""
    stopping = asyncio.ensure_future(stop.wait())
    while not stop.is_set():
        working = asyncio.ensure_future(work(clock=clock, told=told))
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        while stop.is_set() and not working.done():
            # Again and again: a wait that ends in the same moment swallows one (asyncio.wait_for before Python 3.12).
            working.cancel()
            await asyncio.wait({working}, timeout=GRACE_SECONDS + 1)
        with suppress(asyncio.CancelledError, ConnectorException, psycopg.OperationalError):
            await working
        if not stop.is_set():  # a worker that ends unasked has lost the database
            troubled()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(stopping), RETRY_SECONDS)

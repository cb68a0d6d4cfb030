"""The job queue runs what is periodic, by itself, stops when asked, and outlives a worker that is killed."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from django.conf import settings
from django.db import Error, connection, connections, transaction

from leeward.people import escalation, timeline
from leeward.platform import checkup, database, jobs

from ..cast import Cast
from ..people.committed import asked_by, forget_clients, read, register

BEGIN = datetime.now(UTC) - timedelta(days=60)
#: Rungs that are reached for the person of `late` by now: safety, talking alone, urgent needs, the conversation.
TODAY = 4
Result = TypeVar("Result")
LEEWARD = [sys.executable, "-m", "leeward.platform.cli"]


def made_up() -> dict[str, str]:
    """The people of the tests are made up, and so their worker may run where a centre's may not."""
    return {**os.environ, "LEEWARD_DEMO": "yes"}


@pytest.fixture(autouse=True)
def _clean(cast: Cast) -> Iterator[None]:
    forget_clients()
    yield
    forget_clients()
    with connections["admin"].cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_periodic_defers, procrastinate_workers CASCADE")


@pytest.fixture
def late(cast: Cast) -> None:
    """Somebody in danger at BEGIN was not asked about safety: the director hears an hour later."""
    client = register(cast, BEGIN)
    data = {"indicators": ["speaks_for"], "count": 1, "suspected": False, "danger_now": True}
    with asked_by(cast, "case_manager") as staff:
        timeline.append("indicator.observed", client=client, by=staff, now=BEGIN, data=data)


@contextmanager
def worker(*words: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*LEEWARD, "work", *words], env=made_up(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """In a thread of its own: a browser of an earlier test keeps this one's event loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _defer(number: int) -> None:
    async with jobs.app.open_async():
        for minute in range(number):
            await jobs.ring.configure(queueing_lock=str(minute)).defer_async(timestamp=minute)


def run_queue(now: datetime) -> list[int]:
    """Work until the queue is empty with a clock that stands at `now`; what each round raised."""
    told: list[int] = []
    run(jobs.work(clock=lambda: now, told=lambda at, raised: told.append(raised), wait=False))
    return told


def test_a_job_goes_round_by_the_clock_that_it_is_given(late: None) -> None:
    run(_defer(1))
    assert run_queue(BEGIN + timedelta(minutes=59))[:1] == [0]
    run(_defer(2))
    assert sorted(run_queue(BEGIN + timedelta(minutes=60))[:2]) == [0, 1], "two rounds, one of them raises it"
    assert read("SELECT step, reached_at FROM people_escalation") == [("safety-now", BEGIN + timedelta(hours=1))]
    assert read("SELECT count(*) FROM procrastinate_jobs WHERE status <> 'todo'") == [(0,)], "done jobs are forgotten"


def test_the_worker_goes_round_by_itself_and_stops_when_asked(late: None) -> None:
    with worker("--json") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["raised"] == TODAY
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0
        assert time.monotonic() - begun < 30
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert read("SELECT count(*) FROM procrastinate_workers") == [(0,)], "it signed off"


def test_t5_a_crash_writes_no_memory_of_a_worker_to_the_disk(late: None) -> None:
    with worker("--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        limits = Path(f"/proc/{process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), limits


def test_two_workers_share_one_minute(late: None) -> None:
    began = int(time.time()) // 60
    with worker("--json") as one, worker("--json") as two:
        assert one.stdout is not None
        assert two.stdout is not None
        until = time.monotonic() + 60
        while read("SELECT count(*) FROM procrastinate_workers") != [(2,)] and time.monotonic() < until:
            time.sleep(0.2)
        while read("SELECT count(*) FROM people_escalation") == [(0,)] and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(2)
        for process in (one, two):
            process.terminate()
            process.wait(timeout=20)
        rounds = [json.loads(line) for process in (one, two) for line in (process.stdout or [])]
    assert sum(each["raised"] for each in rounds) == TODAY
    minutes = int(time.time()) // 60 - began + 1
    assert len(rounds) <= minutes + 1, "one job a minute, whoever runs it, and one for the minute before they began"


def test_a_killed_workers_job_holds_up_nobody_and_is_forgotten(late: None) -> None:
    run(_defer(1))
    with connections["admin"].cursor() as cursor:  # what a worker that was killed in the middle leaves behind
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')")
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
        )
    run(_defer(1))
    assert sum(run_queue(BEGIN + timedelta(hours=2))) == 1

    async def tidy() -> None:
        async with jobs.app.open_async():
            await jobs.tidy.configure().defer_async(timestamp=0)

    run(tidy())
    run_queue(BEGIN + timedelta(hours=2))
    assert read("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == [(0,)]


def test_a_worker_whose_connections_are_cut_works_on(late: None) -> None:
    with worker("--json") as process:
        assert process.stdout is not None
        process.stdout.readline()
        cut = read(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'leeward work' AND datname = current_database()"
        )
        assert cut > [(0,)]
        run(_defer(1))
        assert json.loads(process.stdout.readline())["raised"] == 0
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_a_worker_without_a_database_says_so_and_waits(cast: Cast) -> None:
    gone = {"LEEWARD_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    process = subprocess.Popen(
        [*LEEWARD, "work"], env={**made_up(), **gone}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stderr is not None
        assert "Looking every minute" in process.stderr.readline()
        assert process.stderr.readline() == "leeward: The database does not answer. Trying again in a few seconds.\n"
        process.terminate()
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_worker_beside_the_server_ends_with_it(cast: Cast) -> None:
    process = subprocess.Popen([*LEEWARD, "work", "--beside"], env=made_up(), stdin=subprocess.PIPE)
    try:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()


def test_a_stop_that_a_library_swallows_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen once: told to stop while it was starting, a worker went on working."""
    swallowed = []

    async def deaf(**_: object) -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if swallowed:
                    raise
                swallowed.append("one")

    async def told_to_stop() -> bool:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, stop.set)
        working = asyncio.ensure_future(jobs.keep_working(stop))
        await asyncio.wait({working}, timeout=5)  # and not `wait_for`, which would stop it a second time itself
        return working.done()

    monkeypatch.setattr(jobs, "work", deaf)
    monkeypatch.setattr(jobs, "GRACE_SECONDS", 0.0)
    assert run(told_to_stop())
    assert swallowed == ["one"]


@pytest.mark.parametrize(("words", "said"), [((), f"{TODAY} newly late.\n"), (("--json",), f'"raised": {TODAY}}}\n')])
def test_going_round_once(late: None, words: tuple[str, ...], said: str) -> None:
    done = subprocess.run(
        [*LEEWARD, "work", "--once", *words], env=made_up(), capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith(said)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM procrastinate_jobs",
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'ring')",
        "DELETE FROM procrastinate_periodic_defers",
        "SELECT procrastinate_register_worker_v1()",
        "SELECT nextval('procrastinate_jobs_id_seq')",
    ],
)
def test_no_page_reaches_the_queue(world: Cast, sql: str) -> None:
    world.act_as("program_director")
    with (
        pytest.raises(Error, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def found() -> list[checkup.Finding]:
    return list(checkup._worker())


@contextmanager
def a_server_runs() -> Iterator[None]:
    """Afterwards it is gone: the database hears of that a moment later."""
    parameters = database.parameters("web")
    with psycopg.connect(**parameters, application_name=settings.SERVING) as server:  # type: ignore[arg-type]
        yield
        number = server.info.backend_pid
    for _ in range(200):
        with connections["admin"].cursor() as cursor:
            cursor.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [number])
            if not cursor.rowcount:
                return
        time.sleep(0.05)


def test_doctor_finds_a_server_without_a_worker(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SERVING", "a server of this test")  # the journeys have one of their own
    now = datetime.now(UTC)
    with connections["admin"].cursor() as cursor:
        cursor.execute("DELETE FROM people_round")  # of other tests
    assert found() == [], "before anything runs there is nothing to say"
    with a_server_runs():
        assert [(one.ok, "It never did" in one.mend) for one in found()] == [(False, True)]
        escalation.ring(now - timedelta(minutes=6))
        assert [one.ok for one in found()] == [False]
        escalation.ring(now)
        assert [one.ok for one in found()] == [True]
    with connections["admin"].cursor() as cursor:
        cursor.execute("UPDATE people_round SET ended_at = ended_at - interval '1 day'")
    assert [one.ok for one in found()] == [True], "where no page is served nobody waits for a worker"

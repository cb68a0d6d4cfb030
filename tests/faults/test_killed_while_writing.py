"""Killed at any moment, what was acknowledged is there, what was not is wholly there or not at all (O-03, T9).

The web server's process and the database's are killed in turns while people are being registered. Six kills in a run,
200 in `make test-full`.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from leeward.protect.seal import ledger

from ..cast import Cast
from ..people.committed import forget_clients
from ..protect.tampering import superuser

FULL = os.environ.get("LEEWARD_FULL") == "yes"
KILLS = 200 if FULL else 6
#: Of every client there must be one of each: all of them are one use case.
TOGETHER = ("people_careteammember", "people_vaultkey", "people_event", "people_identityfield", "protect_auditrecord")


class Writer:
    """The process that writes, and what the database acknowledged to it."""

    def __init__(self, token: str, staff: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer", token, staff],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        Thread(target=self._listen, daemon=True).start()

    def acknowledged(self, *, wait: float = 0) -> list[str]:
        """Ids that were acknowledged since the last question; waits until there is one, or fails."""
        found: list[str] = []
        try:
            while True:
                found.append(self._lines.get(timeout=wait if not found else 0.01))
        except Empty:
            assert found or not wait, "nothing was written"
            return found

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                self._lines.put(line.strip())


@pytest.fixture
def clean(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    monkeypatch.setattr(settings, "LEEWARD_CHECKPOINTS", [str(tmp_path / "one"), str(tmp_path / "two")])
    forget_clients()
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    yield cast
    connections.close_all()
    forget_clients()
    superuser("TRUNCATE protect_auditrecord, protect_auditseal")
    connections.close_all()


def kill_the_database() -> None:
    """Its process for this connection dies; the server then restarts all others and replays its log."""
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"], autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'leeward_web' AND datname = current_database()"
            " AND pid <> pg_backend_pid() ORDER BY state = 'active' DESC LIMIT 1"
        ).fetchone()
    assert found is not None, "the writer is not connected"
    os.kill(found[0], signal.SIGKILL)
    for _ in range(300):
        time.sleep(0.1)
        try:
            psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]).close()
            return
        except psycopg.OperationalError:
            continue
    pytest.fail("the database did not come back")


def half_done() -> list[str]:
    """Clients of whom something is missing, and rows of clients who are not there."""
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]) as connection:
        wrong: list[str] = []
        for table in TOGETHER:
            known = f"SELECT client_id FROM {table} WHERE client_id IS NOT NULL"
            lacking = f"SELECT id::text FROM people_client WHERE id NOT IN ({known})"
            orphans = f"SELECT client_id::text FROM {table} WHERE client_id NOT IN (SELECT id FROM people_client)"
            for sql in (lacking, orphans):
                wrong += [f"{table} {row[0]}" for row in connection.execute(sql).fetchall()]  # type: ignore[arg-type]
        return wrong


@pytest.mark.full
def test_o03_t9_what_was_acknowledged_survives_and_nothing_is_half_done(clean: Cast) -> None:
    if os.environ.get("LEEWARD_TEST_DATABASE_URL"):
        pytest.skip("SKIPPED: the database's processes are not on this machine")
    connections.close_all()
    chance = random.Random(9)
    token, staff = clean.tokens["case_manager"], str(clean.staff["case_manager"].pk)
    acknowledged: list[str] = []
    writer = Writer(token, staff)
    try:
        for kill in range(KILLS):
            acknowledged += writer.acknowledged(wait=90)
            time.sleep(chance.random() / 5)
            if kill % 2:
                writer.process.kill()
                writer.process.wait()
                time.sleep(0.1)
                acknowledged += writer.acknowledged()
                writer = Writer(token, staff)
            else:
                kill_the_database()
            acknowledged += writer.acknowledged()
    finally:
        writer.process.kill()
        writer.process.wait()
    time.sleep(0.2)
    acknowledged += writer.acknowledged()
    with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"]) as connection:
        there = {row[0] for row in connection.execute("SELECT id::text FROM people_client").fetchall()}
    assert len(acknowledged) >= KILLS
    assert set(acknowledged) - there == set()
    assert len(there) - len(set(acknowledged)) <= KILLS + 1, "at most what was in flight"
    assert half_done() == []
    ledger.seal_all()
    assert ledger.verify().is_sound

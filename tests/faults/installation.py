"""An installation whose processes may be killed: the database's server, two web servers, two job workers.

All are the real programs, started as an operator starts them, in a folder and a database of their own. A killed one is
started again at once; while a web server starts, the other serves.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from leeward.home import home
from leeward.platform import database

PATIENCE = 90.0


class Program:
    """One command of `leeward` in a process group of its own."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self.start()

    def start(self) -> None:
        with (home() / "programs.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "leeward.platform.cli", *self._command],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """No signal that could be caught, to it and to what it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def see_to(self) -> None:
        """Start it again if it ended because the database was away, as a service manager does."""
        if self._process.poll() is not None:
            self.start()


class WebServer(Program):
    """`leeward serve` on a port of its own."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        super().__init__("serve", "--port", str(self.port), "--workers", "1")

    def is_ready(self) -> bool:
        """Whether it answers pages out of the database."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=5)
        try:
            connection.request("GET", "/sign-in/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        except http.client.HTTPException:
            return False
        finally:
            connection.close()


class Installation:
    """Everything that runs. `LEEWARD_DATABASE_URL` names its database."""

    def __init__(self) -> None:
        self.web = [WebServer(), WebServer()]
        self.workers = [Program("work"), Program("work")]
        for server in self.web:
            self.wait_for(server)

    def wait_for(self, server: WebServer) -> None:
        end = time.monotonic() + PATIENCE
        while not server.is_ready():
            server.see_to()
            if time.monotonic() > end:
                raise TimeoutError("The web server does not answer.")
            time.sleep(0.1)

    def kill_database(self) -> None:
        """The postmaster and every process of its at once, as when the machine loses power."""
        first = psutil.Process(int((home() / "postgres" / "postmaster.pid").read_text().split()[0]))
        processes = [first, *first.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # it saw that the postmaster is gone
                process.kill()
        _gone, left = psutil.wait_procs(processes, timeout=10)
        if left:
            raise AssertionError(f"{len(left)} processes of the database are not dead.")

    def start_again(self) -> None:
        """Whatever is not running; the database comes first, and replays its log."""
        end = time.monotonic() + PATIENCE
        while True:
            with suppress(database.DatabaseUnavailable):  # on a busy disk it takes its time to come back
                database.start_embedded()
                break
            if time.monotonic() > end:
                raise TimeoutError("The database did not come back.")
        for program in (*self.web, *self.workers):
            program.see_to()

    def kill_web_server(self, number: int) -> None:
        """One of the two while the other serves; it starts again meanwhile."""
        self.wait_for(self.web[1 - number])
        self.wait_for(self.web[number])
        self.web[number].kill()

    def kill_worker(self, number: int, *, patience: float = 8.0) -> bool:
        """Whether it was in the middle of a transaction; waits for one, for so many seconds at most."""
        worker = self.workers[number]
        worker.see_to()
        found = self._in_a_transaction(worker, patience)
        worker.kill()
        return found

    def _in_a_transaction(self, worker: Program, patience: float) -> bool:
        """Waits until a connection of the worker role's is in the middle of writing."""
        end = time.monotonic() + patience
        with psycopg.connect(os.environ["LEEWARD_DATABASE_URL"], autocommit=True) as connection:
            while time.monotonic() < end:
                found = connection.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE usename = 'leeward_worker'"
                    " AND datname = current_database() AND backend_xid IS NOT NULL"
                ).fetchone()
                if found:
                    return True
                time.sleep(0.001)
        return False

    def stop(self) -> None:
        for program in (*self.web, *self.workers):
            program.kill()


@contextmanager
def running() -> Iterator[Installation]:
    """The installation, stopped at the end however it comes."""
    installation = Installation()
    try:
        yield installation
    finally:
        installation.stop()


def verify_by_command() -> subprocess.CompletedProcess[str]:
    """`leeward audit verify`, as an operator runs it."""
    return subprocess.run(
        [sys.executable, "-m", "leeward.platform.cli", "audit", "verify"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )

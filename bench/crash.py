"""Something is killed while forms are being posted: 200 times, the database, a web server or a job worker.

Everything is real: `leeward serve` twice, `leeward work` twice, the database's server, and people who register, record,
measure, give and take back permissions, refer, save drafts and look, over HTTP. After each kill what was killed is
started again, and then: every write that was answered is there, no use case is half done, the chain of the audit record
verifies. `tests/faults/` has the programs, the people and what must hold.
"""

import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from threading import Event
from time import monotonic, perf_counter, sleep

from measure import arguments, begin, finish, say

#: In memory where there is room: a killed process leaves what it wrote either way, and the disk is not what is tried.
MEMORY = Path("/dev/shm")  # noqa: S108
_has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 * 2**30
_home = tempfile.TemporaryDirectory(dir=MEMORY if _has_room else None, prefix="leeward-crash-")
os.environ["LEEWARD_TEST_HOME"] = f"{_home.name}/home"
os.environ["LEEWARD_DEMO"] = "yes"  # the embedded server serves no centre
os.environ["LEEWARD_CHECKPOINTS"] = f"{_home.name}/one,{_home.name}/two"

from world import fresh_database  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1]))

from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from leeward.people.models import Staff  # noqa: E402
from tests.cast import Cast, make_cast  # noqa: E402
from tests.faults import installation, whole  # noqa: E402
from tests.faults.at_work import Book, Browser, Desk, Worker  # noqa: E402
from tests.people.committed import read  # noqa: E402

#: In every ten kills.
TURNS = ("database", "web", "worker", "database", "web", "database", "web", "database", "worker", "web")
WAITS = 90.0


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many in all")
    parser.add_argument("--desks", type=int, default=3, help="how many people post forms at the same time")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which something is killed")
    options = parser.parse_args()
    report = begin(__file__, "django", "psycopg", "granian")
    with fresh_database():
        cast = make_cast()
        staff = Staff.objects.using("admin").select_related("agency").get(pk=cast.staff["case_manager"].pk)
        with installation.running() as programs:
            book, going = Book(), Event()
            chance = random.Random(options.seed)
            people = [Worker(_desk(cast, programs, chance), book, going) for _ in range(options.desks)]
            for one in people:
                one.start()
            try:
                kills = Kills(programs, book, going, people, staff, cast.tokens["case_manager"], chance)
                kills.run(options.kills)
            finally:
                for one in people:
                    one.stop()
            wrong = Counter(kills.wrong)
            wrong.update(kills.everything())
        said = installation.verify_by_command()
        if said.returncode != 0:
            wrong["the chain, by leeward audit verify"] += 1
            say(said.stdout + said.stderr)
    for what, count in kills.killed.items():
        report.note(f"kills of the {what}", count)
    report.note("of them a worker in the middle of writing", kills.in_the_middle)
    report.note("writes that were answered", book.total)
    report.note("writes that were sent and not answered", book.doubtful.total())
    report.note("records of the audit, all in the chain", kills.records)
    report.note("from one kill to the next, median", median(kills.seconds), "s")
    report.note("from a kill to the next answered write, median", median(kills.until_answered), "s")
    report.note("the longest", max(kills.until_answered), "s")
    report.note("all kills", sum(kills.seconds), "s")
    for kind in ("lost", "half", "chain"):
        found = sum(count for what, count in wrong.items() if what.startswith(kind))
        report.claim(PROMISES[kind], found, f"in {options.kills} kills")
    if os.environ.get("LEEWARD_TEST_DATABASE_URL"):
        say("LEEWARD_TEST_DATABASE_URL was not used: its processes may be on another machine.")
    finish(report, options.json)


PROMISES = {
    "lost": "answered writes that were not there, or rows that nobody sent",
    "half": "use cases that were half done",
    "chain": "faults of the chain of the audit record",
}


class Kills:
    """One kill after another, and what was wrong after each."""

    def __init__(
        self, programs: installation.Installation, book: Book, going: Event, people: list[Worker], staff: Staff,
        token: str, chance: random.Random,
    ) -> None:  # fmt: skip
        self._programs, self._book, self._going, self._people = programs, book, going, people
        self._staff, self._token, self._chance = staff, token, chance
        self.killed: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.seconds: list[float] = []
        self.until_answered: list[float] = []
        self.in_the_middle = 0
        self.records = 0

    def run(self, times: int) -> None:
        self._going.set()
        self._answered(self._book.total + 5)
        for number in range(times):
            began = perf_counter()
            what = TURNS[number % len(TURNS)]
            sleep(self._chance.random() * 0.3)
            self._kill(what)
            self.killed[what] += 1
            self._going.clear()
            self._programs.start_again()
            self._until(lambda: all(one.resting.is_set() for one in self._people))
            self._look_through()
            self._going.set()
            again = perf_counter()
            self._answered(self._book.total + len(self._people))
            self.until_answered.append(perf_counter() - again)
            self.seconds.append(perf_counter() - began)
            if (number + 1) % 20 == 0:
                say(f"  {number + 1} kills, {self._book.total} writes answered, {len(self.wrong)} things wrong,"
                    f" {sum(self.seconds):.0f} s")  # fmt: skip

    def everything(self) -> list[str]:
        """What is wrong at the end, of everybody and every draft, when nobody writes any more."""
        codes = [code for (code,) in read("SELECT code FROM people_client")]
        return [
            *(f"lost: {one}" for one in whole.lost(self._book)),
            *(f"lost: {one}" for one in whole.forgotten(self._book, self._book.drafts, self._staff, self._token)),
            *(f"half: {one}" for one in whole.halves()),
            *(f"half: {one}" for one in whole.unplanned(codes, self._token)),
            *self._chain(),
        ]

    def _kill(self, what: str) -> None:
        turn = self.killed[what] % 2
        if what == "database":
            connections.close_all()
            self._programs.kill_database()
        elif what == "web":
            self._programs.kill_web_server(turn)
        else:
            self.in_the_middle += self._programs.kill_worker(turn)

    def _look_through(self) -> None:
        fresh = set(self._book.fresh)
        self._book.fresh -= fresh
        places = [f"/p/{code}/plan/new/" for code in fresh if f"/p/{code}/plan/new/" in self._book.drafts]
        found = [
            *(f"lost: {one}" for one in whole.lost(self._book)),
            *(f"lost: {one}" for one in whole.forgotten(self._book, places, self._staff, self._token)),
            *(f"half: {one}" for one in whole.halves()),
            *(f"half: {one}" for one in whole.unplanned(fresh, self._token)),
            *self._chain(),
        ]
        for one in found:
            say(f"  {one}")
        self.wrong += found

    def _chain(self) -> list[str]:
        found = [f"chain: {one}" for one in whole.broken_chain()]
        ((self.records,),) = read("SELECT count(*) FROM protect_auditrecord")
        return found

    def _answered(self, so_many: int) -> None:
        self._until(lambda: self._book.total >= so_many)

    def _until(self, is_so: Callable[[], bool]) -> None:
        end = monotonic() + WAITS
        while not is_so():
            for one in self._people:
                if one.failure is not None:
                    raise one.failure
            if monotonic() > end:
                raise TimeoutError("Nobody is answered any more.")
            sleep(0.005)


def _desk(cast: Cast, programs: installation.Installation, chance: random.Random) -> Desk:
    return Desk(
        manager=Browser(programs.web, cast.sign_in("case_manager"), random.Random(chance.random())),
        partner=Browser(programs.web, cast.sign_in("shelter"), random.Random(chance.random())),
        staff=str(cast.staff["case_manager"].pk),
        shelter=str(cast.agencies["shelter"].pk),
        now=timezone.localtime(),
    )


if __name__ == "__main__":
    main()
